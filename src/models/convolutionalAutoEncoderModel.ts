import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { MapEncoder } from '../energy/mapEncoders/mapEncoder.js'
import type { Parameters } from '../energy/module.js'
import { checkCodes } from '../inference/checkCodes.js'
import type { Codes } from '../inference/codes.js'
import { type ConvolutionalEncoder, convolutionalEncoder } from '../inference/convolutional/convolutionalEncoder.js'
import { codeSize, geometry, mapShape } from '../inference/convolutional/geometry.js'
import { MapInference } from '../inference/graph/encodeMaps.js'
import type { Inference } from '../inference/inference.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import type { Runtime } from '../runtime/runtime.js'
import { CancelledError, ConfigurationError, DataError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { encoderBesideDecoder } from '../views/encoderBesideDecoder.js'
import { toPng } from '../views/toPng.js'
import { autoEncoderCard } from './convolutionalAutoEncoderCard.js'
import type { AutoEncoderProgress } from './convolutionalAutoEncoderProgress.js'
import {
  type AutoEncoderSettings,
  autoEncoderName,
  encoderOf,
  geometryOfKernels,
} from './convolutionalAutoEncoderSettings.js'
import { channelsOfData, convolutionalItems } from './convolutionalData.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { type CodingProgress, totalOf } from './convolutionalSparseCodingModel.js'
import { type ConvolutionalDecodeOptions, decodeWhole } from './decodeWhole.js'
import { type EncodedObservation, joinEncoded } from './encodedObservation.js'
import type { LearningStatus } from './epochProgress.js'
import { stored } from './latentVariableTensors.js'
import type { Model } from './model.js'
import { channelsLast, planar } from './planarImages.js'
import { saveModel } from './saveModel.js'
import { drawable } from './sparseCodingModel.js'

export interface AutoEncodeOptions {
  /**
   * Proximal gradient steps of ½‖y − Σᵢ Dᵢ * zᵢ‖² + λ‖z‖₁ that follow the encoder's guess; by default 0, and 1 for `conv-tanh-gain`, whose
   * guess holds no zeros.
   */
  readonly steps?: number
  /**
   * Sweeps of coordinate descent over the coefficients of the guess that are not zero, and no others; by default none. A few take about half of
   * what a guess is above the least energy, at little cost.
   */
  readonly sweeps?: number
  /** A relative duality gap: codes are warm starts of the exact solver, until it holds. Without it they are the encoder's. */
  readonly refine?: number
  /** Bounds of the exact solver, for each observation and for all. */
  readonly maxSteps?: number
  readonly seconds?: number
  readonly signal?: AbortSignal
  /** Called within and after each observation. */
  readonly onProgress?: (progress: CodingProgress) => void
}

/** The names of {@link AutoEncodeOptions}. */
export const autoEncodeOptions: OptionNames<AutoEncodeOptions> = {
  steps: true,
  sweeps: true,
  refine: true,
  maxSteps: true,
  seconds: true,
  signal: true,
  onProgress: true,
}

/**
 * Kernels, the encoder that predicts their maps, and what is done to images before both. Energies of codes, certified and refined ones too,
 * are of convolutional sparse coding with kernels wholly inside, ½‖y − Σᵢ Dᵢ * zᵢ‖² + λ‖z‖₁: all pixels count alike, and the encoder has
 * no term in it.
 */
export interface ConvolutionalAutoEncoderModel
  extends Model<ConvolutionalData, AutoEncodeOptions, ConvolutionalDecodeOptions> {
  readonly kind: typeof autoEncoderName
  readonly settings: AutoEncoderSettings
  /** D, [m, kh, kw] or [m, kh, kw, c] */
  readonly kernels: Tensor
  readonly encoder: MapEncoder
  /** The encoder's parameters, by name. */
  readonly parameters: Parameters
  /** The encoder's filters, in the shape of the kernels. */
  readonly filters: Tensor
  /** The reports of learning, and how it ended. */
  readonly history: readonly AutoEncoderProgress[]
  readonly status: LearningStatus
  /** What is done to an image before it is coded. */
  readonly transform: ImageStep
  /** Codes of images of any sizes by the encoder, one at a time. */
  encodeEach(data: ConvolutionalData, options?: AutoEncodeOptions): AsyncGenerator<EncodedObservation>
  /** Codes of images of one size, rows [n, m·h′·w′]. Throws ShapeError where sizes differ. */
  encode(data: ConvolutionalData, options?: AutoEncodeOptions): Promise<Inference>
  /** Energy and duality gap of any code of one image [h, w(, c)], as it is; nothing is searched. */
  certify(image: Tensor, code: Codes): Promise<Inference>
  /** Σᵢ Dᵢ * zᵢ with the transform undone: of one row [...shape], of several [n, …shape]. */
  decode(codes: Codes, options?: ConvolutionalDecodeOptions): Promise<Tensor>
  /** Energy of each image at the encoder's code. */
  energy(data: ConvolutionalData, options?: AutoEncodeOptions): Promise<Float64Array>
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
}

/** What a model is made of. */
export interface AutoEncoderModelParts
  extends Pick<
    ConvolutionalAutoEncoderModel,
    'settings' | 'kernels' | 'parameters' | 'history' | 'status' | 'transform'
  > {
  readonly runtime: Runtime
  readonly threads: number | undefined
}

/** The relative gap at which a code that was not refined counts as converged. */
const CONVERGED = 1e-6
const MOST_STEPS = 100
const MOST_SWEEPS = 10_000

export function autoEncoderModel(parts: AutoEncoderModelParts): ConvolutionalAutoEncoderModel {
  const { settings, kernels, parameters, history, status, transform, runtime, threads } = parts
  const { lambda } = settings
  const shapes = geometryOfKernels(settings)
  const encoder = encoderOf(settings)
  const filters = channelsLast(parameters[encoder.filters], shapes.channelled)
  let inference: MapInference | undefined
  const ready = (): MapInference => {
    inference ??= new MapInference({ encoder, parameters, kernels: planar(kernels), lambda }, runtime)
    return inference
  }
  let exact: Promise<ConvolutionalEncoder> | undefined
  const solver = (): Promise<ConvolutionalEncoder> => {
    exact ??= convolutionalEncoder({
      kernels,
      spatial: 2,
      boundary: 'valid',
      lambda,
      ...(threads === undefined ? {} : { threads }),
    })
    return exact
  }

  /** A code of one transformed observation after sweeps over what is not zero of it, with its energy. */
  const polished = async (
    observation: Tensor,
    codes: Codes,
    options: { readonly sweeps: number; readonly signal?: AbortSignal },
  ): Promise<Inference> => {
    if (codes.values.every(Number.isFinite)) return (await solver()).polish(observation, codes, options)
    return { codes, energy: Float64Array.of(Number.NaN), steps: Uint32Array.of(0), status: ['nonFinite'] }
  }

  const model: ConvolutionalAutoEncoderModel = {
    kind: autoEncoderName,
    settings,
    kernels,
    encoder,
    parameters,
    filters,
    history,
    status,
    transform,

    async *encodeEach(data, options = {}) {
      checkOptions('encode', options, autoEncodeOptions)
      const { refine, maxSteps, seconds, signal, onProgress } = options
      const steps = checkedSteps(options, encoder)
      const sweeps = checkedSweeps(options)
      channelsOfData(data, 2)
      const total = totalOf(data)
      const started = performance.now()
      const elapsed = () => (performance.now() - started) / 1000
      const counted = total === undefined ? {} : { total }
      let done = 0
      for await (const item of convolutionalItems(data, { kernels: shapes, transform }, signal)) {
        if (signal?.aborted) throw new CancelledError(`Encoding was cancelled after ${done} observations.`)
        const { observation, mask: _, ...known } = item
        const codes = await ready().encode(imageOf(observation), { steps, ...(signal ? { signal } : {}) })
        const found =
          refine === undefined
            ? await polished(observation, codes, { sweeps, ...(signal ? { signal } : {}) })
            : await (await solver()).encode(observation, {
                tolerance: refine,
                warmStart: codes,
                ...(maxSteps === undefined ? {} : { maxSteps }),
                ...(signal ? { signal } : {}),
                ...(seconds === undefined ? {} : { seconds: Math.max(0, seconds - elapsed()) }),
                ...(onProgress
                  ? {
                      onProgress: ({ steps, gap, energy }) =>
                        onProgress({ done, ...counted, steps, gap, energy, seconds: elapsed() }),
                    }
                  : {}),
              })
        const codeShape = mapShape(geometry(shapes, 'valid', observation.shape))
        yield { ...known, shape: observation.shape, codeShape, inference: found }
        done++
        const [energy, gap] = [found.energy[0], found.gap?.[0] ?? Number.POSITIVE_INFINITY]
        onProgress?.({ done, ...counted, steps: found.steps[0], gap, energy, seconds: elapsed() })
      }
    },

    encode: (data, options) => joinEncoded(model.encodeEach(data, options)),

    async certify(image, code) {
      const data = { shape: [1, ...image.shape], data: image.data }
      for await (const { observation } of convolutionalItems(data, { kernels: shapes, transform })) {
        const place = geometry(shapes, 'valid', observation.shape)
        checkCodes(code, 1, codeSize(place), 'Codes to certify')
        // A solver that may take no step returns where it starts, with its energy and gap.
        return (await solver()).encode(observation, { maxSteps: 0, tolerance: CONVERGED, warmStart: code })
      }
      throw new DataError('There is no image to certify the code of.')
    },

    decode: async (codes, options) => decodeWhole(codes, { kernels, shapes, boundary: 'valid', transform }, options),

    async energy(data, options) {
      const energies: number[] = []
      for await (const { inference } of model.encodeEach(data, options)) energies.push(inference.energy[0])
      return Float64Array.from(energies)
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: autoEncoderName, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      const pictured = drawable(kernels.shape.slice(1))
      if (pictured) await run.savePicture('filters.png', await toPng(encoderBesideDecoder([{ filters, kernels }])))
      await run.saveCard(autoEncoderCard(model, pictured ? ['filters.png'] : []))
      await run.saveTensors({
        kernels: storedTensor(kernels.data, [...kernels.shape]),
        ...stored('encoder', parameters),
      })
    },

    dispose() {
      inference?.dispose()
      inference = undefined
      exact?.then((started) => started.dispose()).catch(() => {})
      exact = undefined
    },
  }
  return model
}

/** An observation [h, w] or [h, w, c] as [c, h, w]. */
function imageOf({ shape, data }: Tensor): Tensor {
  const image = planar({ shape: [1, ...shape], data })
  return { shape: image.shape.slice(1), data: image.data }
}

/** The encode option `steps` with its default. Throws {@link ConfigurationError} where it is no count. */
function checkedSteps({ steps }: AutoEncodeOptions, encoder: MapEncoder): number {
  if (steps === undefined) return encoder.sparse ? 0 : 1
  if (Number.isInteger(steps) && steps >= 0 && steps <= MOST_STEPS) return steps
  throw new ConfigurationError(`steps must be a whole number from 0 to ${MOST_STEPS}; got ${steps}.`)
}

/** The encode option `sweeps`. Throws {@link ConfigurationError} where it is no count, or the exact solver follows. */
function checkedSweeps({ sweeps = 0, refine }: AutoEncodeOptions): number {
  if (!Number.isInteger(sweeps) || sweeps < 0 || sweeps > MOST_SWEEPS) {
    throw new ConfigurationError(`sweeps must be a whole number from 0 to ${MOST_SWEEPS}; got ${sweeps}.`)
  }
  if (sweeps > 0 && refine !== undefined) {
    throw new ConfigurationError('refine goes on to the optimum by sweeps of its own; give either sweeps or refine.')
  }
  return sweeps
}
