import { convLista } from '../energy/mapEncoders/convLista.js'
import { convShrink } from '../energy/mapEncoders/convShrink.js'
import { convTanhGain } from '../energy/mapEncoders/convTanhGain.js'
import type { MapEncoder, MapSizes } from '../energy/mapEncoders/mapEncoder.js'
import { checkedPart } from '../energy/module.js'
import { checkedCount } from '../energy/regularizer.js'
import { adam } from '../learning/optimizers/adam.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import { localContrast } from '../preprocess/localContrast.js'
import { type PatchSize, patchSize } from '../preprocess/patchSize.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import type { RuntimeOptions } from '../runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { formatShape, type Tensor, tensor } from '../tensor/tensor.js'
import { type AutoEncoderFitOptions, checkCodeSize, fitAutoEncoder } from './convolutionalAutoEncoderFit.js'
import type { ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'

/** The encoders that a convolutional auto-encoder can have. */
export type MapEncoderName = 'conv-tanh-gain' | 'conv-shrink' | 'conv-lista'

export interface ConvolutionalAutoEncoderOptions {
  /** Number of kernels, m. */
  readonly kernels: number
  /** Side, or [height, width], of kernels; 9 by default. */
  readonly size?: PatchSize
  /**
   * Kernels to begin with, [m, kh, kw] or [m, kh, kw, c], for example of convolutional sparse coding; they are brought to norm 1. Noise under a
   * Gaussian envelope by default.
   */
  readonly firstKernels?: Tensor
  /** λ of λ‖z‖₁; 1 by default, for images of local contrast about 1. */
  readonly lambda?: number
  /** β > 0 of the encoder's term ½β‖z − Enc(y)‖²; 1 by default. */
  readonly beta?: number
  /** Which encoder; `conv-tanh-gain` by default. */
  readonly encoder?: MapEncoderName
  /** K of the encoder `conv-lista`; 1 by default. */
  readonly steps?: number
  /** Whether the encoder's term counts where codes are inferred, as the energy says, or only trains the encoder; it counts by default. */
  readonly encoderInInference?: boolean
  /** Steps of FISTA, from the encoder's guess, for the codes of a batch; 12 by default. */
  readonly inferenceSteps?: number
  /** What happens to whole images first; local contrast normalization by default. */
  readonly transform?: readonly ImageStep[]
  /** Side, or [height, width], of the random crops of images that are learned from; 25 by default. */
  readonly crop?: PatchSize
  /** Crops of a lower standard deviation are drawn again; 0.2 by default, 0 takes all. */
  readonly minimumDeviation?: number
  /** Steps of learning; 2,000 by default. */
  readonly trainingSteps?: number
  /** Crops a step; 16 by default. */
  readonly batchSize?: number
  /** How parameters move; Adam from 0.003, falling along half a cosine to the last step, by default. */
  readonly optimizer?: Optimizer
  /**
   * Crops without an active coefficient after which a kernel begins anew, as a window of a crop at random; 3,200 by default, which is
   * never for codes of a batch that uses all.
   */
  readonly deadAfter?: number
  readonly seed?: number
  /** Where graphs run; the CPU, all threads, by default. */
  readonly runtime?: RuntimeOptions
  /** Threads of the exact solver; all of the machine's by default. They do not change a bit of the result. */
  readonly threads?: number
}

const optionNames: OptionNames<ConvolutionalAutoEncoderOptions> = {
  kernels: true,
  size: true,
  firstKernels: true,
  lambda: true,
  beta: true,
  encoder: true,
  steps: true,
  encoderInInference: true,
  inferenceSteps: true,
  transform: true,
  crop: true,
  minimumDeviation: true,
  trainingSteps: true,
  batchSize: true,
  optimizer: true,
  deadAfter: true,
  seed: true,
  runtime: true,
  threads: true,
}

/** A convolutional auto-encoder, not yet learned. */
export interface ConvolutionalAutoEncoder {
  fit(data: ConvolutionalData, options?: AutoEncoderFitOptions): Promise<ConvolutionalAutoEncoderModel>
}

/** What is to be learned, with every default in place. */
export interface AutoEncoderPlan
  extends Required<
    Omit<
      ConvolutionalAutoEncoderOptions,
      'size' | 'firstKernels' | 'encoder' | 'steps' | 'transform' | 'crop' | 'threads'
    >
  > {
  readonly size: readonly [number, number]
  readonly firstKernels: Tensor | undefined
  readonly encoder: (sizes: MapSizes) => MapEncoder
  readonly transform: ImageStep
  readonly crop: readonly [number, number] | undefined
  readonly threads: number | undefined
}

const RATE = 0.003

/**
 * The convolutional sparse auto-encoder (convolutional predictive sparse decomposition),
 *
 *     E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖²,
 *
 * with kernels D of norm 1 and encoder learned together from random crops of images; wₚ is how many positions of a kernel cover the
 * pixel p, as a share of kh·kw. One code for all channels. Throws {@link ConfigurationError} where an option is out of range or two do
 * not go together. Source: Kavukcuoglu, Sermanet, Boureau, Gregor, Mathieu and LeCun, NIPS 2010.
 */
export function convolutionalAutoEncoder(options: ConvolutionalAutoEncoderOptions): ConvolutionalAutoEncoder {
  const plan = planOf(checkOptions('convolutionalAutoEncoder', options, optionNames))
  return { fit: (data, fit = {}) => fitAutoEncoder(plan, data, fit) }
}

function planOf(options: ConvolutionalAutoEncoderOptions): AutoEncoderPlan {
  const { encoder = 'conv-tanh-gain', steps = 1, lambda = 1, beta = 1, minimumDeviation = 0.2, seed = 0 } = options
  const kernels = checkedCount('kernels', options.kernels)
  const size = patchSize(options.size ?? 9)
  for (const [name, value] of Object.entries({ lambda, beta })) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(`${name} must be a finite number above 0; got ${value}.`)
    }
  }
  if (!(minimumDeviation >= 0 && minimumDeviation < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`minimumDeviation must be a finite number, 0 or more; got ${minimumDeviation}.`)
  }
  if (encoder !== 'conv-lista' && options.steps !== undefined) {
    throw new ConfigurationError(`steps is for the encoder conv-lista; ${encoder} has none, leave it out.`)
  }
  if (options.optimizer !== undefined) {
    checkedPart('optimizer', options.optimizer, ['init', 'update', 'describe'], 'adam()')
  }
  const crop = options.crop === undefined ? undefined : patchSize(options.crop)
  if (crop && (crop[0] < size[0] || crop[1] < size[1])) {
    throw new ConfigurationError(
      `Crops of ${crop.join('×')} are smaller than kernels of ${size.join('×')}; give larger crops or smaller kernels.`,
    )
  }
  rng(seed)
  const trainingSteps = checkedCount('trainingSteps', options.trainingSteps ?? 2000)
  const plan: AutoEncoderPlan = {
    kernels,
    size,
    firstKernels: options.firstKernels && checkedKernels(options.firstKernels, [kernels, ...size]),
    lambda,
    beta,
    encoder: mapEncoderMaker(encoder, steps),
    encoderInInference: options.encoderInInference ?? true,
    inferenceSteps: checkedCount('inferenceSteps', options.inferenceSteps ?? 12),
    transform: imagePipeline(options.transform ?? [localContrast()]),
    crop,
    minimumDeviation,
    trainingSteps,
    batchSize: checkedCount('batchSize', options.batchSize ?? 16),
    optimizer: options.optimizer ?? adam({ learningRate: cosineRate({ rate: RATE, steps: trainingSteps }) }),
    deadAfter: checkedCount('deadAfter', options.deadAfter ?? 3200),
    seed,
    runtime: options.runtime ?? {},
    threads: options.threads,
  }
  checkCodeSize(plan, crop ?? size)
  plan.encoder({ maps: kernels, channels: 1, height: size[0], width: size[1] }) // for the errors that this throws
  return plan
}

/** The encoder of a name, for its sizes. Throws {@link ConfigurationError} where there is none. */
function mapEncoderMaker(kind: string, steps: number): (sizes: MapSizes) => MapEncoder {
  switch (kind) {
    case 'conv-tanh-gain':
      return convTanhGain
    case 'conv-shrink':
      return convShrink
    case 'conv-lista':
      return (sizes) => convLista({ ...sizes, steps })
    default:
      throw new ConfigurationError(
        `There is no encoder "${kind}"; there are conv-tanh-gain, conv-shrink and conv-lista.`,
      )
  }
}

/** First kernels as they were given. Throws {@link ShapeError} where they are not [m, kh, kw] or [m, kh, kw, c], {@link DataError} where one is 0. */
function checkedKernels(kernels: Tensor, sizes: readonly number[]): Tensor {
  const { shape, data } = tensor(kernels.shape, kernels.data)
  if (shape.length < 3 || shape.length > 4 || sizes.some((size, axis) => shape[axis] !== size)) {
    throw new ShapeError(
      `First kernels must be ${formatShape(sizes)}, with an axis of channels where the data has one; got ${formatShape(shape)}.`,
    )
  }
  const length = data.length / shape[0]
  for (let k = 0; k < shape[0]; k++) {
    const kernel = data.subarray(k * length, (k + 1) * length)
    if (!kernel.every(Number.isFinite) || kernel.every((value) => value === 0)) {
      throw new DataError(`First kernel ${k} is 0 everywhere or not of finite numbers; give another in its place.`)
    }
  }
  return kernels
}
