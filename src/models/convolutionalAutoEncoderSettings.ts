import * as valid from '../artifacts/validate.js'
import type { MapEncoder } from '../energy/mapEncoders/mapEncoder.js'
import { restoreMapEncoder } from '../energy/mapEncoders/restoreMapEncoder.js'
import type { ModuleConfig } from '../energy/module.js'
import { type KernelGeometry, kernelGeometry } from '../inference/convolutional/geometry.js'
import type { OptimizerConfig } from '../learning/optimizers/optimizer.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { FileFormatError } from '../tensor/errors.js'

/** The name of these models in run folders. */
export const autoEncoderName = 'conv-autoencoder'

/** Everything that determines what is learned; `config.json` holds it, and a checkpoint is tied to it. */
export interface AutoEncoderSettings {
  readonly kernels: number
  /** [kh, kw] */
  readonly size: readonly number[]
  /** Where learning began with kernels that were given; absent where with noise. */
  readonly firstKernels?: 'given'
  /** Channels of the data; absent where it has no axis of channels. */
  readonly channels?: number
  readonly lambda: number
  readonly beta: number
  /** Whether the encoder's term counts where codes are inferred, or only trains the encoder. */
  readonly encoderInInference: boolean
  /** Steps of FISTA for the codes of a batch. */
  readonly inferenceSteps: number
  readonly encoder: ModuleConfig
  readonly optimizer: OptimizerConfig
  readonly trainingSteps: number
  readonly batchSize: number
  /** Crops without use after which a kernel begins anew. */
  readonly deadAfter: number
  readonly seed: number
  /** What was learned from: random crops of images of this size, or observations of it as they came. */
  readonly input: {
    readonly kind: 'crops' | 'whole'
    readonly crop: readonly number[]
    readonly minimumDeviation: number
  }
  readonly transform: StepConfig
  /** What it learned from: the source's name. */
  readonly data: string
}

const encoder: valid.Validator<ModuleConfig> = (value, path) => {
  const config = valid.described<ModuleConfig>()(value, path)
  restoreMapEncoder(config)
  return config
}

const pair = valid.array(valid.whole({ min: 1 }), { min: 2, max: 2 })

const fields: valid.Validator<AutoEncoderSettings> = valid.object({
  kernels: valid.whole({ min: 1 }),
  size: pair,
  firstKernels: valid.optional(valid.oneOf('given')),
  channels: valid.optional(valid.whole({ min: 1 })),
  lambda: valid.number({ above: 0 }),
  beta: valid.number({ above: 0 }),
  encoderInInference: valid.boolean,
  inferenceSteps: valid.whole({ min: 1 }),
  encoder,
  optimizer: valid.described<OptimizerConfig>(),
  trainingSteps: valid.whole({ min: 1 }),
  batchSize: valid.whole({ min: 1 }),
  deadAfter: valid.whole({ min: 1 }),
  seed: valid.whole({ min: 0 }),
  input: valid.object({
    kind: valid.oneOf('crops', 'whole'),
    crop: pair,
    minimumDeviation: valid.number({ min: 0 }),
  }),
  transform: valid.described<StepConfig>(),
  data: valid.text,
})

/** Checks the settings of `config.json`. */
export const autoEncoderSettings: valid.Validator<AutoEncoderSettings> = (value, path) => {
  const settings = fields(value, path)
  const { maps, channels, height, width } = restoreMapEncoder(settings.encoder)
  const { kernels, size } = settings
  if (maps !== kernels || channels !== (settings.channels ?? 1) || height !== size[0] || width !== size[1]) {
    throw new FileFormatError(
      `${path} holds an encoder of ${maps} maps for ${channels}×${height}×${width} beside ${kernels} kernels of ${settings.channels ?? 1}×${size.join('×')}.`,
    )
  }
  return settings
}

/** [m, kh, kw] or [m, kh, kw, c]: kernels as they are shown and stored, channels last. */
export function shapeOfKernels({ kernels, size, channels }: AutoEncoderSettings): readonly number[] {
  return [kernels, ...size, ...(channels === undefined ? [] : [channels])]
}

export function geometryOfKernels(settings: AutoEncoderSettings): KernelGeometry {
  return kernelGeometry(shapeOfKernels(settings), 2)
}

/** The encoder of these settings. */
export function encoderOf(settings: AutoEncoderSettings): MapEncoder {
  return restoreMapEncoder(settings.encoder)
}
