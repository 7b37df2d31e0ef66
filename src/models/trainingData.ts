import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import { patches } from '../preprocess/patches.js'
import type { FittedStep } from '../preprocess/preprocessor.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { isImages, isTensor } from './dataKind.js'
import { describeInput, describeUpdate, type ResolvedOptions, type SparseCodingData } from './sparseCoding.js'
import type { SparseCodingSettings } from './sparseCodingSettings.js'

const HELD_OUT_LIMIT = 10_000

/** The observations that learning walks through: the data itself, or random patches of images. */
export function trainingObservations(options: ResolvedOptions, data: SparseCodingData): Observations {
  if (isImages(data)) {
    if (!options.patch) {
      throw new ConfigurationError(
        `${data.name} holds images; say how large the patches to learn from are (patch: 16, or --patch 16).`,
      )
    }
    return patches(data, {
      size: options.patch,
      count: options.patchesPerEpoch,
      seed: options.seed,
      transform: options.transform,
      minimumDeviation: options.minimumDeviation,
    })
  }
  const observations = isTensor(data) ? fromTensor(data) : data
  if (options.patch) {
    throw new ConfigurationError(
      `${observations.name} holds observations of ${formatShape(observations.shape)}, not images to cut patches from; leave patch out.`,
    )
  }
  return observations
}

/** Held-out data as one preprocessed batch, of which the first 10,000 observations count. */
export async function heldOutBatch(
  data: Tensor | Observations,
  step: FittedStep,
  shape: readonly number[],
): Promise<Tensor> {
  const source = isTensor(data) ? fromTensor(data, 'the held-out data') : data
  if (!sameShape(source.shape, shape)) {
    throw new ShapeError(
      `The held-out data holds observations of ${formatShape(source.shape)}, but learning is on ${formatShape(shape)}; give data of one shape.`,
    )
  }
  for await (const batch of source.batches({ batchSize: HELD_OUT_LIMIT })) return step.apply(batch).output
  throw new DataError('The held-out data holds no observations.')
}

/** What `config.json` says of a run. */
export function describeRun(
  options: ResolvedOptions,
  data: SparseCodingData,
  raw: Observations,
  step: FittedStep,
): SparseCodingSettings {
  return {
    atoms: options.atoms,
    observation: raw.shape,
    regularizer: options.regularizer.describe(),
    update: describeUpdate(options.update),
    nonNegativeAtoms: options.nonNegativeAtoms,
    batchSize: options.batchSize,
    deadAfter: options.deadAfter,
    learningTolerance: options.learningTolerance,
    seed: options.seed,
    start: options.start,
    input: describeInput(options, isImages(data)),
    preprocess: step.config,
    data: raw.name,
  }
}

/** How long to learn, whatever the model. */
export interface FitBudget {
  readonly epochs?: number | undefined
  readonly seconds?: number | undefined
  readonly patience?: number | undefined
  readonly heldOut?: object | undefined
  readonly checkpointSeconds?: number | undefined
}

/** Throws {@link ConfigurationError} for budgets out of range. */
export function checkBudget({ epochs, seconds, patience, heldOut, checkpointSeconds }: FitBudget): void {
  if (epochs !== undefined && !(Number.isInteger(epochs) && epochs >= 1)) {
    throw new ConfigurationError(`epochs must be a whole number, 1 or more; got ${epochs}.`)
  }
  if (seconds !== undefined && !(seconds > 0)) throw new ConfigurationError(`seconds must be above 0; got ${seconds}.`)
  if (checkpointSeconds !== undefined && !(checkpointSeconds >= 0)) {
    throw new ConfigurationError(`checkpointSeconds must be 0 or more; got ${checkpointSeconds}.`)
  }
  if (patience !== undefined && !(Number.isInteger(patience) && patience >= 1)) {
    throw new ConfigurationError(`patience must be a whole number of epochs, 1 or more; got ${patience}.`)
  }
  if (patience !== undefined && !heldOut) {
    throw new ConfigurationError('patience counts epochs without a better held-out energy; give heldOut data as well.')
  }
}
