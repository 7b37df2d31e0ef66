import { createRun } from '../artifacts/runFolder.js'
import type { Encoder } from '../energy/encoders/encoder.js'
import { AmortizedInference } from '../inference/amortized.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { type Runtime, type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { isTensor } from './dataKind.js'
import { EpochSession, type LearningOptions, learningOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
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
import { type EncoderProgress, type HeldOutCodes, validEncoderProgress } from './listaProgress.js'
import type { AmortizedSettings, Objective } from './listaSettings.js'
import { JointLearner } from './predictiveSparseDecompositionLearner.js'
import type { SparseCodingData } from './sparseCoding.js'
import type { FitOptions } from './sparseCodingFit.js'
import { checkBudget } from './trainingData.js'

export interface EncoderFitOptions extends LearningOptions<EncoderProgress> {
  /** Data that is not learned from; its codes are compared with those of least energy at every tenth of the way. */
  readonly heldOut?: SparseCodingData
  /** Called while a dictionary is learned first, before the encoder; see `onProgress` of sparse coding. */
  readonly onDictionaryProgress?: FitOptions['onProgress']
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

const HELD_OUT_LIMIT = 1000

/** Learns an encoder; see {@link EncoderFitOptions}. */
export const fitEncoder = holdingFit(learn)

async function learn(plan: EncoderPlan, data: SparseCodingData, fit: EncoderFitOptions): Promise<AmortizedModel> {
  checkOptions('fit', fit, { ...learningOptions, heldOut: true, onDictionaryProgress: true })
  checkBudget(fit)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  if (place?.state === 'finished') {
    throw new ConfigurationError(
      `${place.store.path} holds a finished run, which leaves nothing to resume; pass --overwrite to replace it, or choose another folder.`,
    )
  }
  const machine = await runtime(plan.runtime)
  const dictionary = await startingDictionary(plan.dictionary, data, fit)
  const observations = observationsToLearn(dictionary, data, plan.seed)
  const source = learningSource(observations, dictionary.preprocess, isTensor(data) ? data : undefined)
  const heldOut = fit.heldOut && (await heldOutObservations(dictionary, fit.heldOut, HELD_OUT_LIMIT))
  const { shape, data: values } = dictionary.atoms
  const encoder = plan.encoder(values.length / shape[0], shape[0])
  const settings = describe(plan, dictionary, encoder, source)
  const learner = await startLearner(plan, dictionary, encoder, machine)
  try {
    const session = new EpochSession({
      model: plan.kind,
      settings,
      fit,
      place,
      machine,
      learner,
      terms: [],
      steps: plan.trainingSteps,
      report: ({ step, seen, energy: loss, seconds, fraction }, terms, compared?: HeldOutCodes): EncoderProgress => ({
        step,
        steps: plan.trainingSteps,
        seen,
        loss,
        ...terms,
        ...compared,
        gradientNorm: learner.gradientNorm,
        seconds,
        fraction,
      }),
      validProgress: validEncoderProgress,
      evaluate: heldOut && (() => compare(plan, settings, learner, encoder, machine, heldOut)),
      nothingLearned: () => ({
        cause: 'The loss, or its gradient, is no finite number',
        advice: 'Lower the learning rate, or look for values in the data that are far too large.',
      }),
    })
    await session.restore()
    await session.learn(source)
    const model = await amortizedModel({
      kind: plan.kind,
      settings,
      encoder,
      atoms: learner.atoms(),
      parameters: learner.parameters(),
      step: dictionary.preprocess,
      history: session.history,
      status: session.status,
      runtime: machine,
      threads: plan.threads,
    })
    await session.finish((run) => model.saveInto(run))
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

/** How the codes of the encoder as it stands compare with the best of the dictionary as it stands. */
async function compare(
  { threads }: EncoderPlan,
  { lambda, objective }: AmortizedSettings,
  learner: EncoderLearner,
  encoder: Encoder,
  machine: Runtime,
  heldOut: Tensor,
): Promise<HeldOutCodes | undefined> {
  const gamma = objective.kind === 'joint' ? objective.gamma : 0
  const inference = await AmortizedInference.start({
    encoder,
    parameters: learner.parameters(),
    problem: { atoms: learner.atoms(), lambda, gamma },
    runtime: machine,
    threads,
  })
  try {
    return await compareCodes(inference, heldOut)
  } finally {
    inference.dispose()
  }
}
