import * as valid from '../artifacts/validate.js'

/** What learning reports as it goes. Terms are means an observation over the batches since the last report, in nats. */
export interface VariationalProgress {
  /** Whole passes done, and the part of the present one where the source's size is known. */
  readonly epoch: number
  readonly epochs?: number
  /** Steps of learning. */
  readonly step: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** What is minimized: reconstruction + β(spring + size), each term times its strength. */
  readonly energy: number
  /** −log p(y | z) at a sampled z. */
  readonly reconstruction: number
  /** ½‖z̄‖² and ½Σ(σ² − 1 − log σ²), without their strengths; together the KL term. */
  readonly spring: number
  readonly size: number
  /** √mean ‖z̄‖²: how far from the origin codes lie. */
  readonly meanNorm: number
  /** The energy of the held-out data, at the end of an epoch. */
  readonly heldOutEnergy?: number
  /** ‖gradient‖ over all parameters in the last step. */
  readonly gradientNorm: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

/** Where learning stands between two batches; with the parameters and the optimizer's state, all that a checkpoint needs. */
export interface VariationalState {
  /** Whole epochs done, and batches done in the present one. */
  readonly epoch: number
  readonly batch: number
  readonly steps: number
  readonly seen: number
  readonly seconds: number
  /** The best held-out energy, and the epochs since. */
  readonly best: number | null
  readonly waited: number
  readonly metricsBytes: number
  readonly history: readonly VariationalProgress[]
}

/** Nothing learned yet. */
export const noVariationalState: VariationalState = {
  epoch: 0,
  batch: 0,
  steps: 0,
  seen: 0,
  seconds: 0,
  best: null,
  waited: 0,
  metricsBytes: 0,
  history: [],
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** Checks a report that a run's metrics hold. */
export const validVariationalProgress: valid.Validator<VariationalProgress> = valid.object({
  epoch: amount,
  epochs: valid.optional(count),
  step: count,
  seen: count,
  energy: valid.number(),
  reconstruction: valid.number(),
  spring: valid.number(),
  size: valid.number(),
  meanNorm: amount,
  heldOutEnergy: valid.optional(valid.number()),
  gradientNorm: amount,
  seconds: amount,
  fraction: amount,
})

/** Checks the state of a checkpoint. */
export const validVariationalState: valid.Validator<VariationalState> = valid.object({
  epoch: count,
  batch: count,
  steps: count,
  seen: count,
  seconds: amount,
  best: valid.nullable(valid.number()),
  waited: count,
  metricsBytes: count,
  history: valid.array(validVariationalProgress),
})
