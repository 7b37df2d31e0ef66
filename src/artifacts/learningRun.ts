import { ConfigurationError } from '../tensor/errors.js'
import { type Checkpoint, loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.js'
import type { Metrics } from './metrics.js'
import type { Run, RunPlace } from './runFolder.js'
import type { Validator } from './validate.js'

const CHECKPOINT_SECONDS = 10

/** What {@link LearningRun} is made from. */
export interface LearningRunParts {
  readonly place: RunPlace
  readonly model: string
  readonly settings: object
  /** Seconds between checkpoints; 10 by default. */
  readonly checkpointSeconds?: number | undefined
}

/**
 * The run that learning writes. It comes into being with its first checkpoint or the finished model, and metrics wait until then:
 * learning that fails or is killed before, or finds no space for that, leaves its place as it was, with the run that it was to overwrite.
 */
export class LearningRun {
  private run: Run | undefined
  private waiting: Metrics[] = []
  /** Bytes of the metrics that belong to the checkpoint that learning goes on from. */
  private bytes = 0
  private lastCheckpoint = performance.now()

  /** Throws {@link ConfigurationError} where the place holds a finished run, which cannot be resumed; nothing is written. */
  constructor(private readonly parts: LearningRunParts) {
    const { state, store } = parts.place
    if (state === 'finished') {
      throw new ConfigurationError(
        `${store.path} holds a finished run, which leaves nothing to resume; pass --overwrite to replace it, or choose another folder.`,
      )
    }
  }

  /** The checkpoint of a run that is to be resumed, where it has one. Throws what `loadCheckpoint` throws; nothing is written. */
  async resumed<S extends { readonly metricsBytes: number }>(
    validate: Validator<S>,
  ): Promise<Checkpoint<S> | undefined> {
    const { place, settings } = this.parts
    if (place.state !== 'unfinished') return undefined
    const checkpoint = await loadCheckpoint(place.store, settings, validate)
    this.bytes = checkpoint?.state.metricsBytes ?? 0
    return checkpoint
  }

  /** The last checkpoint of this run, where one was saved; the metrics since then are taken back. */
  async kept<S extends { readonly metricsBytes: number }>(validate: Validator<S>): Promise<Checkpoint<S> | undefined> {
    const { place, settings } = this.parts
    if (!this.run && place.state !== 'unfinished') return undefined
    const checkpoint = await loadCheckpoint(place.store, settings, validate)
    this.waiting = []
    this.bytes = checkpoint?.state.metricsBytes ?? 0
    await this.run?.cutMetrics(this.bytes)
    return checkpoint
  }

  /** Adds a line to the metrics, on disk once the run is there. */
  async append(metrics: Metrics): Promise<void> {
    if (this.run) await this.run.appendMetrics(metrics)
    else this.waiting.push(metrics)
  }

  /** Saves a checkpoint `now`, or if it is time for one. Only what has learned something may be kept. */
  async checkpoint(now: boolean, make: (metricsBytes: number) => Checkpoint<unknown>): Promise<void> {
    const { settings, checkpointSeconds = CHECKPOINT_SECONDS } = this.parts
    if (!now && performance.now() - this.lastCheckpoint < checkpointSeconds * 1000) return
    await this.save(async (run) => saveCheckpoint(run.store, settings, make(await run.metricsBytes())))
    this.lastCheckpoint = performance.now()
  }

  /** Saves the model and ends the run. */
  async finish(save: (run: Run) => Promise<void>): Promise<void> {
    await this.save(save)
    await removeCheckpoint(this.parts.place.store)
  }

  /** Saves into the run; into a new one together with its metrics so far, all at once. */
  private async save(what: (run: Run) => Promise<void>): Promise<void> {
    if (this.run) return what(this.run)
    const { place, model, settings } = this.parts
    this.run = await place.begin(model, settings, async (run) => {
      await run.cutMetrics(this.bytes)
      for (const metrics of this.waiting) await run.appendMetrics(metrics)
      await what(run)
    })
    this.waiting = []
  }
}
