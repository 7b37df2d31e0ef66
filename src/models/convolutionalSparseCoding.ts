import type { Images, Observations } from '../data/observations.js'
import { checkedCount, checkedStrength } from '../energy/regularizer.js'
import { type Boundary, boundaries } from '../inference/convolutional/geometry.js'
import type { ConvolutionalLearning } from '../learning/convolutional/convolutionalLearner.js'
import { type PatchSize, patchSize } from '../preprocess/patchSize.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import type { ImageStep, StepConfig } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { type ConvolutionalFitOptions, fitConvolutional } from './convolutionalSparseCodingFit.js'
import type { ConvolutionalSparseCodingModel } from './convolutionalSparseCodingModel.js'

/** What can be learned from and coded: images [n, h, w] or [n, h, w, c], signals [n, t] or [n, t, c], a stream of such, or images of any sizes. */
export type ConvolutionalData = Tensor | Observations | Images

export interface ConvolutionalSparseCodingOptions {
  /** Number of kernels, m. */
  readonly kernels: number
  /** Side, or [height, width], of kernels for images; [length] of kernels for signals. */
  readonly size: number | readonly [length: number] | readonly [height: number, width: number]
  /** λ, absolute. */
  readonly lambda?: number
  /** λ as a fraction of each observation's λmax, the smallest λ under which its code is 0. */
  readonly lambdaRatio?: number
  /** Whether codes are kept ≥ 0. */
  readonly nonNegative?: boolean
  /** Whether kernels are kept ≥ 0. */
  readonly nonNegativeKernels?: boolean
  /** What happens at the border; `same` by default. */
  readonly boundary?: Boundary
  /**
   * `online` (the default): kernels move after every `batchSize` observations, older ones fading; `batch`: after each whole pass, by that
   * pass alone.
   */
  readonly learning?: 'online' | 'batch'
  /** How fast older observations fade online, from 0 (never) to 100; 5 by default: roughly the last fifth counts. */
  readonly forgetting?: number
  /** Observations between moves online; by default as many as have about 16,384 pixels or samples together. */
  readonly batchSize?: number
  /** What happens to observations before they are coded: high-pass, for images also local contrast. */
  readonly transform?: readonly ImageStep[]
  /** Learn from random crops of images of this side (or height and width) instead of whole ones. */
  readonly crop?: PatchSize
  /** Crops an epoch; by default about as many as cover 20 images of 512×512. */
  readonly cropsPerEpoch?: number
  /** Crops of a lower standard deviation are drawn again; 0 takes all. */
  readonly minimumDeviation?: number
  /** Observations without use after which a kernel is replaced from where the residual is largest; 20 moves' worth by default. */
  readonly deadAfter?: number
  /** Of two kernels that are alike up to a shift by more than this cosine the less used is replaced; 0.95 by default, 1 leaves them. */
  readonly duplicateCosine?: number
  /** Whether kernels whose energy drifts to one side are moved back; true by default. */
  readonly centring?: boolean
  /** Relative duality gap to which codes are found while learning; 0.01 by default. */
  readonly learningTolerance?: number
  readonly seed?: number
  /** Threads; all of the machine's by default. They do not change a bit of the result. */
  readonly threads?: number
}

const optionNames: OptionNames<ConvolutionalSparseCodingOptions> = {
  kernels: true,
  size: true,
  lambda: true,
  lambdaRatio: true,
  nonNegative: true,
  nonNegativeKernels: true,
  boundary: true,
  learning: true,
  forgetting: true,
  batchSize: true,
  transform: true,
  crop: true,
  cropsPerEpoch: true,
  minimumDeviation: true,
  deadAfter: true,
  duplicateCosine: true,
  centring: true,
  learningTolerance: true,
  seed: true,
  threads: true,
}

/** Convolutional sparse coding, not yet learned. */
export interface ConvolutionalSparseCoding {
  fit(data: ConvolutionalData, options?: ConvolutionalFitOptions): Promise<ConvolutionalSparseCodingModel>
}

/** Options with every default in place that does not wait for the data. */
export interface ResolvedConvolutional {
  readonly kernels: number
  /** [kh, kw] or [kt]. */
  readonly size: readonly number[]
  readonly lambda: number | undefined
  readonly lambdaRatio: number | undefined
  readonly nonNegative: boolean
  readonly nonNegativeKernels: boolean
  readonly boundary: Boundary
  readonly learning: ConvolutionalLearning
  readonly batchSize: number | undefined
  readonly transform: ImageStep
  readonly crop: [number, number] | undefined
  readonly cropsPerEpoch: number | undefined
  readonly minimumDeviation: number
  readonly deadAfter: number | undefined
  readonly duplicateCosine: number
  readonly centring: boolean
  readonly learningTolerance: number
  readonly seed: number
  readonly threads: number | undefined
}

/**
 * Convolutional sparse coding, E(Y, Z) = ½‖M ⊙ (Y − Σᵢ Kᵢ * Zᵢ)‖² + λΣᵢ‖Zᵢ‖₁, with kernels K learned from images or signals of any
 * sizes, one code for all channels. Throws ConfigurationError where an option is out of range or two do not go together.
 * Source: Zeiler, Krishnan, Taylor and Fergus, CVPR 2010; learning from statistics as in Mairal, Bach, Ponce and Sapiro, JMLR 2010.
 */
export function convolutionalSparseCoding(options: ConvolutionalSparseCodingOptions): ConvolutionalSparseCoding {
  const resolved = resolve(checkOptions('convolutionalSparseCoding', options, optionNames))
  return { fit: (data, fitOptions = {}) => fitConvolutional(resolved, data, fitOptions) }
}

function resolve(options: ConvolutionalSparseCodingOptions): ResolvedConvolutional {
  const { lambda, lambdaRatio, seed = 0, boundary = 'same', learning = 'online', forgetting = 5 } = options
  const { learningTolerance = 0.01, minimumDeviation = 0, duplicateCosine = 0.95 } = options
  const size = kernelSize(options.size)
  checkedStrength('l1', {
    ...(lambda === undefined ? {} : { lambda }),
    ...(lambdaRatio === undefined ? {} : { lambdaRatio }),
  })
  if (!boundaries.includes(boundary)) {
    throw new ConfigurationError(`boundary must be one of ${boundaries.join(', ')}; got ${boundary}.`)
  }
  if (learning !== 'online' && learning !== 'batch') {
    throw new ConfigurationError(`learning must be "online" or "batch"; got ${JSON.stringify(learning)}.`)
  }
  if (!(forgetting >= 0 && forgetting <= 100)) {
    throw new ConfigurationError(`forgetting must be a number from 0 to 100; got ${forgetting}.`)
  }
  if (learning === 'batch' && (options.forgetting ?? options.batchSize) !== undefined) {
    throw new ConfigurationError(
      'Batch learning moves kernels after each whole pass by that pass alone; leave forgetting and batchSize out, or learn online.',
    )
  }
  if (!(learningTolerance > 0 && learningTolerance < 1)) {
    throw new ConfigurationError(`learningTolerance must lie between 0 and 1; got ${learningTolerance}.`)
  }
  if (!(minimumDeviation >= 0 && minimumDeviation < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`minimumDeviation must be a finite number, 0 or more; got ${minimumDeviation}.`)
  }
  if (!(duplicateCosine > 0 && duplicateCosine <= 1)) {
    throw new ConfigurationError(`duplicateCosine must lie above 0, up to 1; got ${duplicateCosine}.`)
  }
  const { crop: side, transform = [] } = options
  const crop = side === undefined ? undefined : patchSize(side)
  if (size.length === 1 && crop) {
    throw new ConfigurationError(
      `crop is for images, and kernels of size [${size}] are for signals; leave it out, or give a number or [height, width] as size.`,
    )
  }
  checkSpatial(imagePipeline(transform).config, size.length === 1 ? 1 : 2)
  if (crop && (crop[0] < size[0] || crop[1] < size[1])) {
    throw new ConfigurationError(
      `Crops of ${crop.join('×')} are smaller than kernels of ${size.join('×')}; give larger crops or smaller kernels.`,
    )
  }
  if (!crop && (options.cropsPerEpoch !== undefined || minimumDeviation > 0)) {
    throw new ConfigurationError('cropsPerEpoch and minimumDeviation are for learning from crops; give crop as well.')
  }
  rng(seed)
  const counted = (name: 'batchSize' | 'cropsPerEpoch' | 'deadAfter') =>
    options[name] === undefined ? undefined : checkedCount(name, options[name])
  return {
    kernels: checkedCount('kernels', options.kernels),
    size,
    lambda,
    lambdaRatio,
    nonNegative: options.nonNegative ?? false,
    nonNegativeKernels: options.nonNegativeKernels ?? false,
    boundary,
    learning: learning === 'batch' ? { kind: 'batch' } : { kind: 'online', forgetting },
    batchSize: counted('batchSize'),
    transform: imagePipeline(transform),
    crop,
    cropsPerEpoch: counted('cropsPerEpoch'),
    minimumDeviation,
    deadAfter: counted('deadAfter'),
    duplicateCosine,
    centring: options.centring ?? true,
    learningTolerance,
    seed,
    threads: options.threads,
  }
}

/** Throws {@link ConfigurationError} for steps on images where observations are signals, and for steps on signals where they are images. */
function checkSpatial(config: StepConfig, spatial: 1 | 2): void {
  if (config.kind === 'pipeline' && Array.isArray(config.steps)) {
    // A pipeline's steps are the configurations of its steps.
    for (const step of config.steps) checkSpatial(step as StepConfig, spatial)
    return
  }
  const meant = config.spatial ?? 2
  if (meant === spatial) return
  throw new ConfigurationError(
    spatial === 1
      ? `The transform ${config.kind} is for images, and kernels of size [length] are for signals; use highPass({ spatial: 1 }), or leave it out.`
      : `The transform ${config.kind} is for signals (spatial: 1), and the kernels are for images; leave spatial out.`,
  )
}

/** [kh, kw] or [kt], checked. */
function kernelSize(size: ConvolutionalSparseCodingOptions['size']): readonly number[] {
  const sizes = typeof size === 'number' ? [size, size] : [...(size ?? [])]
  const whole = sizes.every((extent) => Number.isInteger(extent) && extent >= 1 && extent <= 0xffff)
  if (!whole || (sizes.length !== 1 && sizes.length !== 2)) {
    throw new ConfigurationError(
      `size must be a whole number or [height, width] for images, or [length] for signals, of 1 to 65535; got ${JSON.stringify(size)}.`,
    )
  }
  return sizes
}
