import * as valid from '../artifacts/validate.js'

/** What learning a classifier reports as it goes. */
export interface ClassifierProgress {
  /** Steps of learning, and how many there will be. */
  readonly step: number
  readonly steps: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** The mean loss an observation since the last report, each batch before it moved the parameters: cost + ½μ‖W‖². */
  readonly loss: number
  /** Of it, the mean −log p of the right class. */
  readonly cost: number
  readonly gradientNorm: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** Checks a report that a run's metrics hold. */
export const validClassifierProgress: valid.Validator<ClassifierProgress> = valid.object({
  step: count,
  steps: count,
  seen: count,
  loss: valid.number(),
  cost: valid.number(),
  gradientNorm: amount,
  seconds: amount,
  fraction: amount,
})
