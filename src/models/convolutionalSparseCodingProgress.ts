import * as valid from '../artifacts/validate.js'
import { type EpochProgress, epochProgressFields } from './epochProgress.js'

/** What learning kernels reports as it goes. At the end of a pass means are over the whole pass, between since the last report. */
export interface ConvolutionalProgress extends EpochProgress {
  /** Mean coefficients of a code that are not 0, and their mean share of all. */
  readonly active: number
  readonly activeShare: number
  /** Kernels with coefficients in the statistics of the last move. */
  readonly kernelsInUse: number
  /** Kernels replaced because no code used them, and because another was like them. */
  readonly deadReplaced: number
  readonly duplicatesReplaced: number
  /** Times that a kernel was moved back to its middle. */
  readonly centred: number
}

/** Checks a report that a run's metrics hold. */
export const validConvolutionalProgress: valid.Validator<ConvolutionalProgress> = valid.object({
  ...epochProgressFields,
  active: valid.number({ min: 0 }),
  activeShare: valid.number({ min: 0, max: 1 }),
  kernelsInUse: valid.whole({ min: 0 }),
  deadReplaced: valid.whole({ min: 0 }),
  duplicatesReplaced: valid.whole({ min: 0 }),
  centred: valid.whole({ min: 0 }),
})
