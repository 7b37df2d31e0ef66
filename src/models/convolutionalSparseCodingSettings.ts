import * as valid from '../artifacts/validate.js'
import { type Boundary, boundaries, type KernelGeometry, kernelGeometry } from '../inference/convolutional/geometry.js'
import type { ConvolutionalLearning } from '../learning/convolutional/convolutionalLearner.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { FileFormatError } from '../tensor/errors.js'

/** The name of these models in run folders. */
export const convolutionalName = 'conv-sparse-coding'

/** What learning walks through: observations as they come, or random crops of images. */
export type ConvolutionalInput =
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'crops'
      readonly crop: readonly number[]
      readonly cropsPerEpoch: number
      readonly minimumDeviation: number
    }

/** Everything that determines what is learned; `config.json` holds it, and a checkpoint is tied to it. */
export interface ConvolutionalSettings {
  readonly kernels: number
  /** [kh, kw] for images, [kt] for signals. */
  readonly size: readonly number[]
  /** Channels of the data; absent where it has no axis of channels. */
  readonly channels?: number
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly nonNegative: boolean
  readonly nonNegativeKernels: boolean
  readonly boundary: Boundary
  readonly learning: ConvolutionalLearning
  readonly batchSize: number
  readonly deadAfter: number
  readonly duplicateCosine: number
  readonly centring: boolean
  readonly learningTolerance: number
  readonly seed: number
  readonly input: ConvolutionalInput
  readonly transform: StepConfig
  /** What it learned from: the source's name. */
  readonly data: string
}

const fields = valid.object({
  kernels: valid.whole({ min: 1 }),
  size: valid.array(valid.whole({ min: 1 }), { min: 1, max: 2 }),
  channels: valid.optional(valid.whole({ min: 1 })),
  lambda: valid.optional(valid.number({ above: 0 })),
  lambdaRatio: valid.optional(valid.number({ above: 0, max: 1 })),
  nonNegative: valid.boolean,
  nonNegativeKernels: valid.boolean,
  boundary: valid.oneOf(...boundaries),
  learning: valid.variant('kind', {
    online: valid.object({ kind: valid.oneOf('online'), forgetting: valid.number({ min: 0, max: 100 }) }),
    batch: valid.object({ kind: valid.oneOf('batch') }),
  }),
  batchSize: valid.whole({ min: 1 }),
  deadAfter: valid.whole({ min: 1 }),
  duplicateCosine: valid.number({ above: 0, max: 1 }),
  centring: valid.boolean,
  learningTolerance: valid.number({ above: 0, max: 1 }),
  seed: valid.whole({ min: 0 }),
  input: valid.variant('kind', {
    whole: valid.object({ kind: valid.oneOf('whole') }),
    crops: valid.object({
      kind: valid.oneOf('crops'),
      crop: valid.array(valid.whole({ min: 1 }), { min: 2, max: 2 }),
      cropsPerEpoch: valid.whole({ min: 1 }),
      minimumDeviation: valid.number({ min: 0 }),
    }),
  }),
  transform: valid.described<StepConfig>(),
  data: valid.text,
})

/** Checks the settings of `config.json`. */
export const convolutionalSettings: valid.Validator<ConvolutionalSettings> = (value, path) => {
  const settings = fields(value, path)
  if ((settings.lambda === undefined) === (settings.lambdaRatio === undefined)) {
    throw new FileFormatError(`${path} must hold either lambda or lambdaRatio.`)
  }
  return settings
}

/** [m, kh, kw], [m, kh, kw, c], [m, kt] or [m, kt, c]. */
export function shapeOfKernels({ kernels, size, channels }: ConvolutionalSettings): readonly number[] {
  return [kernels, ...size, ...(channels === undefined ? [] : [channels])]
}

/** 1 for signals, 2 for images. */
export function spatialOf({ size }: Pick<ConvolutionalSettings, 'size'>): 1 | 2 {
  return size.length === 1 ? 1 : 2
}

export function geometryOfKernels(settings: ConvolutionalSettings): KernelGeometry {
  return kernelGeometry(shapeOfKernels(settings), spatialOf(settings))
}
