import * as valid from '../artifacts/validate.js'

/** What learning a convolutional auto-encoder reports as it goes. */
export interface AutoEncoderProgress {
  /** Steps of learning, and how many there will be. */
  readonly step: number
  readonly steps: number
  /** Crops learned from, repetitions counted. */
  readonly seen: number
  /** The mean energy a crop since the last report, each batch before it moved the parameters, and its terms. */
  readonly energy: number
  readonly cost: number
  readonly regularizer: number
  readonly encoder: number
  /** Mean coefficients of a code that are not 0, and their share of all. */
  readonly active: number
  readonly activeShare: number
  /** Mean energy of held-out crops, at every tenth of the way. */
  readonly heldOutEnergy?: number
  /** Kernels that began anew because no code used them. */
  readonly deadReplaced: number
  readonly gradientNorm: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** Checks a report that a run's metrics hold. */
export const validAutoEncoderProgress: valid.Validator<AutoEncoderProgress> = valid.object({
  step: count,
  steps: count,
  seen: count,
  energy: valid.number(),
  cost: valid.number(),
  regularizer: valid.number(),
  encoder: valid.number(),
  active: amount,
  activeShare: valid.number({ min: 0, max: 1 }),
  heldOutEnergy: valid.optional(valid.number()),
  deadReplaced: count,
  gradientNorm: amount,
  seconds: amount,
  fraction: amount,
})
