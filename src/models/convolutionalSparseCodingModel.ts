import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { Codes } from '../inference/codes.js'
import {
  type ConvolutionalEncodeOptions,
  type ConvolutionalEncoder,
  convolutionalEncodeOptions,
  convolutionalEncoder,
} from '../inference/convolutional/convolutionalEncoder.js'
import type { Inference } from '../inference/inference.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { waveforms } from '../views/waveforms.js'
import { channelsOfData, convolutionalItems, type ObservationMasks } from './convolutionalData.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { convolutionalCard } from './convolutionalSparseCodingCard.js'
import type { ConvolutionalProgress } from './convolutionalSparseCodingProgress.js'
import {
  type ConvolutionalSettings,
  convolutionalName,
  geometryOfKernels,
  spatialOf,
} from './convolutionalSparseCodingSettings.js'
import { isImages } from './dataKind.js'
import { type ConvolutionalDecodeOptions, decodeWhole } from './decodeWhole.js'
import { type EncodedObservation, joinEncoded } from './encodedObservation.js'
import type { LearningStatus } from './epochProgress.js'
import type { Model } from './model.js'
import { saveModel } from './saveModel.js'
import { drawable } from './sparseCodingModel.js'

export interface ConvolutionalModelEncodeOptions
  extends Omit<ConvolutionalEncodeOptions, 'mask' | 'warmStart' | 'onProgress'> {
  /** What was observed; see {@link ObservationMasks}. For models without a transform. */
  readonly mask?: ObservationMasks
  /** Codes to start from, where one observation is coded. */
  readonly warmStart?: Codes
  /** Called within and after each observation. */
  readonly onProgress?: (progress: CodingProgress) => void
}

/** How far coding has come. */
export interface CodingProgress {
  /** Observations that are done, and how many there are where that is known. */
  readonly done: number
  readonly total?: number
  /** Of the present observation. */
  readonly steps: number
  readonly gap: number
  readonly energy: number
  readonly seconds: number
}

/** Kernels with what is done to observations before: codes, reconstructions and energies of new data of any sizes. */
export interface ConvolutionalSparseCodingModel
  extends Model<ConvolutionalData, ConvolutionalModelEncodeOptions, ConvolutionalDecodeOptions> {
  readonly kind: typeof convolutionalName
  readonly settings: ConvolutionalSettings
  /** [m, kh, kw], [m, kh, kw, c], [m, kt] or [m, kt, c] */
  readonly kernels: Tensor
  /** How many coefficients each kernel had in the statistics of the last move. */
  readonly usage: Float64Array
  /** The reports of learning, and how it ended. */
  readonly history: readonly ConvolutionalProgress[]
  readonly status: LearningStatus
  /** What is done to an observation before it is coded. */
  readonly transform: ImageStep
  /** Codes of observations of any sizes, one at a time. */
  encodeEach(data: ConvolutionalData, options?: ConvolutionalModelEncodeOptions): AsyncGenerator<EncodedObservation>
  /** Codes of observations of one size, rows [n, m·h′·w′]. Throws ShapeError where sizes differ. */
  encode(data: ConvolutionalData, options?: ConvolutionalModelEncodeOptions): Promise<Inference>
  /** Σᵢ Kᵢ * Zᵢ with the transform undone: of one row [...shape], of several [n, …shape]. */
  decode(codes: Codes, options?: ConvolutionalDecodeOptions): Promise<Tensor>
  /** Free energy of each observation: E at its code. */
  energy(data: ConvolutionalData, options?: ConvolutionalModelEncodeOptions): Promise<Float64Array>
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
}

/** What a model is made of. */
export interface ConvolutionalModelParts
  extends Pick<ConvolutionalSparseCodingModel, 'settings' | 'kernels' | 'usage' | 'history' | 'status' | 'transform'> {
  readonly threads: number | undefined
}

export function convolutionalModel(parts: ConvolutionalModelParts): ConvolutionalSparseCodingModel {
  const { settings, kernels, usage, history, status, transform } = parts
  const spatial = spatialOf(settings)
  const { boundary } = settings
  const shapes = geometryOfKernels(settings)
  let encoder: Promise<ConvolutionalEncoder> | undefined
  const ready = (): Promise<ConvolutionalEncoder> => {
    encoder ??= convolutionalEncoder({
      kernels,
      spatial,
      boundary,
      nonNegative: settings.nonNegative,
      ...(settings.lambda === undefined ? {} : { lambda: settings.lambda }),
      ...(settings.lambdaRatio === undefined ? {} : { lambdaRatio: settings.lambdaRatio }),
      ...(parts.threads === undefined ? {} : { threads: parts.threads }),
    })
    return encoder
  }

  const model: ConvolutionalSparseCodingModel = {
    kind: convolutionalName,
    settings,
    kernels,
    usage,
    history,
    status,
    transform,

    async *encodeEach(data, options = {}) {
      checkOptions('encode', options, convolutionalEncodeOptions)
      const { mask, warmStart, onProgress, seconds, ...rest } = options
      channelsOfData(data, spatial)
      const total = totalOf(data)
      if (warmStart && total !== 1) {
        throw new ConfigurationError('Codes to start from go with one observation; code several one at a time.')
      }
      const coder = await ready()
      const started = performance.now()
      const elapsed = () => (performance.now() - started) / 1000
      let done = 0
      const tell = (steps: number, gap: number, energy: number): void =>
        onProgress?.({ done, ...(total === undefined ? {} : { total }), steps, gap, energy, seconds: elapsed() })
      const reading = { kernels: shapes, transform, masks: mask }
      for await (const item of convolutionalItems(data, reading, options.signal)) {
        if (options.signal?.aborted) throw new CancelledError(`Encoding was cancelled after ${done} observations.`)
        const { observation, mask: own, ...known } = item
        const inference = await coder.encode(observation, {
          ...rest,
          ...(own ? { mask: own } : {}),
          ...(warmStart ? { warmStart } : {}),
          ...(seconds === undefined ? {} : { seconds: Math.max(0, seconds - elapsed()) }),
          ...(onProgress ? { onProgress: ({ steps, gap, energy }) => tell(steps, gap, energy) } : {}),
        })
        yield { ...known, shape: observation.shape, codeShape: coder.codeShape(observation.shape), inference }
        done++
        tell(inference.steps[0], inference.gap?.[0] ?? 0, inference.energy[0])
      }
    },

    encode: (data, options) => joinEncoded(model.encodeEach(data, options)),

    decode: async (codes, options) => decodeWhole(codes, { kernels, shapes, boundary, transform }, options),

    async energy(data, options) {
      const energies: number[] = []
      for await (const { inference } of model.encodeEach(data, options)) energies.push(inference.energy[0])
      return Float64Array.from(energies)
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: convolutionalName, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      const picture = pictureOf(kernels, usage, spatial)
      if (picture) await run.savePicture('kernels.png', await toPng(picture))
      await run.saveCard(convolutionalCard(model, picture ? ['kernels.png'] : []))
      await run.saveTensors({
        kernels: storedTensor(kernels.data, [...kernels.shape]),
        usage: storedTensor(usage),
      })
    },

    dispose() {
      encoder?.then((started) => started.dispose()).catch(() => {})
      encoder = undefined
    },
  }
  return model
}

/** How many observations data holds, where that is known. */
export function totalOf(data: ConvolutionalData): number | undefined {
  return isImages(data) || 'batches' in data ? data.count : data.shape[0]
}

/** Kernels as a picture, the most used first: a mosaic of images, or a chart each of signals. */
function pictureOf(kernels: Tensor, usage: Float64Array, spatial: 1 | 2) {
  if (spatial === 1) return waveforms(kernels, { usage })
  const [count, height, width, channels] = kernels.shape
  // One channel is drawn as none.
  const shape = channels === 1 ? [count, height, width] : kernels.shape
  return drawable(shape.slice(1)) ? mosaic({ shape, data: kernels.data }, { usage }) : undefined
}
