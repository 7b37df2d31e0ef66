import { createRun } from '../artifacts/runFolder.js'
import { checkedLabelled, type Labelled } from '../data/labelled.js'
import { oneHot } from '../energy/costs/categorical.js'
import { type Module, type Parameters, prefixed } from '../energy/module.js'
import { scaled } from '../energy/modules/scaled.js'
import { sequential } from '../energy/modules/sequential.js'
import { adam } from '../learning/optimizers/adam.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import { type Runtime, type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { DataError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { ClassifierLearner, classifiedSource } from './classifierLearner.js'
import { type ClassifierModel, classifierModel } from './classifierModel.js'
import {
  type ClassifierNetwork,
  compileFor,
  featuresOf,
  joinedParameters,
  runInParts,
  transformed,
} from './classifierNetwork.js'
import { type ClassifierProgress, validClassifierProgress } from './classifierProgress.js'
import { type ClassifierSettings, classifierName } from './classifierSettings.js'
import { EpochSession, type LearningOptions, learningOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
import { checkBudget } from './trainingData.js'

/** How long to learn, who is told, and where a run is kept; how many steps there are is the classifier's own. */
export type ClassifierFitOptions = LearningOptions<ClassifierProgress>

/** How every classifier learns. */
export interface ClassifierTraining {
  /** μ of ½μ‖W‖², of the last layer's weights. */
  readonly penalty: number
  /** The rate at the first step; it falls to 0 along half a cosine. */
  readonly learningRate: number
  readonly batchSize: number
  /** Passes through the observations, and the fewest steps where they are few. */
  readonly epochs: number
  readonly leastSteps: number
  readonly seed: number
  readonly runtime: RuntimeOptions
  readonly threads: number | undefined
}

/** A classifier for observations of some shape. */
export interface ClassifierForm {
  /** Features of observations, before they are brought to one scale; its parameters begin at `start`. */
  readonly body: Module
  readonly start: Parameters
  readonly filters: ClassifierSettings['filters']
  readonly frozen: boolean
  readonly transform: ImageStep
  /** From features to one number a class; its parameters begin at `headStart`. */
  readonly head: Module
  readonly headStart: Parameters
  /** The weight of the last layer among the head's parameters. */
  readonly lastWeight: string
}

/** A classifier that is to be learned, with every default in place. */
export interface ClassifierPlan {
  readonly training: ClassifierTraining
  /** Throws ConfigurationError or ShapeError where observations of this shape cannot be classified so. */
  form(observation: readonly number[], classes: number): ClassifierForm
}

/** Learns a classifier; see {@link ClassifierFitOptions}. */
export const fitClassifier = holdingFit(learn)

async function learn(
  { training, form }: ClassifierPlan,
  data: Labelled,
  fit: ClassifierFitOptions,
): Promise<ClassifierModel> {
  checkOptions('fit', fit, learningOptions)
  checkBudget(fit)
  const { name, observations, labels, classes } = await checkedLabelled(data)
  const [count, ...shape] = observations.shape
  const made = form(shape, classes.length)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const machine = await runtime(training.runtime)
  const { threads, batchSize, penalty, seed } = training
  const images = transformed(observations, made.transform)
  const { network, features } = await broughtToScale(made, images, name, machine, fit.signal)
  const trainingSteps = Math.max(training.leastSteps, Math.ceil((training.epochs * count) / batchSize))
  const optimizer = adam({ learningRate: cosineRate({ rate: training.learningRate, steps: trainingSteps }) })
  const settings: ClassifierSettings = {
    observation: shape,
    classes,
    transform: made.transform.config,
    body: network.body.describe(),
    head: network.head.describe(),
    frozen: made.frozen,
    filters: made.filters,
    penalty,
    optimizer: optimizer.describe(),
    trainingSteps,
    batchSize,
    seed,
    observations: count,
    data: name,
  }
  const start = joinedParameters(prefixed(made.start, '0'), made.headStart)
  const inputs = made.frozen ? features : images
  const learner = await ClassifierLearner.start({
    network,
    frozen: made.frozen,
    inputShape: inputs.shape.slice(1),
    classes: classes.length,
    parameters: start,
    penalized: `head.${made.lastWeight}`,
    penalty,
    optimizer,
    runtime: machine,
    threads,
  })
  try {
    const session = new EpochSession({
      model: classifierName,
      settings,
      fit,
      place,
      machine,
      learner,
      terms: ['cost'],
      steps: trainingSteps,
      report: ({ step, seen, energy: loss, seconds, fraction }, { cost }): ClassifierProgress => ({
        step,
        steps: trainingSteps,
        seen,
        loss,
        cost,
        gradientNorm: learner.gradientNorm,
        seconds,
        fraction,
      }),
      validProgress: validClassifierProgress,
      nothingLearned: () => ({
        cause: 'The loss, or its gradient, is no finite number',
        advice: 'Lower the learning rate, or look for values in the data that are far too large.',
      }),
    })
    await session.restore()
    await session.learn(classifiedSource(name, inputs, oneHot(labels, classes.length)))
    const model = classifierModel({
      settings,
      network,
      parameters: { ...start, ...learner.parameters() },
      transform: made.transform,
      history: session.history,
      status: session.status,
      runtime: machine,
      threads,
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/**
 * The network with features of root mean square 1 over the observations to learn from, as the body stands at first: one learning rate and
 * one penalty then mean the same whatever the filters. Gives those features too. Throws {@link DataError} where all are 0.
 */
async function broughtToScale(
  { body, start, head }: ClassifierForm,
  images: Tensor,
  name: string,
  machine: Runtime,
  signal: AbortSignal | undefined,
): Promise<{ readonly network: ClassifierNetwork; readonly features: Tensor }> {
  const [, ...shape] = images.shape
  const width = sizeOf(body.outputShape)
  const bare = { body, head }
  const program = await compileFor(machine, shape, joinedParameters(start, {}), (parameters, x) =>
    featuresOf(bare, parameters, x),
  )
  try {
    const stopped = 'Learning was stopped before its first step.'
    const { data } = await runInParts(program, images, width, { signal, stopped })
    let squares = 0
    for (const value of data) squares += value * value
    const size = Math.sqrt(squares / data.length)
    if (!(size > 0 && Number.isFinite(size))) {
      throw new DataError(
        `The features of ${name} are ${size === 0 ? 'all 0' : 'no finite numbers'}: its observations ${size === 0 ? 'are constant' : 'hold values far too large'}. Look at the data and its preprocessing.`,
      )
    }
    const factor = Math.fround(1 / size)
    for (let i = 0; i < data.length; i++) data[i] *= factor
    const network = { body: sequential(body, scaled({ input: body.outputShape, factor })), head }
    return { network, features: { shape: [images.shape[0], ...body.outputShape], data } }
  } finally {
    program.dispose()
  }
}
