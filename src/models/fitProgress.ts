import * as valid from '../artifacts/validate.js'
import { type EpochProgress, epochProgressFields } from './epochProgress.js'

/** What learning a dictionary reports as it goes. */
export interface FitProgress extends EpochProgress {
  /** Mean active atoms a code. */
  readonly active: number
  readonly atomsInUse: number
  readonly atomsReplaced: number
}

/** Checks a report that a run's metrics hold. */
export const validFitProgress: valid.Validator<FitProgress> = valid.object({
  ...epochProgressFields,
  active: valid.number({ min: 0 }),
  atomsInUse: valid.whole({ min: 0 }),
  atomsReplaced: valid.whole({ min: 0 }),
})
