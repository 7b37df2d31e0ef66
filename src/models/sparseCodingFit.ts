import { LearningRun } from '../artifacts/learningRun.js'
import { createRun, type RunPlace } from '../artifacts/runFolder.js'
import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import type { Store } from '../artifacts/store.js'
import { tensorReference } from '../artifacts/validate.js'
import type { Observations } from '../data/observations.js'
import { sharedEngine } from '../kernels/engine.js'
import { turn } from '../kernels/turn.js'
import { DictionaryLearner, type LearnerState } from '../learning/dictionaryLearner.js'
import { pipeline } from '../preprocess/pipeline.js'
import { preprocessed } from '../preprocess/preprocessed.js'
import { CancelledError, DataError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { type FitProgress, type ProgressState, progressState, validProgressState } from './fitProgress.js'
import type { ResolvedOptions, SparseCodingData } from './sparseCoding.js'
import { type SparseCodingModel, sparseCodingModel } from './sparseCodingModel.js'
import type { SparseCodingSettings } from './sparseCodingSettings.js'
import { checkBudget, describeRun, heldOutBatch, trainingObservations } from './trainingData.js'

export interface FitOptions {
  /** Passes through the data; 10 by default, unlimited where `seconds` is given. */
  readonly epochs?: number
  /** Stops after this many seconds of learning. */
  readonly seconds?: number
  /** Called a few times a second and after each epoch; learning stops after the present batch where it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a result is as welcome as one with a verdict
  readonly onProgress?: (progress: FitProgress) => boolean | void
  /** Stops learning; with a run, a checkpoint is left and CancelledError thrown. */
  readonly signal?: AbortSignal
  /** Data that is not learned from; its energy is measured after each epoch. */
  readonly heldOut?: Tensor | Observations
  /** Epochs without an improvement of the held-out energy by 0.01 % after which learning stops. */
  readonly patience?: number
  /** A folder (or store) that receives metrics, checkpoints and the finished model. */
  readonly run?: string | Store
  readonly overwrite?: boolean
  readonly resume?: boolean
  /** Seconds between checkpoints; 10 by default. */
  readonly checkpointSeconds?: number
}

/** Observations of a batch that first atoms are drawn from, at least. */
const FIRST_SAMPLE = 4096
const FIRST_ROWS = 128
const GROWTH = 1.05
const REPORT_SECONDS = 0.25
const PREPROCESS_LIMIT = 50_000
const IMPROVEMENT = 1e-4

/** Learns a dictionary; see {@link FitOptions}. */
export async function fitSparseCoding(
  options: ResolvedOptions,
  data: SparseCodingData,
  fit: FitOptions,
): Promise<SparseCodingModel> {
  checkBudget(fit)
  const raw = trainingObservations(options, data)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  // Fitted anew where a run is resumed: the same data and seed give the same bits.
  const step = await pipeline(options.preprocess).fit(raw, {
    limit: PREPROCESS_LIMIT,
    seed: options.seed,
    ...(fit.signal ? { signal: fit.signal } : {}),
  })
  const settings = describeRun(options, data, raw, step)
  const observations = options.preprocess.length === 0 ? raw : preprocessed(raw, step)
  const heldOut = fit.heldOut ? await heldOutBatch(fit.heldOut, step, raw.shape) : undefined

  const engine = await sharedEngine(options.threads)
  const learner = new DictionaryLearner(engine, {
    atoms: options.atoms,
    shape: raw.shape,
    size: sizeOf(raw.shape),
    start: options.start,
    regularizer: options.regularizer,
    update: options.update,
    nonNegativeAtoms: options.nonNegativeAtoms,
    deadAfter: options.deadAfter,
    seed: options.seed,
    batchSize: options.batchSize,
    tolerance: options.learningTolerance,
  })
  try {
    const session = new Session(learner, settings, fit)
    if (place) await session.restore(place)
    await session.learn(observations, options, heldOut)
    const model = await sparseCodingModel({
      settings,
      atoms: { shape: [options.atoms, ...raw.shape], data: learner.atoms() },
      usage: learner.usageCounts(),
      step,
      history: session.progress.history,
      threads: options.threads,
    })
    await session.run?.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** One call of fit: the loop over epochs and batches with its reports, checkpoints and reasons to stop. */
class Session {
  progress: ProgressState = progressState()
  run: LearningRun | undefined
  private begun = performance.now()
  private lastReport = 0
  private energySum = 0
  private activeSum = 0
  private rowSum = 0
  private energy = 0
  private active = 0
  /** Share of the present epoch that is done, where the source's size is known. */
  private part = 0
  private stopped = false

  constructor(
    private readonly learner: DictionaryLearner,
    private readonly settings: SparseCodingSettings,
    private readonly fit: FitOptions,
  ) {}

  /** Takes up the checkpoint of a run that is to be resumed; nothing is written yet. */
  async restore(place: RunPlace): Promise<void> {
    const { settings, fit } = this
    this.run = new LearningRun({ place, model: 'sparse-coding', settings, checkpointSeconds: fit.checkpointSeconds })
    const checkpoint = await this.run.resumed(validProgressState)
    if (checkpoint) {
      this.progress = checkpoint.state
      this.learner.restore(
        learnerState(checkpoint.tensors, checkpoint.state, this.learner, `${place.store.path}/checkpoint.safetensors:`),
      )
      this.begun = performance.now() - this.progress.seconds * 1000
    }
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  async learn(observations: Observations, options: ResolvedOptions, heldOut: Tensor | undefined): Promise<void> {
    const epochs = this.epochs
    const { batchSize, seed } = options
    while (this.progress.epoch < epochs && !this.stopped) {
      const { epoch } = this.progress
      const pass = { batchSize, seed, epoch, skip: this.progress.batch }
      for await (const batch of observations.batches(pass)) {
        await this.learnBatch(batch, observations, batchSize, epochs)
        if (this.stopped) break
      }
      if (this.stopped) break
      if (this.progress.batch === 0) throw new DataError(`${observations.name} holds no observations to learn from.`)
      this.progress = { ...this.progress, epoch: epoch + 1, batch: 0, row: 0 }
      const heldOutEnergy = heldOut && this.learner.evaluate(heldOut.data, heldOut.shape[0]).energy
      this.judge(heldOutEnergy)
      await this.report(1, epochs, heldOutEnergy)
      await this.checkpoint(false)
    }
    if (this.rowSum > 0) await this.report(this.part, epochs, undefined)
  }

  private async learnBatch(
    batch: Tensor,
    observations: Observations,
    batchSize: number,
    epochs: number,
  ): Promise<void> {
    const { learner } = this
    const rows = batch.shape[0]
    if (learner.observationsSeen === 0) {
      learner.initialize(...(await this.firstSample(observations, batch)))
    }
    // Early steps see few observations, so that the atoms soon leave their random start.
    for (let first = this.progress.row; first < rows; first = this.progress.row) {
      const size = Math.min(batchSize, Math.round(FIRST_ROWS * GROWTH ** learner.stepsTaken), rows - first)
      const step = await learner.stepInSlices(batch.data, first, size, () => this.outOfTime)
      if (!step) {
        await this.stopEarly()
        return
      }
      this.energySum += step.energy * size
      this.activeSum += step.active * size
      this.rowSum += size
      this.progress = { ...this.progress, row: first + size }
    }
    this.progress = { ...this.progress, batch: this.progress.batch + 1, row: 0 }
    if (observations.count !== undefined) {
      this.part = Math.min(1, (this.progress.batch * batchSize) / observations.count)
    }
    await turn()
    if (this.seconds - this.lastReport >= REPORT_SECONDS) {
      await this.report(this.part, epochs, undefined)
    }
    if (this.outOfTime) await this.stopEarly()
    else await this.checkpoint(false)
  }

  /** Whether learning was cancelled, or its seconds are over (once something has been learned). */
  private get outOfTime(): boolean {
    if (this.fit.signal?.aborted) return true
    return this.fit.seconds !== undefined && this.learner.stepsTaken > 0 && this.seconds >= this.fit.seconds
  }

  /** Ends learning; where it was cancelled, with a checkpoint and an error. */
  private async stopEarly(): Promise<void> {
    this.stopped = true
    if (!this.fit.signal?.aborted) return
    await this.checkpoint(true)
    throw new CancelledError(
      `Learning was stopped after ${this.learner.observationsSeen} observations.${this.run && this.learner.stepsTaken > 0 ? ' Its checkpoint is kept; go on with resume.' : ''}`,
    )
  }

  /** Observations to draw first atoms from: this batch and, where it is small, the next ones. */
  private async firstSample(observations: Observations, batch: Tensor): Promise<[Float32Array, number]> {
    const wanted = Math.max(FIRST_SAMPLE, 2 * this.settings.atoms)
    if (batch.shape[0] >= wanted) return [batch.data, batch.shape[0]]
    for await (const sample of observations.batches({ batchSize: wanted, seed: this.settings.seed, epoch: 0 })) {
      return [sample.data, sample.shape[0]]
    }
    return [batch.data, batch.shape[0]]
  }

  private get epochs(): number {
    return this.fit.epochs ?? (this.fit.seconds === undefined ? 10 : Number.POSITIVE_INFINITY)
  }

  /** Early stopping on the held-out energy. */
  private judge(heldOutEnergy: number | undefined): void {
    if (heldOutEnergy === undefined) return
    const { best, waited } = this.progress
    const better = best === null || heldOutEnergy < best * (1 - IMPROVEMENT)
    this.progress = { ...this.progress, best: better ? heldOutEnergy : best, waited: better ? 0 : waited + 1 }
    if (this.fit.patience !== undefined && this.progress.waited >= this.fit.patience) this.stopped = true
  }

  private async report(part: number, epochs: number, heldOutEnergy: number | undefined): Promise<void> {
    const { learner } = this
    const done = this.progress.epoch + (this.progress.batch > 0 ? part : 0)
    const byTime = this.fit.seconds === undefined ? 0 : this.seconds / this.fit.seconds
    if (this.rowSum > 0) {
      this.energy = this.energySum / this.rowSum
      this.active = this.activeSum / this.rowSum
    }
    const progress: FitProgress = {
      epoch: done,
      ...(Number.isFinite(epochs) ? { epochs } : {}),
      step: learner.stepsTaken,
      seen: learner.observationsSeen,
      energy: this.energy,
      ...(heldOutEnergy === undefined ? {} : { heldOutEnergy }),
      active: this.active,
      atomsInUse: learner.usageCounts().reduce((count, use) => count + (use > 0 ? 1 : 0), 0),
      atomsReplaced: learner.atomsReplaced,
      seconds: this.seconds,
      fraction: Math.min(1, Math.max(done / epochs, byTime)),
    }
    this.energySum = 0
    this.activeSum = 0
    this.rowSum = 0
    this.lastReport = this.seconds
    this.progress = { ...this.progress, history: [...this.progress.history, progress] }
    await this.run?.append({ event: 'progress', ...progress })
    if (this.fit.onProgress?.(progress) === false) this.stopped = true
  }

  private async checkpoint(now: boolean): Promise<void> {
    if (this.learner.stepsTaken === 0) return
    await this.run?.checkpoint(now, (metricsBytes) => {
      const { steps, seen, replaced, ...arrays } = this.learner.state()
      this.progress = { ...this.progress, seconds: this.seconds, metricsBytes, learner: { steps, seen, replaced } }
      return {
        state: this.progress,
        tensors: Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, storedTensor(array)])),
      }
    })
  }
}

/** The learner's arrays from a checkpoint, checked against the shapes that this learner has. */
function learnerState(
  tensors: Readonly<Record<string, StoredTensor>>,
  state: ProgressState,
  learner: DictionaryLearner,
  file: string,
): LearnerState {
  const present = learner.state()
  const f32 = (name: 'atoms' | 'codeProducts' | 'dataProducts') =>
    tensorReference(tensors, { dtype: 'F32', shape: [present[name].length] })(name, file).data
  const f64 = (name: 'usage' | 'lastUse') =>
    tensorReference(tensors, { dtype: 'F64', shape: [present[name].length] })(name, file).data
  return {
    atoms: f32('atoms'),
    codeProducts: f32('codeProducts'),
    dataProducts: f32('dataProducts'),
    usage: f64('usage'),
    lastUse: f64('lastUse'),
    ...state.learner,
  }
}
