import { LearningRun } from '../artifacts/learningRun.js'
import { createRun, type RunPlace } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import type { Observed } from '../inference/graph/observed.js'
import { type Runtime, runtime } from '../runtime/runtime.js'
import { CancelledError, ConvergenceError, DataError } from '../tensor/errors.js'
import { rows } from '../tensor/tensor.js'
import type { LatentVariableDefinition } from './latentVariable.js'
import { type LatentVariableData, type PairSource, pairSource } from './latentVariableData.js'
import { LatentVariableLearner } from './latentVariableLearner.js'
import { createLatentVariableModel, type LatentVariableModel, latentVariableName } from './latentVariableModel.js'
import {
  type LatentVariableProgress,
  type LatentVariableState,
  type LearningStatus,
  noState,
  validLatentVariableState,
} from './latentVariableProgress.js'
import { describeLatentVariable, type LatentVariableSettings } from './latentVariableSettings.js'
import { stored, storedLike } from './latentVariableTensors.js'
import { checkBudget } from './trainingData.js'

export interface LatentVariableFitOptions {
  /** Passes through the data; 10 by default, unlimited where `seconds` is given. */
  readonly epochs?: number
  /** Stops after this many seconds of learning. */
  readonly seconds?: number
  /** Called a few times a second and after each epoch; learning stops after the present batch where it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a result is as welcome as one with a verdict
  readonly onProgress?: (progress: LatentVariableProgress) => boolean | void
  /** Stops learning; with a run, a checkpoint is left and CancelledError thrown. */
  readonly signal?: AbortSignal
  /** Data that is not learned from; its energy is measured after each epoch, on its first 2,000 observations. */
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
const HELD_OUT_LIMIT = 2000
const IMPROVEMENT = 1e-4

/** Learns the parameters of an energy; see {@link LatentVariableFitOptions}. */
export async function fitLatentVariable(
  definition: LatentVariableDefinition,
  data: LatentVariableData,
  fit: LatentVariableFitOptions,
): Promise<LatentVariableModel> {
  checkBudget(fit)
  const source = pairSource(definition.energy, data)
  const heldOut = fit.heldOut && (await firstPairs(pairSource(definition.energy, fit.heldOut), HELD_OUT_LIMIT))
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describeLatentVariable(definition, source.name)
  const machine = await runtime(definition.runtime)
  const learner = await LatentVariableLearner.start(definition, machine)
  try {
    const session = new Session(learner, settings, fit, machine)
    if (place) await session.restore(place)
    if (heldOut) {
      definition.energy.cost.check?.(heldOut.y, 'Held-out observations')
      await learner.evaluate(firstRow(heldOut), fit.signal) // for what it refuses, before anything is learned
    }
    await session.learn(source, heldOut)
    session.checkLearned()
    const kept = await firstPairs(source, definition.keptCodes, definition.seed)
    const model = createLatentVariableModel({
      definition: definition.energy,
      settings,
      parameters: learner.parameters(),
      runtime: machine,
      history: session.state.history,
      status: session.status,
      keptCodes: await learner.codesOf(kept, fit.signal),
    })
    await session.run?.append({ event: 'end', status: session.status })
    await session.run?.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** The first pairs of a pass. Throws {@link DataError} where there are none. */
async function firstPairs(source: PairSource, count: number, seed?: number): Promise<Observed> {
  for await (const pairs of source.batches({ batchSize: count, ...(seed === undefined ? {} : { seed }) })) return pairs
  throw new DataError(`${source.name} holds no observations.`)
}

function firstRow({ x, y }: Observed): Observed {
  return { ...(x ? { x: rows(x, 0, 1) } : {}), y: rows(y, 0, 1) }
}

const noTerms = { energy: 0, cost: 0, regularizer: 0, encoder: 0, inferenceSteps: 0 }
type Terms = keyof typeof noTerms

/** One call of fit: the loop over epochs and batches with its reports, checkpoints and reasons to stop. */
class Session {
  state: LatentVariableState = noState
  status: LearningStatus = 'finished'
  run: LearningRun | undefined
  private begun = performance.now()
  private lastReport = 0
  /** Sums over the observations since the last report, and what that said. */
  private sums: Record<Terms, number> = { ...noTerms }
  private means: Record<Terms, number> = { ...noTerms }
  private rows = 0
  private gradientNorm = 0
  /** Share of the present epoch that is done, where the source's size is known. */
  private part = 0
  private stopped = false

  constructor(
    private readonly learner: LatentVariableLearner,
    private readonly settings: LatentVariableSettings,
    private readonly fit: LatentVariableFitOptions,
    private readonly machine: Runtime,
  ) {}

  /** Takes up the checkpoint of a run that is to be resumed; nothing is written yet. */
  async restore(place: RunPlace): Promise<void> {
    const { settings, fit, machine } = this
    const run = new LearningRun({
      place,
      model: latentVariableName,
      settings,
      checkpointSeconds: fit.checkpointSeconds,
    })
    this.run = run
    const checkpoint = await run.resumed(validLatentVariableState)
    const { name, version, device, threads, note } = machine
    await run.append({ event: 'runtime', name, version, device, threads, ...(note ? { note } : {}) })
    if (!checkpoint) return
    this.state = checkpoint.state
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
      `${this.status === 'diverged' ? 'The energy falls without bound' : 'The energy is no finite number'} from the first batch on: nothing was learned, and no run is written. Add a regularizer, lower the learning rate, or look at the energy and the data.`,
    )
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  private get epochs(): number {
    return this.fit.epochs ?? (this.fit.seconds === undefined ? 10 : Number.POSITIVE_INFINITY)
  }

  async learn(source: PairSource, heldOut: Observed | undefined): Promise<void> {
    const { batchSize, seed } = this.settings
    while (this.state.epoch < this.epochs && !this.stopped) {
      const { epoch } = this.state
      for await (const pairs of source.batches({ batchSize, seed, epoch, skip: this.state.batch })) {
        await this.learnBatch(pairs, source)
        if (this.stopped) break
      }
      if (this.stopped) break
      if (this.state.batch === 0) throw new DataError(`${source.name} holds no observations to learn from.`)
      const heldOutEnergy = heldOut && (await this.orCancelled(this.learner.evaluate(heldOut, this.fit.signal)))
      this.state = { ...this.state, epoch: epoch + 1, batch: 0 }
      this.judge(heldOutEnergy)
      await this.report(1, heldOutEnergy)
      await this.checkpoint(false)
    }
    if (this.rows > 0) await this.report(this.part, undefined)
  }

  private async learnBatch(pairs: Observed, source: PairSource): Promise<void> {
    const learned = await this.orCancelled(this.learner.learn(pairs, this.state.firstEnergy, this.fit.signal))
    const rows = pairs.y.shape[0]
    if (learned.status !== 'finished') {
      this.status = learned.status
      this.stopped = true
      return
    }
    for (const name of Object.keys(noTerms) as Terms[]) this.sums[name] += learned[name] * rows
    this.rows += rows
    this.gradientNorm = learned.gradientNorm
    this.state = {
      ...this.state,
      batch: this.state.batch + 1,
      steps: this.learner.steps,
      seen: this.state.seen + rows,
      firstEnergy: this.state.firstEnergy ?? learned.energy,
    }
    if (source.count !== undefined) {
      this.part = Math.min(1, (this.state.batch * this.settings.batchSize) / source.count)
    }
    if (this.seconds - this.lastReport >= REPORT_SECONDS) await this.report(this.part, undefined)
    if (this.fit.signal?.aborted) await this.cancelled()
    if (this.fit.seconds !== undefined && this.seconds >= this.fit.seconds) this.stopped = true
    else await this.checkpoint(false)
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

  /** Early stopping on the held-out energy. */
  private judge(heldOutEnergy: number | undefined): void {
    if (heldOutEnergy === undefined) return
    const { best, waited } = this.state
    const better = best === null || heldOutEnergy < best - IMPROVEMENT * Math.abs(best)
    this.state = { ...this.state, best: better ? heldOutEnergy : best, waited: better ? 0 : waited + 1 }
    if (this.fit.patience !== undefined && this.state.waited >= this.fit.patience) this.stopped = true
  }

  private async report(part: number, heldOutEnergy: number | undefined): Promise<void> {
    const done = this.state.epoch + (this.state.batch > 0 ? part : 0)
    const byTime = this.fit.seconds === undefined ? 0 : this.seconds / this.fit.seconds
    if (this.rows > 0) {
      for (const name of Object.keys(noTerms) as Terms[]) this.means[name] = this.sums[name] / this.rows
    }
    const progress: LatentVariableProgress = {
      epoch: done,
      ...(Number.isFinite(this.epochs) ? { epochs: this.epochs } : {}),
      step: this.state.steps,
      seen: this.state.seen,
      ...this.means,
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
