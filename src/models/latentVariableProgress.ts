import * as valid from '../artifacts/validate.js'
import { type EpochProgress, epochProgressFields } from './epochProgress.js'

/** What learning reports as it goes. */
export interface LatentVariableProgress extends EpochProgress {
  /** The energy's terms: C, λR and γD. */
  readonly cost: number
  readonly regularizer: number
  readonly encoder: number
  /** Mean steps of inference a code; 0 where it is amortized. */
  readonly inferenceSteps: number
  /** ‖gradient‖ over all parameters in the last step. */
  readonly gradientNorm: number
}

/** Checks a report that a run's metrics hold. */
export const validLatentVariableProgress: valid.Validator<LatentVariableProgress> = valid.object({
  ...epochProgressFields,
  cost: valid.number(),
  regularizer: valid.number(),
  encoder: valid.number(),
  inferenceSteps: valid.number({ min: 0 }),
  gradientNorm: valid.number({ min: 0 }),
})
