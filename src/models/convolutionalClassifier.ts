import type { Labelled } from '../data/labelled.js'
import type { Module, Parameters } from '../energy/module.js'
import { type Activation, checkedActivation } from '../energy/modules/activation.js'
import { conv } from '../energy/modules/conv.js'
import { linear } from '../energy/modules/linear.js'
import { pool } from '../energy/modules/pool.js'
import { channelsFirst } from '../energy/modules/reshaped.js'
import { sequential } from '../energy/modules/sequential.js'
import { checkedCount } from '../energy/regularizer.js'
import { localContrast } from '../preprocess/localContrast.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { formatShape, sizeOf, type Tensor, zeros } from '../tensor/tensor.js'
import { kernelName, kernelsOfFilters } from './classifierFilters.js'
import { type ClassifierFitOptions, type ClassifierForm, fitClassifier } from './classifierFit.js'
import type { ClassifierModel } from './classifierModel.js'
import { type TrainingChoices, trainingChoices, trainingOf } from './classifierTraining.js'

/** A further layer: a convolution, rectified and pooled. */
export interface ConvolutionalLayer {
  readonly channels: number
  /** Side of its kernels. */
  readonly kernel: number
  /** Side of the cells that its maps are pooled over; 1, the default, leaves them. */
  readonly pool?: number
}

export interface ConvolutionalClassifierOptions extends TrainingChoices {
  /**
   * The filters of the first layer, [k, s, s] or [k, s, s, c], such as kernels of `convolutionalSparseCoding`; each is brought to norm 1. Without
   * them they begin at random.
   */
  readonly filters?: Tensor
  /** How many filters, where none are given; 32 by default. */
  readonly channels?: number
  /** Their side, where none are given; 7 by default. */
  readonly kernel?: number
  /** Whether the filters stay as they are and only what follows learns; false by default. */
  readonly frozen?: boolean
  /** What becomes of each filtered number: its size (`abs`, the default), or `relu`, `tanh` and the like. */
  readonly rectification?: Activation
  /** Side of the cells that maps are pooled over; 4 by default. */
  readonly pool?: number
  /** `max` by default. */
  readonly pooling?: 'max' | 'mean'
  /** Layers between the first and the linear one; none by default. */
  readonly layers?: readonly ConvolutionalLayer[]
  /** What is done to images first; local contrast normalization by default. */
  readonly transform?: readonly ImageStep[]
}

const optionNames: OptionNames<ConvolutionalClassifierOptions> = {
  ...trainingChoices,
  filters: true,
  channels: true,
  kernel: true,
  frozen: true,
  rectification: true,
  pool: true,
  pooling: true,
  layers: true,
  transform: true,
}

/** A classifier, not yet learned. */
export interface Classifier {
  fit(data: Labelled, options?: ClassifierFitOptions): Promise<ClassifierModel>
}

/** Streams of random numbers. */
const FILTERS = 0
const LAYERS = 1

/**
 * A ConvNet for images [h, w] or [h, w, c] of one size: filters, rectification, pooling, further layers where there are any, and a linear layer whose
 * softmax are the probabilities of classes. The filters begin at random or at those given, and learn or stay (`frozen`, where features
 * are computed once). Throws ConfigurationError where an option is out of range or does not go with another.
 * Source: Jarrett, Kavukcuoglu, Ranzato and LeCun, ICCV 2009: filters, |·|, pooling, on locally contrast-normalized images.
 */
export function convolutionalClassifier(options: ConvolutionalClassifierOptions = {}): Classifier {
  const {
    filters,
    frozen = false,
    layers = [],
    pooling = 'max',
  } = checkOptions('convolutionalClassifier', options, optionNames)
  if (filters && (options.channels ?? options.kernel) !== undefined) {
    throw new ConfigurationError('Given filters have their number and size; leave channels and kernel out.')
  }
  const rectification = checkedActivation(options.rectification ?? 'abs')
  const size = checkedCount('pool', options.pool ?? 4)
  const channels = checkedCount('channels', options.channels ?? 32)
  const kernel = checkedCount('kernel', options.kernel ?? 7)
  const transform = imagePipeline(options.transform ?? [localContrast()])
  const training = trainingOf(options)
  rng(training.seed)

  const form = (observation: readonly number[], classes: number): ClassifierForm => {
    if (observation.length < 2 || observation.length > 3) {
      throw new ShapeError(
        `A convolutional classifier takes images [height, width] or [height, width, channels]; got observations of ${formatShape(observation)}. Use linearClassifier for rows of numbers.`,
      )
    }
    const [height, width, depth] = observation
    const colour = depth !== undefined
    const given = filters && kernelsOfFilters(filters, depth ?? 1)
    const first = conv({
      input: [depth ?? 1, height, width],
      channels: given?.shape[0] ?? channels,
      kernel: given?.shape[2] ?? kernel,
      activation: rectification,
    })
    const body = sequential(
      ...(colour ? [channelsFirst([height, width, depth])] : []),
      first,
      pool({ input: first.outputShape, size, how: pooling }),
    )
    const began = body.init(rng(training.seed, FILTERS))
    const head = headOf(body.outputShape, layers, rectification, pooling, classes)
    const last = headLength(layers)
    const headBegan = head.init(rng(training.seed, LAYERS))
    return {
      body,
      start: given ? { ...began, [kernelName(colour)]: given } : began,
      filters: given ? 'given' : 'random',
      frozen,
      transform,
      head,
      headStart: withoutOpinion(headBegan, `${last}.weight`),
      lastWeight: `${last}.weight`,
    }
  }
  return { fit: (data, fit = {}) => fitClassifier({ training, form }, data, fit) }
}

/** The modules before the linear one. */
const headLength = (layers: readonly ConvolutionalLayer[]): number => 2 * layers.length

function headOf(
  maps: readonly number[],
  layers: readonly ConvolutionalLayer[],
  activation: Activation,
  how: 'max' | 'mean',
  classes: number,
): Module {
  const modules: Module[] = []
  let input = maps
  for (const { channels, kernel, pool: size = 1 } of layers) {
    const layer = conv({ input, channels, kernel, activation })
    const pooled = pool({ input: layer.outputShape, size, how })
    modules.push(layer, pooled)
    input = pooled.outputShape
  }
  return sequential(...modules, linear({ inputs: sizeOf(input), outputs: classes }))
}

/** Parameters with the last layer at 0, so that every class is as likely at first. */
export const withoutOpinion = (parameters: Parameters, weight: string): Parameters => ({
  ...parameters,
  [weight]: zeros(parameters[weight].shape),
})
