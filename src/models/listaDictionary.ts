import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import { checkedStrength } from '../energy/regularizer.js'
import { patches } from '../preprocess/patches.js'
import { pipeline } from '../preprocess/pipeline.js'
import type { FittedStep } from '../preprocess/preprocessor.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import type { OptionNames } from '../tensor/options.js'
import { formatShape, sameShape, type Tensor, tensor } from '../tensor/tensor.js'
import { isImages, isTensor } from './dataKind.js'
import type { EncoderFitOptions } from './listaFit.js'
import type { InputSettings } from './settingsParts.js'
import { type SparseCodingData, type SparseCodingOptions, sparseCoding } from './sparseCoding.js'
import type { SparseCodingModel } from './sparseCodingModel.js'

/** The dictionary that an encoder serves: given, or learned first by sparse coding from the same data. */
export interface DictionaryOptions
  extends Pick<
    SparseCodingOptions,
    'preprocess' | 'patch' | 'transform' | 'patchesPerEpoch' | 'minimumDeviation' | 'lambda' | 'seed' | 'threads'
  > {
  /** Atoms [k, …shape of an observation], or a learned model with an L1 penalty, whose λ and preprocessing then hold too. */
  readonly dictionary?: Tensor | SparseCodingModel
  /** Where no dictionary is given: how many atoms to learn. */
  readonly atoms?: number
  /** Epochs of sparse coding that the dictionary is learned for; 5 by default (1 where both are then learned together). */
  readonly dictionaryEpochs?: number
}

/** A dictionary, its λ, and what leads from data to what it codes. */
export interface StartingDictionary {
  readonly atoms: Tensor
  readonly lambda: number
  readonly preprocess: FittedStep
  readonly input: InputSettings
  readonly origin: string
}

/** The names of {@link DictionaryOptions}. */
export const dictionaryOptions: OptionNames<DictionaryOptions> = {
  dictionary: true,
  atoms: true,
  lambda: true,
  dictionaryEpochs: true,
  preprocess: true,
  patch: true,
  transform: true,
  patchesPerEpoch: true,
  minimumDeviation: true,
  seed: true,
  threads: true,
}

const FIRST_EPOCHS = 5

/** Throws ConfigurationError where the dictionary is said twice or not at all, or options of learning one come with a given one. */
export function checkDictionaryOptions(options: DictionaryOptions): void {
  const { dictionary, atoms, lambda, dictionaryEpochs } = options
  if ((dictionary === undefined) === (atoms === undefined)) {
    throw new ConfigurationError(
      'Give either a dictionary, or the number of atoms of one to learn first (atoms), and not both.',
    )
  }
  if (lambda !== undefined) checkedStrength('l1', { lambda })
  if (dictionary === undefined) {
    if (lambda === undefined) throw new ConfigurationError('lambda is missing: λ of the penalty λ‖z‖₁ on codes.')
    if (dictionaryEpochs !== undefined && !(Number.isInteger(dictionaryEpochs) && dictionaryEpochs >= 1)) {
      throw new ConfigurationError(`dictionaryEpochs must be a whole number, 1 or more; got ${dictionaryEpochs}.`)
    }
    return
  }
  const unused = (
    ['preprocess', 'patch', 'transform', 'patchesPerEpoch', 'minimumDeviation', 'dictionaryEpochs'] as const
  ).find((name) => options[name] !== undefined)
  if (unused) {
    throw new ConfigurationError(
      `${unused} is for learning a dictionary, and one is given; leave it out${unused === 'dictionaryEpochs' ? '' : ', or pass a sparse-coding model, which brings its own'}.`,
    )
  }
  if ('settings' in dictionary) modelLambda(dictionary, lambda)
  else if (lambda === undefined) throw new ConfigurationError('A dictionary of plain atoms needs lambda, λ of λ‖z‖₁.')
}

/** The dictionary, learned where it is not given. */
export async function startingDictionary(
  options: DictionaryOptions,
  data: SparseCodingData,
  { signal, onDictionaryProgress: onProgress }: Pick<EncoderFitOptions, 'signal' | 'onDictionaryProgress'>,
): Promise<StartingDictionary> {
  const { dictionary, lambda, atoms } = options
  if (dictionary && !('settings' in dictionary)) {
    const checked = tensor(dictionary.shape, dictionary.data)
    return {
      atoms: { shape: checked.shape, data: checked.data.slice() },
      lambda: lambda as number, // checkDictionaryOptions has seen to it
      preprocess: await pipeline([]).fit(fromTensor({ shape: [1, 1], data: new Float32Array(1) })),
      input: { kind: 'observations' },
      origin: 'given',
    }
  }
  if (dictionary) return fromModel(dictionary, modelLambda(dictionary, lambda))
  const { dictionary: _, dictionaryEpochs = FIRST_EPOCHS, ...learning } = options
  const model = await sparseCoding(sparseCodingOptions(learning, atoms as number)).fit(data, {
    epochs: dictionaryEpochs,
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  try {
    return fromModel(model, modelLambda(model, lambda))
  } finally {
    model.dispose()
  }
}

/** Those of the options that sparse coding takes. */
function sparseCodingOptions(options: DictionaryOptions, atoms: number): SparseCodingOptions {
  const names = [
    'preprocess',
    'patch',
    'transform',
    'patchesPerEpoch',
    'minimumDeviation',
    'lambda',
    'seed',
    'threads',
  ] as const
  const chosen = Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  return { ...chosen, atoms }
}

function fromModel({ atoms, preprocess, settings }: SparseCodingModel, lambda: number): StartingDictionary {
  return {
    atoms: { shape: [...atoms.shape], data: atoms.data.slice() },
    lambda,
    preprocess,
    input: settings.input,
    origin: settings.data,
  }
}

/** λ of a model, which must have an absolute one of an L1 penalty. */
function modelLambda({ settings: { regularizer } }: SparseCodingModel, lambda: number | undefined): number {
  if (regularizer.kind !== 'l1') {
    throw new ConfigurationError(
      `The dictionary was learned with the regularizer ${regularizer.kind}; encoders are for l1. Pass its atoms and a lambda.`,
    )
  }
  const own = lambda ?? regularizer.lambda
  if (own === undefined) {
    throw new ConfigurationError(
      'The dictionary was learned with a fraction of λmax (lambdaRatio), and an encoder needs one λ for all; give lambda.',
    )
  }
  return own
}

/** The observations to learn from, not yet preprocessed: the data itself, or random patches of images. */
export function observationsToLearn(
  { atoms, input }: StartingDictionary,
  data: SparseCodingData,
  seed: number,
): Observations {
  const shape = atoms.shape.slice(1)
  const observations = isImages(data)
    ? input.kind === 'images'
      ? patches(data, {
          size: [input.patch[0], input.patch[1]],
          count: input.patchesPerEpoch,
          seed,
          transform: restoreImageStep(input.transform),
          minimumDeviation: input.minimumDeviation,
        })
      : undefined
    : isTensor(data)
      ? fromTensor(data)
      : data
  if (!observations) {
    throw new ConfigurationError(
      `${isTensor(data) ? 'The data' : data.name} holds images, and the dictionary codes observations of ${formatShape(shape)}; cut patches first, or pass a model learned from images.`,
    )
  }
  if (!sameShape(observations.shape, shape)) {
    throw new ShapeError(
      `${observations.name} holds observations of ${formatShape(observations.shape)}, and the atoms are ${formatShape(shape)}; make the two alike.`,
    )
  }
  return observations
}

/** The first observations of held-out data, preprocessed. */
export async function heldOutObservations(
  dictionary: StartingDictionary,
  data: SparseCodingData,
  limit: number,
): Promise<Tensor> {
  for await (const batch of observationsToLearn(dictionary, data, 0).batches({ batchSize: limit })) {
    return dictionary.preprocess.apply(batch).output
  }
  throw new DataError('The held-out data holds no observations.')
}
