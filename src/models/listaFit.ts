import { LearningRun } from '../artifacts/learningRun.js'
import { createRun, type RunPlace } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { Store } from '../artifacts/store.js'
import { tensorReference } from '../artifacts/validate.js'
import type { Encoder } from '../energy/encoders/encoder.js'
import { AmortizedInference } from '../inference/amortized.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { type Runtime, type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { CancelledError, ConfigurationError, ConvergenceError, DataError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { isTensor } from './dataKind.js'
import { stored, storedLike } from './latentVariableTensors.js'
import { type LearningSource, learningSource } from './listaData.js'
import {
  type DictionaryOptions,
  heldOutObservations,
  observationsToLearn,
  type StartingDictionary,
  startingDictionary,
} from './listaDictionary.js'
import { compareCodes } from './listaHeldOut.js'
import { type EncoderLearner, ListaLearner } from './listaLearner.js'
import { type AmortizedKind, type AmortizedModel, amortizedModel } from './listaModel.js'
import {
  type EncoderProgress,
  type EncoderState,
  type EncoderStatus,
  firstEncoderState,
  type HeldOutCodes,
  validEncoderState,
} from './listaProgress.js'
import type { AmortizedSettings, Objective } from './listaSettings.js'
import { JointLearner } from './predictiveSparseDecompositionLearner.js'
import type { SparseCodingData } from './sparseCoding.js'
import { checkBudget } from './trainingData.js'

export interface EncoderFitOptions {
  /** Stops after this many seconds of learning, before all steps are taken. */
  readonly seconds?: number
  /** Called a few times a second; learning stops after the present batch where it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a result is as welcome as one with a verdict
  readonly onProgress?: (progress: EncoderProgress) => boolean | void
  /** Stops learning; with a run, a checkpoint is left and CancelledError thrown. */
  readonly signal?: AbortSignal
  /** Data that is not learned from; its codes are compared with those of least energy at every tenth of the way. */
  readonly heldOut?: SparseCodingData
  /** A folder (or store) that receives metrics, checkpoints and the finished model. */
  readonly run?: string | Store
  readonly overwrite?: boolean
  readonly resume?: boolean
  /** Seconds between checkpoints; 10 by default. */
  readonly checkpointSeconds?: number
}

/** What is to be learned, with every default in place. */
export interface EncoderPlan {
  readonly kind: AmortizedKind
  readonly dictionary: DictionaryOptions
  readonly encoder: (inputs: number, outputs: number) => Encoder
  readonly objective: Objective
  readonly optimizer: Optimizer
  readonly trainingSteps: number
  readonly batchSize: number
  readonly learningTolerance: number
  readonly seed: number
  readonly runtime: RuntimeOptions
  readonly threads: number | undefined
}

const REPORT_SECONDS = 0.25
const HELD_OUT_LIMIT = 1000
const TENTHS = 10

/** Learns an encoder; see {@link EncoderFitOptions}. */
export async function fitEncoder(
  plan: EncoderPlan,
  data: SparseCodingData,
  fit: EncoderFitOptions,
): Promise<AmortizedModel> {
  checkBudget(fit)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  if (place?.state === 'finished') {
    throw new ConfigurationError(
      `${place.store.path} holds a finished run, which leaves nothing to resume; pass --overwrite to replace it, or choose another folder.`,
    )
  }
  const machine = await runtime(plan.runtime)
  const dictionary = await startingDictionary(plan.dictionary, data, fit.signal)
  const observations = observationsToLearn(dictionary, data, plan.seed)
  const source = learningSource(observations, dictionary.preprocess, isTensor(data) ? data : undefined)
  const heldOut = fit.heldOut && (await heldOutObservations(dictionary, fit.heldOut, HELD_OUT_LIMIT))
  const { shape, data: values } = dictionary.atoms
  const encoder = plan.encoder(values.length / shape[0], shape[0])
  const settings = describe(plan, dictionary, encoder, source)
  const learner = await startLearner(plan, dictionary, encoder, machine)
  try {
    const session = new Session(learner, { plan, encoder, settings, dictionary, fit, machine })
    if (place) await session.restore(place)
    await session.learn(source, heldOut)
    session.checkLearned()
    const model = await amortizedModel({
      kind: plan.kind,
      settings,
      encoder,
      atoms: learner.atoms(),
      parameters: learner.parameters(),
      step: dictionary.preprocess,
      history: session.state.history,
      status: session.status,
      runtime: machine,
      threads: plan.threads,
    })
    await session.run?.append({ event: 'end', status: session.status })
    await session.run?.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

function startLearner(
  plan: EncoderPlan,
  { atoms, lambda }: StartingDictionary,
  encoder: Encoder,
  machine: Runtime,
): Promise<EncoderLearner> {
  const { optimizer, batchSize, learningTolerance: tolerance, threads, objective } = plan
  const parts = { encoder, atoms, lambda, optimizer, batchSize, tolerance, threads, runtime: machine }
  return objective.kind === 'joint' ? JointLearner.start(parts, objective) : ListaLearner.start(parts, objective.kind)
}

function describe(
  plan: EncoderPlan,
  { atoms, lambda, origin, input, preprocess }: StartingDictionary,
  encoder: Encoder,
  source: LearningSource,
): AmortizedSettings {
  return {
    atoms: atoms.shape[0],
    observation: atoms.shape.slice(1),
    lambda,
    encoder: encoder.describe(),
    objective: plan.objective,
    optimizer: plan.optimizer.describe(),
    trainingSteps: plan.trainingSteps,
    batchSize: plan.batchSize,
    learningTolerance: plan.learningTolerance,
    seed: plan.seed,
    dictionary: origin,
    input,
    preprocess: preprocess.config,
    data: source.name,
  }
}

interface SessionParts {
  readonly plan: EncoderPlan
  readonly encoder: Encoder
  readonly settings: AmortizedSettings
  readonly dictionary: StartingDictionary
  readonly fit: EncoderFitOptions
  readonly machine: Runtime
}

/** One call of fit: the loop over batches with its reports, checkpoints and reasons to stop. */
class Session {
  state: EncoderState = firstEncoderState
  status: EncoderStatus = 'finished'
  run: LearningRun | undefined
  private begun = performance.now()
  private lastReport = 0
  private lossSum = 0
  private termSums: Record<string, number> = {}
  private rows = 0
  private gradientNorm = 0
  private stopped = false

  constructor(
    private readonly learner: EncoderLearner,
    private readonly parts: SessionParts,
  ) {}

  /** Takes up the checkpoint of a run that is to be resumed; nothing is written yet. */
  async restore(place: RunPlace): Promise<void> {
    const { plan, fit, settings, dictionary, machine } = this.parts
    const run = new LearningRun({ place, model: plan.kind, settings, checkpointSeconds: fit.checkpointSeconds })
    this.run = run
    const checkpoint = await run.resumed(validEncoderState)
    const { name, version, device, threads, note } = machine
    await run.append({ event: 'runtime', name, version, device, threads, ...(note ? { note } : {}) })
    if (!checkpoint) return
    const { tensors, state } = checkpoint
    const file = `${place.store.path}/checkpoint.safetensors:`
    const { shape, data } = dictionary.atoms
    const atoms = tensorReference(tensors, { dtype: 'F32', shape })('dictionary', file)
    if (!data.every((value, i) => Object.is(value, atoms.data[i]))) {
      throw new ConfigurationError(
        `The run in ${place.store.path} was begun with another dictionary; resume with that one, or pass --overwrite to start anew.`,
      )
    }
    const { parameters, optimizer } = this.learner.state()
    this.learner.restore({
      parameters: storedLike('parameters', parameters, tensors, file),
      optimizer: storedLike('optimizer', optimizer, tensors, file),
      steps: state.step,
    })
    this.state = state
    this.begun = performance.now() - state.seconds * 1000
  }

  /** Throws {@link ConvergenceError} where the first step failed already and a run would hold nothing that was learned. */
  checkLearned(): void {
    if (!this.run || this.status === 'finished' || this.state.step > 0) return
    throw new ConvergenceError(
      'The loss of the first batch, or its gradient, is no finite number: nothing was learned, and no run is written. Lower the learning rate, or look for values in the data that are far too large.',
    )
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  private get done(): boolean {
    return this.stopped || this.state.step >= this.parts.plan.trainingSteps
  }

  async learn(source: LearningSource, heldOut: Tensor | undefined): Promise<void> {
    const { batchSize, seed } = this.parts.plan
    while (!this.done) {
      const { epoch } = this.state
      for await (const batch of source.batches({ batchSize, seed, epoch, skip: this.state.batch })) {
        const step = await this.learner.learn(batch)
        if (step.status === 'nonFinite') {
          this.status = 'nonFinite'
          this.stopped = true
          break
        }
        const [rows] = batch.y.shape
        this.lossSum += step.loss * rows
        for (const [name, value] of Object.entries(step.metrics)) {
          this.termSums[name] = (this.termSums[name] ?? 0) + value * rows
        }
        this.rows += rows
        this.gradientNorm = step.gradientNorm
        this.state = {
          ...this.state,
          batch: this.state.batch + 1,
          step: this.state.step + 1,
          seen: this.state.seen + rows,
        }
        await this.afterStep(heldOut)
        if (this.done) break
      }
      if (this.done) break
      if (this.state.batch === 0) throw new DataError(`${source.name} holds no observations to learn from.`)
      this.state = { ...this.state, epoch: epoch + 1, batch: 0 }
    }
    if (this.rows > 0) await this.report(undefined)
  }

  private async afterStep(heldOut: Tensor | undefined): Promise<void> {
    const { fit, plan } = this.parts
    const tenth = Math.max(1, Math.floor(plan.trainingSteps / TENTHS))
    if (heldOut && (this.state.step % tenth === 0 || this.state.step === plan.trainingSteps)) await this.report(heldOut)
    else if (this.seconds - this.lastReport >= REPORT_SECONDS) await this.report(undefined)
    if (fit.signal?.aborted) {
      await this.checkpoint(true)
      throw new CancelledError(
        `Learning was stopped after ${this.state.step} steps.${this.run && this.state.step > 0 ? ' Its checkpoint is kept; go on with resume.' : ''}`,
      )
    }
    if (fit.seconds !== undefined && this.seconds >= fit.seconds) this.stopped = true
    else await this.checkpoint(false)
  }

  private async report(heldOut: Tensor | undefined): Promise<void> {
    const { plan, fit } = this.parts
    const compared = heldOut && (await this.compare(heldOut))
    const byTime = fit.seconds === undefined ? 0 : this.seconds / fit.seconds
    const progress: EncoderProgress = {
      step: this.state.step,
      steps: plan.trainingSteps,
      seen: this.state.seen,
      loss: this.lossSum / this.rows,
      ...Object.fromEntries(Object.entries(this.termSums).map(([name, value]) => [name, value / this.rows])),
      ...compared,
      gradientNorm: this.gradientNorm,
      seconds: this.seconds,
      fraction: Math.min(1, Math.max(this.state.step / plan.trainingSteps, byTime)),
    }
    this.lossSum = 0
    this.termSums = {}
    this.rows = 0
    this.lastReport = this.seconds
    this.state = { ...this.state, history: [...this.state.history, progress] }
    await this.run?.append({ event: 'progress', ...progress })
    if (fit.onProgress?.(progress) === false) this.stopped = true
  }

  private async compare(heldOut: Tensor): Promise<HeldOutCodes | undefined> {
    const { encoder, settings, plan, machine } = this.parts
    const { objective } = settings
    const inference = await AmortizedInference.start({
      encoder,
      parameters: this.learner.parameters(),
      problem: {
        atoms: this.learner.atoms(),
        lambda: settings.lambda,
        gamma: objective.kind === 'joint' ? objective.gamma : 0,
      },
      runtime: machine,
      threads: plan.threads,
    })
    try {
      return await compareCodes(inference, heldOut)
    } finally {
      inference.dispose()
    }
  }

  private async checkpoint(now: boolean): Promise<void> {
    if (this.state.step === 0) return
    await this.run?.checkpoint(now, (metricsBytes) => {
      const { parameters, optimizer } = this.learner.state()
      this.state = { ...this.state, seconds: this.seconds, metricsBytes }
      const { shape, data } = this.parts.dictionary.atoms
      return {
        state: this.state,
        tensors: {
          dictionary: storedTensor(data, [...shape]),
          ...stored('parameters', parameters),
          ...stored('optimizer', optimizer),
        },
      }
    })
  }
}
