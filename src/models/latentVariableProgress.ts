import * as valid from '../artifacts/validate.js'

/**
 * How learning ended: `finished` (its epochs or seconds are over, or a callback or the held-out energy said so), `diverged` (the
 * energy falls without bound) or `nonFinite` (it is no number any more). In the last two cases the parameters are the last good ones.
 */
export type LearningStatus = 'finished' | 'diverged' | 'nonFinite'

/** What learning reports as it goes. */
export interface LatentVariableProgress {
  /** Whole passes done, and the part of the present one where the source's size is known. */
  readonly epoch: number
  readonly epochs?: number
  /** Steps of learning. */
  readonly step: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** Mean energy an observation over the batches since the last report, each before it moved the parameters. */
  readonly energy: number
  /** Its terms: C, λR and γD. */
  readonly cost: number
  readonly regularizer: number
  readonly encoder: number
  /** Mean energy an observation of the held-out data, codes inferred, at the end of an epoch. */
  readonly heldOutEnergy?: number
  /** Mean steps of inference a code; 0 where it is amortized. */
  readonly inferenceSteps: number
  /** ‖gradient‖ over all parameters in the last step. */
  readonly gradientNorm: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

/** Where learning stands between two batches; with the parameters and the optimizer's state, all that a checkpoint needs. */
export interface LatentVariableState {
  /** Whole epochs done, and batches done in the present one. */
  readonly epoch: number
  readonly batch: number
  readonly steps: number
  readonly seen: number
  readonly seconds: number
  /** The mean energy of the first batch; what divergence is judged by. */
  readonly firstEnergy: number | null
  /** The best held-out energy, and the epochs since. */
  readonly best: number | null
  readonly waited: number
  readonly metricsBytes: number
  readonly history: readonly LatentVariableProgress[]
}

/** Nothing learned yet. */
export const noState: LatentVariableState = {
  epoch: 0,
  batch: 0,
  steps: 0,
  seen: 0,
  seconds: 0,
  firstEnergy: null,
  best: null,
  waited: 0,
  metricsBytes: 0,
  history: [],
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** Checks a report that a run's metrics hold. */
export const validLatentVariableProgress: valid.Validator<LatentVariableProgress> = valid.object({
  epoch: amount,
  epochs: valid.optional(count),
  step: count,
  seen: count,
  energy: valid.number(),
  cost: valid.number(),
  regularizer: valid.number(),
  encoder: valid.number(),
  heldOutEnergy: valid.optional(valid.number()),
  inferenceSteps: amount,
  gradientNorm: amount,
  seconds: amount,
  fraction: amount,
})

/** Checks the state of a checkpoint. */
export const validLatentVariableState: valid.Validator<LatentVariableState> = valid.object({
  epoch: count,
  batch: count,
  steps: count,
  seen: count,
  seconds: amount,
  firstEnergy: valid.nullable(valid.number()),
  best: valid.nullable(valid.number()),
  waited: count,
  metricsBytes: count,
  history: valid.array(validLatentVariableProgress),
})
