import { photographs } from '../data/photographs.js'
import type { Boundary } from '../inference/convolutional/geometry.js'
import { convolutionalSparseCoding } from '../models/convolutionalSparseCoding.js'
import type { ConvolutionalSparseCodingModel } from '../models/convolutionalSparseCodingModel.js'
import { highPass } from '../preprocess/highPass.js'
import { patchSize } from '../preprocess/patchSize.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { checkPhotographChannels, isTensor, type RestorationOptions } from './restoration.js'

const KERNELS = 32
const SIDE = 8
const BOUNDARY: Boundary = 'same'
/** Moves of the kernels when they are learned on one image. */
const EPOCHS = 12
/** What a clean photograph is taken to hold beside its kernels; in units of pixels from 0 to 1. */
const PHOTOGRAPH_LAMBDA = 0.1
const PHOTOGRAPH_CROP = 96
const PHOTOGRAPH_CROPS = 120
const PHOTOGRAPH_EPOCHS = 2
const LEAST_DEVIATION = 0.03

/** Kernels, and what happens at the border. */
export interface KernelDictionary {
  readonly kernels: Tensor
  readonly boundary: Boundary
}

/** How kernels are learned from an image that has been high-passed. */
export interface KernelLearning {
  readonly lambda: number
  readonly onProgress: (part: number) => void
}

const sized = ({ patch = SIDE, atoms = KERNELS, seed = 0, threads }: RestorationOptions) => ({
  kernels: atoms,
  size: patchSize(patch),
  boundary: BOUNDARY,
  seed,
  ...(threads === undefined ? {} : { threads }),
})

/** Kernels learned from one image. */
export async function learnKernels(
  image: Tensor,
  options: RestorationOptions,
  { lambda, onProgress }: KernelLearning,
): Promise<KernelDictionary> {
  const model = await convolutionalSparseCoding({ ...sized(options), lambda, learning: 'batch' }).fit(
    { shape: [1, ...image.shape], data: image.data },
    {
      epochs: EPOCHS,
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: ({ fraction }) => onProgress(fraction),
    },
  )
  return kept(model)
}

function kept(model: ConvolutionalSparseCodingModel): KernelDictionary {
  model.dispose()
  return { kernels: model.kernels, boundary: BOUNDARY }
}

/** Kernels that do not come from the image: given, or learned on the photographs; undefined where the image's own are wanted. */
export async function otherKernels(
  image: Tensor,
  options: RestorationOptions,
  onProgress: (part: number) => void,
): Promise<KernelDictionary | undefined> {
  const { dictionary = 'itself', patch = SIDE, signal } = options
  if (dictionary === 'itself') return undefined
  const channels = image.shape.slice(2)
  if (dictionary === 'photographs') {
    checkPhotographChannels(channels)
    const side = Math.max(PHOTOGRAPH_CROP, ...patchSize(patch))
    return kept(
      await convolutionalSparseCoding({
        ...sized(options),
        lambda: PHOTOGRAPH_LAMBDA,
        transform: [highPass()],
        crop: side,
        cropsPerEpoch: PHOTOGRAPH_CROPS,
        minimumDeviation: LEAST_DEVIATION,
      }).fit(await photographs({ colour: channels.length > 0 }), {
        epochs: PHOTOGRAPH_EPOCHS,
        ...(signal ? { signal } : {}),
        onProgress: ({ fraction }) => onProgress(fraction),
      }),
    )
  }
  const given = isTensor(dictionary) ? { kernels: dictionary, boundary: BOUNDARY } : ofModel(dictionary)
  const { shape } = given.kernels
  if (shape.length !== 3 + channels.length || shape.slice(3).some((c, i) => c !== channels[i])) {
    throw new ShapeError(
      `Kernels of ${formatShape(shape.slice(1))} do not fit an image of ${formatShape(image.shape)}; they are [h, w${channels.map((c) => `, ${c}`).join('')}].`,
    )
  }
  return given
}

function ofModel(model: Exclude<RestorationOptions['dictionary'], string | Tensor | undefined>): KernelDictionary {
  if (model.kind !== 'conv-sparse-coding') {
    throw new ConfigurationError(
      `The convolutional method needs a model of convolutional sparse coding; got one of ${model.kind} (method: patches).`,
    )
  }
  return { kernels: model.kernels, boundary: model.settings.boundary }
}
