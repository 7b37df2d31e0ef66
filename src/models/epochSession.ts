import type { Checkpoint } from '../artifacts/checkpoint.js'
import { LearningRun } from '../artifacts/learningRun.js'
import type { Run, RunPlace } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import type { Validator } from '../artifacts/validate.js'
import type { Runtime } from '../runtime/runtime.js'
import { CancelledError, ConvergenceError, DataError, FileFormatError } from '../tensor/errors.js'
import { namedError } from '../tensor/namedError.js'
import type { OptionNames } from '../tensor/options.js'
import type { BatchSource, EpochLearner, EpochStep } from './epochLearner.js'
import {
  type EpochProgress,
  type EpochState,
  type LearningStatus,
  noEpochState,
  validEpochState,
} from './epochProgress.js'
import { sourceMark } from './sourceMark.js'

/** How long to learn, who is told, and where a run is kept. */
export interface LearningOptions<Progress> {
  /** Stops after this many seconds of learning. */
  readonly seconds?: number
  /** Called a few times a second and after each epoch; learning stops after the present batch where it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a result is as welcome as one with a verdict
  readonly onProgress?: (progress: Progress) => boolean | void
  /** Stops learning; with a run, a checkpoint is left and CancelledError thrown. */
  readonly signal?: AbortSignal
  /** A folder (or store) that receives metrics, checkpoints and the finished model. */
  readonly run?: string | Store
  readonly overwrite?: boolean
  readonly resume?: boolean
  /** Seconds between checkpoints; 10 by default. */
  readonly checkpointSeconds?: number
}

/** Options of models that learn in epochs. */
export interface EpochFitOptions<Progress, Data> extends LearningOptions<Progress> {
  /** Passes through the data; 10 by default, unlimited where `seconds` is given. */
  readonly epochs?: number
  /** Data that is not learned from; its energy is measured after each epoch. */
  readonly heldOut?: Data
  /** Epochs without an improvement of the held-out energy by 0.01 % after which learning stops. */
  readonly patience?: number
}

/** The names of {@link LearningOptions}. */
export const learningOptions: OptionNames<LearningOptions<never>> = {
  seconds: true,
  onProgress: true,
  signal: true,
  run: true,
  overwrite: true,
  resume: true,
  checkpointSeconds: true,
}

/** The names of {@link EpochFitOptions}. */
export const epochFitOptions: OptionNames<EpochFitOptions<never, never>> = {
  epochs: true,
  ...learningOptions,
  heldOut: true,
  patience: true,
}

/** What a session is made from. */
export interface EpochParts<Batch, Progress, Term extends string, Measured extends object> {
  /** The name of the model, as `config.json` has it. */
  readonly model: string
  readonly settings: { readonly batchSize: number; readonly seed: number }
  readonly fit: LearningOptions<Progress> & { readonly epochs?: number; readonly patience?: number }
  /** Where the run is to be. */
  readonly place: RunPlace | undefined
  /** What runs the graphs, for the metrics. */
  readonly machine?: Runtime
  readonly learner: EpochLearner<Batch, Term>
  /** What steps report beside the energy. */
  readonly terms: readonly Term[]
  /** A report from what all models tell and the means of terms; `measured` where held-out data has just been measured. */
  readonly report: (common: EpochProgress, means: Readonly<Record<Term, number>>, measured?: Measured) => Progress
  readonly validProgress: Validator<Progress>
  /** Measures held-out data: `heldOutEnergy` is what patience goes by. */
  readonly evaluate?: ((signal: AbortSignal | undefined) => Promise<Measured | undefined>) | undefined
  /** Where steps are counted instead of epochs: how many. Held-out data is then measured at each tenth of the way. */
  readonly steps?: number
  /** Where the first step fails and a run would hold nothing: why, and what to do about it. */
  readonly nothingLearned?: (status: LearningStatus) => { readonly cause: string; readonly advice: string }
  /** Whether batches may share memory from one to the next. */
  readonly reuse?: boolean
}

const REPORT_SECONDS = 0.25
const IMPROVEMENT = 1e-4
const TENTHS = 10
const EPOCHS = 10
const NO_NUMBER = {
  cause: 'The energy, or its gradient, is no finite number',
  advice: 'Lower the learning rate, or look for values in the data that are far too large.',
}

/**
 * One call of fit: the loop over epochs and batches with its reports, checkpoints and reasons to stop. `restore`, then `learn`, then
 * `finish`; what learns is the caller's, to be disposed of whatever happens.
 */
export class EpochSession<
  Batch,
  Progress extends object,
  Term extends string,
  Measured extends object = { readonly heldOutEnergy: number },
> {
  status: LearningStatus = 'finished'
  private state: EpochState<Progress> = noEpochState
  private readonly run: LearningRun | undefined
  private readonly epochs: number
  private readonly stepLimit: number
  private begun = performance.now()
  private lastReport = 0
  /** What the last report told. */
  private means: Record<string, number>
  /** The epoch in which this call begins. */
  private firstEpoch = 0
  private stopped = false
  /** Whether steps have led to parameters at which the energy is no number, or higher than it was at first. */
  private lost = false

  /** Throws ConfigurationError where the place holds a finished run, which cannot be resumed. */
  constructor(private readonly parts: EpochParts<Batch, Progress, Term, Measured>) {
    const { place, model, settings, fit, steps, terms } = parts
    const { checkpointSeconds, epochs, seconds } = fit
    this.run = place && new LearningRun({ place, model, settings, checkpointSeconds })
    const limited = steps !== undefined || seconds !== undefined
    this.epochs = epochs ?? (limited ? Number.POSITIVE_INFINITY : EPOCHS)
    this.stepLimit = steps ?? Number.POSITIVE_INFINITY
    this.means = Object.fromEntries(['energy', ...terms].map((name) => [name, 0]))
  }

  get history(): readonly Progress[] {
    return this.state.history
  }

  /** Takes up the checkpoint of a run that is to be resumed; nothing is written yet. */
  async restore(): Promise<void> {
    const { place, machine } = this.parts
    if (!this.run || !place) return
    const checkpoint = await this.run.resumed(this.validState)
    if (machine) {
      const { name, version, device, threads, note } = machine
      await this.run.append({ event: 'runtime', name, version, device, threads, ...(note ? { note } : {}) })
    }
    if (!checkpoint) return
    const { state } = checkpoint
    this.takeUp(checkpoint)
    this.firstEpoch = state.epoch
    this.begun = performance.now() - state.seconds * 1000
    for (const [name, value] of Object.entries<number>({ ...state.history.at(-1) })) {
      if (name in this.means) this.means[name] = value
    }
  }

  /**
   * Learns until a reason to stop. Where steps have led to energies that are no numbers, or to ones above the first, a run goes back to its checkpoint. Throws ConvergenceError where
   * there is none, or the first step fails: a run would hold nothing that was learned.
   */
  async learn(source: BatchSource<Batch>): Promise<void> {
    const { settings, reuse = false } = this.parts
    const { batchSize, seed } = settings
    if (this.state.mark !== '') await this.checkSource(source)
    while (!this.done) {
      const { epoch, batch: skip } = this.state
      for await (const batch of source.batches({ batchSize, seed, epoch, skip, reuse })) {
        if (this.state.mark === '') this.state = { ...this.state, mark: sourceMark(source, batch) }
        await this.learnBatch(batch, source)
        if (this.done) break
      }
      if (this.done) break
      if (this.state.batch === 0) throw new DataError(`${source.name} holds no observations to learn from.`)
      await this.endEpoch()
    }
    if (this.state.rows > 0 && !this.lost) await this.report(source, undefined)
    await this.keepWhatIsGood()
  }

  /** Throws {@link FileFormatError} where a run that is resumed was begun with other data. */
  private async checkSource(source: BatchSource<Batch>): Promise<void> {
    const { settings, place } = this.parts
    let mark = ''
    for await (const batch of source.batches({ batchSize: settings.batchSize, seed: settings.seed, epoch: 0 })) {
      mark = sourceMark(source, batch)
      break
    }
    if (mark === this.state.mark) return
    throw new FileFormatError(
      `The run in ${place?.store.path} was begun with other data, also called ${source.name}, or another mask; resume with those, or pass --overwrite to start anew.`,
    )
  }

  /** Ends the run with the model that was learned. */
  async finish(save: (run: Run) => Promise<void>): Promise<void> {
    await this.run?.append({ event: 'end', status: this.status })
    await this.run?.finish(save)
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  private get done(): boolean {
    return this.stopped || this.state.epoch >= this.epochs || this.state.steps >= this.stepLimit
  }

  private get outOfTime(): boolean {
    const { signal, seconds } = this.parts.fit
    if (signal?.aborted) return true
    return seconds !== undefined && this.parts.learner.steps > 0 && this.seconds >= seconds
  }

  private async learnBatch(batch: Batch, source: BatchSource<Batch>): Promise<void> {
    try {
      for (let more = true; more && !this.done; ) more = await this.step(batch, source)
    } catch (error) {
      throw error instanceof DataError ? namedError(error, source.name) : error
    }
  }

  /** One step and what follows it; gives whether the batch holds more. */
  private async step(batch: Batch, source: BatchSource<Batch>): Promise<boolean> {
    const { learner, fit } = this.parts
    const { row, firstEnergy } = this.state
    const learned = await this.orCancelled(
      learner.learn(batch, {
        row,
        firstEnergy,
        fresh: this.state.epoch === this.firstEpoch,
        signal: fit.signal,
        outOfTime: () => this.outOfTime,
      }),
    )
    if (learned?.status === 'ok') await this.afterStep(learned, source)
    else if (learned) {
      this.status = learned.status
      this.lost = learner.overshoots && learned.status === 'nonFinite' && !(learned.energy <= (firstEnergy ?? 0))
    }
    if (fit.signal?.aborted) await this.cancelled()
    if (learned?.status !== 'ok' || this.outOfTime) this.stopped = true
    else await this.checkpoint(false)
    return learned?.more ?? false
  }

  private async afterStep(learned: EpochStep<Term>, source: BatchSource<Batch>): Promise<void> {
    const { rows, energy, terms, more = false } = learned
    const { batch, row, seen, firstEnergy, sums } = this.state
    const added = Object.entries<number>({ energy, ...terms })
    this.state = {
      ...this.state,
      ...(more ? { row: row + rows } : { batch: batch + 1, row: 0 }),
      steps: this.parts.learner.steps,
      seen: seen + rows,
      firstEnergy: firstEnergy ?? energy,
      rows: this.state.rows + rows,
      sums: Object.fromEntries(added.map(([name, mean]) => [name, (sums[name] ?? 0) + mean * rows])),
    }
    const measured = this.atTenth ? await this.measure() : undefined
    if (measured || this.seconds - this.lastReport >= REPORT_SECONDS) await this.report(source, measured)
  }

  private async endEpoch(): Promise<void> {
    const next = { epoch: this.state.epoch + 1, batch: 0, row: 0 }
    if (this.parts.steps !== undefined) {
      this.state = { ...this.state, ...next }
      return
    }
    const measured = await this.measure()
    this.state = { ...this.state, ...next }
    this.judge(measured)
    await this.report(undefined, measured)
    await this.checkpoint(false)
  }

  /** Where steps are counted: whether a tenth of them has just been completed. */
  private get atTenth(): boolean {
    const { steps } = this.parts
    if (steps === undefined) return false
    return this.state.steps % Math.max(1, Math.floor(steps / TENTHS)) === 0 || this.state.steps === steps
  }

  private measure(): Promise<Measured | undefined> {
    const { evaluate, fit } = this.parts
    return evaluate ? this.orCancelled(evaluate(fit.signal)) : Promise.resolve(undefined)
  }

  /** Early stopping on the held-out energy. */
  private judge(measured: { readonly heldOutEnergy?: number } | undefined): void {
    const energy = measured?.heldOutEnergy
    if (energy === undefined) return
    const { best, waited } = this.state
    const better = best === null || energy < best - IMPROVEMENT * Math.abs(best)
    this.state = { ...this.state, best: better ? energy : best, waited: better ? 0 : waited + 1 }
    const { patience } = this.parts.fit
    if (patience !== undefined && this.state.waited >= patience) this.stopped = true
  }

  /** Tells how far learning has come; `within` a source where an epoch is under way. */
  private async report(within: BatchSource<Batch> | undefined, measured: Measured | undefined): Promise<void> {
    const { fit, settings, report, steps } = this.parts
    const { epoch, batch, row, rows, sums } = this.state
    const part = within?.count ? Math.min(1, (batch * settings.batchSize + row) / within.count) : 0
    const byTime = fit.seconds === undefined ? 0 : this.seconds / fit.seconds
    const bySteps = steps === undefined ? 0 : this.state.steps / steps
    for (const [name, sum] of Object.entries(sums)) this.means[name] = sum / rows
    const { energy, ...means } = this.means
    const common = {
      epoch: epoch + part,
      ...(Number.isFinite(this.epochs) ? { epochs: this.epochs } : {}),
      step: this.state.steps,
      seen: this.state.seen,
      energy,
      seconds: this.seconds,
      fraction: Math.min(1, Math.max((epoch + part) / this.epochs, byTime, bySteps)),
    }
    const progress = report(common, means as Record<Term, number>, measured) // made of the names in `terms`
    this.lastReport = this.seconds
    this.state = { ...this.state, rows: 0, sums: {}, history: [...this.state.history, progress] }
    await this.run?.append({ event: 'progress', ...progress })
    if (fit.onProgress?.(progress) === false) this.stopped = true
  }

  private async keepWhatIsGood(): Promise<void> {
    const { steps } = this.state
    if (!this.run || this.status === 'finished' || (steps > 0 && !this.lost)) return
    const checkpoint = steps > 0 ? await this.run.kept(this.validState) : undefined
    if (checkpoint && checkpoint.state.steps < steps) return this.takeUp(checkpoint)
    const { cause, advice } = this.parts.nothingLearned?.(this.status) ?? NO_NUMBER
    const when = steps === 0 ? 'from the first batch on' : `after ${steps} ${steps === 1 ? 'step' : 'steps'}`
    const left = checkpoint ? 'the run cannot be finished' : 'no run is written'
    throw new ConvergenceError(`${cause} ${when}: nothing was learned, and ${left}. ${advice}`)
  }

  private get validState(): Validator<EpochState<Progress>> {
    return validEpochState(this.parts.validProgress)
  }

  /** Goes on from a checkpoint. */
  private takeUp({ state, tensors }: Checkpoint<EpochState<Progress>>): void {
    this.parts.learner.restore(tensors, state, `${this.parts.place?.store.path}/checkpoint.safetensors:`)
    this.state = state
  }

  /** What work gives; where it is cancelled half way, learning is left where it was before. */
  private async orCancelled<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof CancelledError) await this.cancelled()
      throw error
    }
  }

  private async cancelled(): Promise<never> {
    await this.checkpoint(true)
    throw new CancelledError(
      `Learning was stopped after ${this.state.seen} observations.${this.run && this.state.steps > 0 ? ' Its checkpoint is kept; go on with resume.' : ''}`,
    )
  }

  private async checkpoint(now: boolean): Promise<void> {
    if (this.state.steps === 0) return
    await this.run?.checkpoint(now, (metricsBytes) => {
      this.state = { ...this.state, seconds: this.seconds, metricsBytes }
      return { state: this.state, tensors: this.parts.learner.state() }
    })
  }
}
