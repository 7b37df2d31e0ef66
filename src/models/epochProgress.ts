import type { Run } from '../artifacts/runFolder.js'
import * as valid from '../artifacts/validate.js'

/**
 * How learning ended: `finished` (its epochs, steps or seconds are over, or a callback or the held-out energy said so), `diverged` (the
 * energy falls without bound) or `nonFinite` (it is no number any more). In the last two cases the parameters are those before the step that failed; a run goes
 * back to its last checkpoint where they are worse than the first ones.
 */
export type LearningStatus = 'finished' | 'diverged' | 'nonFinite'

/** What learning in epochs reports as it goes, whatever the model. */
export interface EpochProgress {
  /** Whole passes done, and the part of the present one where the source's size is known. */
  readonly epoch: number
  readonly epochs?: number
  /** Steps of learning. */
  readonly step: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** Mean energy an observation over the batches since the last report, each before it moved the parameters. */
  readonly energy: number
  /** Mean energy an observation of the held-out data, at the end of an epoch. */
  readonly heldOutEnergy?: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

/** Where learning stands between two steps; with the numbers of what learns, all that a checkpoint needs. */
export interface EpochState<Progress> {
  /** Whole epochs done, batches done in the present one, and observations of the present batch learned from. */
  readonly epoch: number
  readonly batch: number
  readonly row: number
  readonly steps: number
  readonly seen: number
  readonly seconds: number
  /** What tells the data from other data of the same name; see `sourceMark`. */
  readonly mark: string
  /** The mean energy of the first step; what divergence is judged by. */
  readonly firstEnergy: number | null
  /** The best held-out energy, and the epochs since. */
  readonly best: number | null
  readonly waited: number
  /** Observations since the last report, and sums over them of what reports tell the means of. */
  readonly rows: number
  readonly sums: Readonly<Record<string, number>>
  /** Length of the metrics that belong to this state. */
  readonly metricsBytes: number
  readonly history: readonly Progress[]
}

/** Nothing learned yet. */
export const noEpochState: EpochState<never> = {
  epoch: 0,
  batch: 0,
  row: 0,
  steps: 0,
  seen: 0,
  seconds: 0,
  mark: '',
  firstEnergy: null,
  best: null,
  waited: 0,
  rows: 0,
  sums: {},
  metricsBytes: 0,
  history: [],
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** The fields of {@link EpochProgress}, for validators of what extends it. */
export const epochProgressFields = {
  epoch: amount,
  epochs: valid.optional(count),
  step: count,
  seen: count,
  energy: valid.number(),
  heldOutEnergy: valid.optional(valid.number()),
  seconds: amount,
  fraction: amount,
}

/** Checks the state of a checkpoint whose history holds such reports. */
export function validEpochState<Progress>(progress: valid.Validator<Progress>): valid.Validator<EpochState<Progress>> {
  return valid.object({
    epoch: count,
    batch: count,
    row: count,
    steps: count,
    seen: count,
    seconds: amount,
    mark: valid.text,
    firstEnergy: valid.nullable(valid.number()),
    best: valid.nullable(valid.number()),
    waited: count,
    rows: count,
    sums: valid.record(valid.number()),
    metricsBytes: count,
    history: valid.array(progress),
  })
}

/** What the metrics of a finished run say of its learning. Throws FileFormatError where they are damaged. */
export async function readLearning<Progress>(
  run: Run,
  progress: valid.Validator<Progress>,
): Promise<{ readonly history: readonly Progress[]; readonly status: LearningStatus }> {
  const history: Progress[] = []
  let status: LearningStatus = 'finished'
  for (const { event, ...metrics } of await run.readMetrics()) {
    if (event === 'progress') history.push(progress(metrics, `${run.store.path}/metrics.ndjson:`))
    if (event === 'end' && (metrics.status === 'diverged' || metrics.status === 'nonFinite')) status = metrics.status
  }
  return { history, status }
}
