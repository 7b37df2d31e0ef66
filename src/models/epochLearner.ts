import type { StoredTensor } from '../artifacts/safetensors.js'
import type { Pass } from '../data/observations.js'
import type { EpochState } from './epochProgress.js'

/** What learning walks through, in batches. */
export interface BatchSource<Batch> {
  readonly name: string
  readonly count?: number | undefined
  batches(pass: Pass): AsyncIterable<Batch>
  /** What of a batch is data, by which it is known again; all of it by default. */
  numbers?(batch: Batch): unknown
}

/** What is known where a step begins. */
export interface StepContext {
  /** Observations of the batch that earlier steps learned from; the step begins there. */
  readonly row: number
  /** The mean energy of the first step ever, where there has been one. */
  readonly firstEnergy: number | null
  /** Whether this call of fit has not seen these observations before. */
  readonly fresh: boolean
  readonly signal: AbortSignal | undefined
  /** Whether learning was cancelled, or its seconds are over and something has been learned. */
  outOfTime(): boolean
}

/** What one step taught; means over its observations, before the parameters moved. */
export interface EpochStep<Term extends string> {
  /** Anything but `ok` means that the parameters were left as they were, and ends learning. */
  readonly status: 'ok' | 'diverged' | 'nonFinite'
  /** Observations learned from. */
  readonly rows: number
  readonly energy: number
  readonly terms: Readonly<Record<Term, number>>
  /** Whether the batch holds more observations, which the next step is given. */
  readonly more?: boolean
}

/** What learns: steps and the numbers that they move. */
export interface EpochLearner<Batch, Term extends string> {
  /** Steps taken, those before a resume included. */
  readonly steps: number
  /** Whether a step can be too long, so that energies at the parameters that it leads to are no numbers. */
  readonly overshoots: boolean
  /** One step; undefined where it was out of time and left everything as it was. Throws CancelledError where the signal fires. */
  learn(batch: Batch, context: StepContext): Promise<EpochStep<Term> | undefined>
  /** Everything that the next step depends on, `steps` apart. */
  state(): Readonly<Record<string, StoredTensor>>
  /** Goes on from a state. Throws FileFormatError, with the file's name, where its tensors do not fit. */
  restore(tensors: Readonly<Record<string, StoredTensor>>, state: EpochState<unknown>, file: string): void
}
