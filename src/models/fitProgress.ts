import * as valid from '../artifacts/validate.js'

/** What learning reports as it goes. */
export interface FitProgress {
  /** Whole passes done, and the part of the present one where the source's size is known. */
  readonly epoch: number
  readonly epochs?: number
  /** Steps of learning. */
  readonly step: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** Mean energy an observation over the batches since the last report, each before it moved the dictionary. */
  readonly energy: number
  /** Mean energy an observation of the held-out data, at the end of an epoch. */
  readonly heldOutEnergy?: number
  /** Mean active atoms a code. */
  readonly active: number
  readonly atomsInUse: number
  readonly atomsReplaced: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

/** Where learning stands between two batches; with the learner's numbers, all that a checkpoint needs. */
export interface ProgressState {
  /** Whole epochs done, batches done in the present one, and observations of the present batch learned from. */
  readonly epoch: number
  readonly batch: number
  readonly row: number
  /** Seconds of learning so far. */
  readonly seconds: number
  /** The best held-out energy, and the epochs since. */
  readonly best: number | null
  readonly waited: number
  /** Length of the metrics that belong to this state. */
  readonly metricsBytes: number
  readonly learner: { readonly steps: number; readonly seen: number; readonly replaced: number }
  readonly history: readonly FitProgress[]
}

/** Nothing learned yet. */
export function progressState(): ProgressState {
  return {
    epoch: 0,
    batch: 0,
    row: 0,
    seconds: 0,
    best: null,
    waited: 0,
    metricsBytes: 0,
    learner: { steps: 0, seen: 0, replaced: 0 },
    history: [],
  }
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

const fitProgress = valid.object({
  epoch: amount,
  epochs: valid.optional(count),
  step: count,
  seen: count,
  energy: valid.number(),
  heldOutEnergy: valid.optional(valid.number()),
  active: amount,
  atomsInUse: count,
  atomsReplaced: count,
  seconds: amount,
  fraction: amount,
})

/** Checks the state of a checkpoint. */
export const validProgressState: valid.Validator<ProgressState> = valid.object({
  epoch: count,
  batch: count,
  row: count,
  seconds: amount,
  best: valid.nullable(valid.number()),
  waited: count,
  metricsBytes: count,
  learner: valid.object({ steps: count, seen: count, replaced: count }),
  history: valid.array(fitProgress),
})

/** Checks the history that a run's metrics hold. */
export const validProgress: valid.Validator<FitProgress> = fitProgress
