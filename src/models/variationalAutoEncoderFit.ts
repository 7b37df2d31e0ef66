import { LearningRun } from '../artifacts/learningRun.js'
import { createRun, type RunPlace } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import { checkObserved, type Observed } from '../inference/graph/observed.js'
import type { TrainingStep } from '../learning/gradientTraining.js'
import { type Runtime, runtime } from '../runtime/runtime.js'
import { CancelledError, ConvergenceError, DataError } from '../tensor/errors.js'
import type { LatentVariableData, PairSource } from './latentVariableData.js'
import type { LearningStatus } from './latentVariableProgress.js'
import { stored, storedLike } from './latentVariableTensors.js'
import { checkBudget } from './trainingData.js'
import type { VariationalDefinition } from './variationalAutoEncoder.js'
import { shapesOf, variationalSource } from './variationalAutoEncoderData.js'
import { HELD_OUT_BATCH, HELD_OUT_LIMIT, VariationalLearner } from './variationalAutoEncoderLearner.js'
import { type VariationalParts, variationalParts } from './variationalAutoEncoderLoss.js'
import { createVariationalModel, type VariationalModel, variationalName } from './variationalAutoEncoderModel.js'
import { describeNetworks } from './variationalAutoEncoderNetworks.js'
import {
  noVariationalState,
  type VariationalProgress,
  type VariationalState,
  validVariationalState,
} from './variationalAutoEncoderProgress.js'
import type { VariationalSettings } from './variationalAutoEncoderSettings.js'

export interface VariationalFitOptions {
  /** Passes through the data; 10 by default, unlimited where `seconds` is given. */
  readonly epochs?: number
  /** Stops after this many seconds of learning. */
  readonly seconds?: number
  /** Called a few times a second and after each epoch; learning stops after the present batch where it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a result is as welcome as one with a verdict
  readonly onProgress?: (progress: VariationalProgress) => boolean | void
  /** Stops learning; with a run, a checkpoint is left and CancelledError thrown. */
  readonly signal?: AbortSignal
  /** Data that is not learned from; its energy is measured after each epoch, on its first 10,000 observations. */
  readonly heldOut?: LatentVariableData
  /** Epochs without an improvement of the held-out energy by 0.01 % after which learning stops. */
  readonly patience?: number
  /** A folder (or store) that receives metrics, checkpoints and the finished model. */
  readonly run?: string | Store
  readonly overwrite?: boolean
  readonly resume?: boolean
  /** Seconds between checkpoints; 10 by default. */
  readonly checkpointSeconds?: number
}

const REPORT_SECONDS = 0.25
const IMPROVEMENT = 1e-4

/** Learns the networks of a variational auto-encoder; see {@link VariationalFitOptions}. */
export async function fitVariational(
  definition: VariationalDefinition,
  data: LatentVariableData,
  fit: VariationalFitOptions,
): Promise<VariationalModel> {
  checkBudget(fit)
  const parts = variationalParts(definition, shapesOf(data))
  const source = variationalSource(parts.energy, data)
  const heldOut = fit.heldOut && variationalSource(parts.energy, fit.heldOut)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describeVariational(definition, shapesOf(data), source.name)
  const machine = await runtime(definition.runtime)
  const learner = await VariationalLearner.start(parts, definition, machine)
  try {
    const session = new Session(learner, settings, fit, machine)
    if (place) await session.restore(place)
    if (heldOut) await checkHeldOut(parts, heldOut)
    await session.learn(source, heldOut)
    session.checkLearned()
    const model = createVariationalModel({
      parts,
      settings,
      parameters: learner.state().parameters,
      runtime: machine,
      history: session.state.history,
      status: session.status,
    })
    await session.run?.append({ event: 'end', status: session.status })
    await session.run?.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** Throws what measuring held-out data would, before anything is learned. */
async function checkHeldOut({ energy }: VariationalParts, heldOut: PairSource): Promise<void> {
  let count = 0
  for await (const observed of heldOut.batches({ batchSize: HELD_OUT_BATCH })) {
    checkObserved(energy, observed)
    energy.cost.check?.(observed.y, 'Held-out observations')
    count += observed.y.shape[0]
    if (count >= HELD_OUT_LIMIT) break
  }
  if (count === 0) throw new DataError(`${heldOut.name} holds no observations.`)
}

/** How a definition stands in `config.json`. */
function describeVariational(
  definition: VariationalDefinition,
  shapes: VariationalSettings['shapes'],
  data: string,
): VariationalSettings {
  const { latent, networks, predictor, likelihood, beta, spring, ballSize, deviation, clip } = definition
  return {
    shapes,
    latent,
    networks: describeNetworks(networks),
    ...(predictor ? { predictor: predictor.describe() } : {}),
    likelihood,
    beta,
    spring,
    ballSize,
    deviation,
    optimizer: definition.optimizer.describe(),
    ...(clip ? { clip } : {}),
    batchSize: definition.batchSize,
    seed: definition.seed,
    data,
  }
}

const noTerms = { energy: 0, reconstruction: 0, spring: 0, size: 0 }
type Terms = Record<keyof typeof noTerms, number>

/** One call of fit: the loop over epochs and batches with its reports, checkpoints and reasons to stop. */
class Session {
  state: VariationalState = noVariationalState
  status: LearningStatus = 'finished'
  run: LearningRun | undefined
  private begun = performance.now()
  private lastReport = 0
  /** Sums over the observations since the last report, and the means that it said. */
  private sums: Terms = { ...noTerms }
  private means: Terms = { ...noTerms }
  private rows = 0
  private gradientNorm = 0
  /** Share of the present epoch that is done, where the source's size is known. */
  private part = 0
  private stopped = false
  /** The epoch in which this call begins. */
  private firstEpoch = 0

  constructor(
    private readonly learner: VariationalLearner,
    private readonly settings: VariationalSettings,
    private readonly fit: VariationalFitOptions,
    private readonly machine: Runtime,
  ) {}

  /** Takes up the checkpoint of a run that is to be resumed; nothing is written yet. */
  async restore(place: RunPlace): Promise<void> {
    const { settings, fit, machine } = this
    const run = new LearningRun({ place, model: variationalName, settings, checkpointSeconds: fit.checkpointSeconds })
    this.run = run
    const checkpoint = await run.resumed(validVariationalState)
    const { name, version, device, threads, note } = machine
    await run.append({ event: 'runtime', name, version, device, threads, ...(note ? { note } : {}) })
    if (!checkpoint) return
    this.state = checkpoint.state
    this.firstEpoch = this.state.epoch
    const file = `${place.store.path}/checkpoint.safetensors:`
    const { parameters, optimizer } = this.learner.state()
    this.learner.restore({
      parameters: storedLike('parameters', parameters, checkpoint.tensors, file),
      optimizer: storedLike('optimizer', optimizer, checkpoint.tensors, file),
      steps: checkpoint.state.steps,
    })
    this.begun = performance.now() - this.state.seconds * 1000
  }

  /** Throws {@link ConvergenceError} where the first step failed already and a run would hold nothing that was learned. */
  checkLearned(): void {
    if (!this.run || this.status === 'finished' || this.state.steps > 0) return
    throw new ConvergenceError(
      'The energy of the first batch, or its gradient, is no finite number: nothing was learned, and no run is written. Lower the learning rate, or look for values in the data that are far too large.',
    )
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  private get epochs(): number {
    return this.fit.epochs ?? (this.fit.seconds === undefined ? 10 : Number.POSITIVE_INFINITY)
  }

  async learn(source: PairSource, heldOut: PairSource | undefined): Promise<void> {
    const { batchSize, seed } = this.settings
    while (this.state.epoch < this.epochs && !this.stopped) {
      const { epoch } = this.state
      for await (const pairs of source.batches({ batchSize, seed, epoch, skip: this.state.batch, reuse: true })) {
        await this.learnBatch(pairs, source)
        if (this.stopped) break
      }
      if (this.stopped) break
      if (this.state.batch === 0) throw new DataError(`${source.name} holds no observations to learn from.`)
      const heldOutEnergy = heldOut && (await this.learner.evaluate(heldOut, () => this.cancelIfAsked()))
      this.state = { ...this.state, epoch: epoch + 1, batch: 0 }
      this.judge(heldOutEnergy)
      await this.report(heldOutEnergy)
      await this.checkpoint(false)
    }
    if (this.rows > 0) await this.report(undefined)
  }

  private async learnBatch(pairs: Observed, source: PairSource): Promise<void> {
    const step = await this.learner.learn(pairs, this.state.epoch === this.firstEpoch)
    const rows = pairs.y.shape[0]
    if (step.status !== 'ok') {
      this.status = 'nonFinite'
      this.stopped = true
      return
    }
    this.add(step, rows)
    this.state = {
      ...this.state,
      batch: this.state.batch + 1,
      steps: this.learner.steps,
      seen: this.state.seen + rows,
    }
    if (source.count !== undefined) {
      this.part = Math.min(1, (this.state.batch * this.settings.batchSize) / source.count)
    }
    if (this.seconds - this.lastReport >= REPORT_SECONDS) await this.report(undefined)
    await this.cancelIfAsked()
    if (this.fit.seconds !== undefined && this.seconds >= this.fit.seconds) this.stopped = true
    else await this.checkpoint(false)
  }

  private add({ loss, metrics, gradientNorm }: TrainingStep, rows: number): void {
    const { sums } = this
    sums.energy += loss * rows
    sums.reconstruction += metrics.reconstruction * rows
    sums.spring += metrics.spring * rows
    sums.size += metrics.size * rows
    this.rows += rows
    this.gradientNorm = gradientNorm
  }

  /** Where the signal has fired: leaves a checkpoint and throws {@link CancelledError}. */
  private async cancelIfAsked(): Promise<void> {
    if (!this.fit.signal?.aborted) return
    await this.checkpoint(true)
    throw new CancelledError(
      `Learning was stopped after ${this.state.seen} observations.${this.run && this.state.steps > 0 ? ' Its checkpoint is kept; go on with resume.' : ''}`,
    )
  }

  /** Early stopping on the held-out energy. */
  private judge(heldOutEnergy: number | undefined): void {
    if (heldOutEnergy === undefined) return
    const { best, waited } = this.state
    const better = best === null || heldOutEnergy < best - IMPROVEMENT * Math.abs(best)
    this.state = { ...this.state, best: better ? heldOutEnergy : best, waited: better ? 0 : waited + 1 }
    if (this.fit.patience !== undefined && this.state.waited >= this.fit.patience) this.stopped = true
  }

  private async report(heldOutEnergy: number | undefined): Promise<void> {
    const done = this.state.epoch + (this.state.batch > 0 ? this.part : 0)
    const byTime = this.fit.seconds === undefined ? 0 : this.seconds / this.fit.seconds
    const { sums, rows } = this
    if (rows > 0) {
      this.means = {
        energy: sums.energy / rows,
        reconstruction: sums.reconstruction / rows,
        spring: sums.spring / rows,
        size: sums.size / rows,
      }
    }
    const progress: VariationalProgress = {
      epoch: done,
      ...(Number.isFinite(this.epochs) ? { epochs: this.epochs } : {}),
      step: this.state.steps,
      seen: this.state.seen,
      ...this.means,
      meanNorm: Math.sqrt(2 * this.means.spring),
      ...(heldOutEnergy === undefined ? {} : { heldOutEnergy }),
      gradientNorm: this.gradientNorm,
      seconds: this.seconds,
      fraction: Math.min(1, Math.max(done / this.epochs, byTime)),
    }
    this.sums = { ...noTerms }
    this.rows = 0
    this.lastReport = this.seconds
    this.state = { ...this.state, history: [...this.state.history, progress] }
    await this.run?.append({ event: 'progress', ...progress })
    if (this.fit.onProgress?.(progress) === false) this.stopped = true
  }

  private async checkpoint(now: boolean): Promise<void> {
    if (this.state.steps === 0) return
    await this.run?.checkpoint(now, (metricsBytes) => {
      const { parameters, optimizer } = this.learner.state()
      this.state = { ...this.state, seconds: this.seconds, metricsBytes }
      return {
        state: this.state,
        tensors: { ...stored('parameters', parameters), ...stored('optimizer', optimizer) },
      }
    })
  }
}
