import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import type { Inference } from '../inference/inference.js'
import {
  checkedPooling,
  type Pooling,
  type PoolingOptions,
  pooledLength,
  poolMaps,
  poolPatches,
} from '../inference/pooling.js'
import { cutGrid, patchGrid } from '../preprocess/patchGrid.js'
import { type PatchSize, patchSize } from '../preprocess/patchSize.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { CancelledError, ConfigurationError, DataError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import type { ConvolutionalSparseCodingModel } from './convolutionalSparseCodingModel.js'
import { isImages, isTensor } from './dataKind.js'
import type { SparseCodingModel } from './sparseCodingModel.js'

export interface FeatureOptions extends PoolingOptions {
  /** Pixels from one patch to the next, for models of patches; half a patch by default. */
  readonly stride?: PatchSize
  /** Relative duality gap of the codes; the solver's own by default. */
  readonly tolerance?: number
  readonly signal?: AbortSignal
}

/** Features of one image or signal. */
export interface Features {
  readonly index: number
  /** An image's file, where it has one. */
  readonly name: string
  readonly values: Float32Array
  /** The codes that were pooled. */
  readonly inference: Inference
}

/** A model whose codes have places, so that they can be pooled. */
export type FeatureModel = ConvolutionalSparseCodingModel | SparseCodingModel

/** How many features an image or signal has. Throws as {@link features}. */
export function featureLength(model: FeatureModel, options: FeatureOptions = {}): number {
  const pooling = checkedPooling(options)
  if (model.kind === 'conv-sparse-coding') {
    checkNoStride(options)
    return pooledLength(pooling, model.settings.kernels, model.settings.size.length === 1 ? 1 : 2)
  }
  patchOf(model)
  return pooledLength(pooling, model.settings.atoms, 2)
}

/**
 * Pooled codes of images or signals, one row of features each, for other tools to learn from: codes by `model`, their sizes pooled over the
 * cells of a grid (see {@link PoolingOptions}). Convolutional codes are pooled map by map; a dictionary of patches codes patches that overlap by half.
 * Throws {@link ConfigurationError} for a model of whole observations and for options out of range, DataError and ShapeError for
 * images that do not fit, with their names.
 * Source: spatial pyramids of sparse codes, Yang, Yu, Gong and Huang, CVPR 2009.
 */
export async function* features(
  model: FeatureModel,
  data: ConvolutionalData,
  options: FeatureOptions = {},
): AsyncGenerator<Features> {
  const pooling = checkedPooling(options)
  if (model.kind === 'conv-sparse-coding') {
    checkNoStride(options)
    const { tolerance, signal } = options
    const coding = { ...(tolerance === undefined ? {} : { tolerance }), ...(signal ? { signal } : {}) }
    for await (const { index, name, codeShape, inference } of model.encodeEach(data, coding)) {
      yield { index, name: name ?? String(index), values: poolMaps(inference.codes, codeShape, pooling), inference }
    }
    return
  }
  yield* ofPatches(model, data, pooling, options)
}

/** Throws {@link ConfigurationError} where a stride was given to a model without patches. */
function checkNoStride({ stride }: FeatureOptions): void {
  if (stride === undefined) return
  throw new ConfigurationError(
    'A stride goes with models of patches; convolutional codes have every position. Leave it out.',
  )
}

/** Height and width of the patches that a dictionary is of. */
function patchOf({ settings }: SparseCodingModel): readonly [number, number] {
  if (settings.input.kind !== 'images') {
    throw new ConfigurationError(
      'This dictionary codes whole observations, whose codes have no places to pool over; energia encode gives its codes as they are.',
    )
  }
  return patchSize(settings.input.patch as [number, number])
}

async function* ofPatches(
  model: SparseCodingModel,
  data: ConvolutionalData,
  pooling: Pooling,
  { stride, tolerance, signal }: FeatureOptions,
): AsyncGenerator<Features> {
  const size = patchOf(model)
  const grid = { size, stride: stride ?? [Math.ceil(size[0] / 2), Math.ceil(size[1] / 2)] } as const
  const transform =
    model.settings.input.kind === 'images' ? restoreImageStep(model.settings.input.transform) : undefined
  let index = 0
  for await (const { image, name } of imagesIn(data, signal)) {
    if (signal?.aborted) throw new CancelledError(`Making features was cancelled after ${index} images.`)
    const [height, width] = image.shape
    if (height < size[0] || width < size[1]) {
      throw new DataError(
        `Image ${name} is ${height}×${width}, smaller than the model's patches of ${size[0]}×${size[1]}.`,
      )
    }
    const laid = patchGrid(image.shape, grid)
    const inference = await model.encode(cutGrid(transform ? transform.apply(image).output : image, laid), {
      ...(tolerance === undefined ? {} : { tolerance }),
      ...(signal ? { signal } : {}),
    })
    const places = {
      rows: laid.rows.map((row) => (row + size[0] / 2) / height),
      columns: laid.columns.map((column) => (column + size[1] / 2) / width),
    }
    yield { index: index++, name, values: poolPatches(inference.codes, places, pooling), inference }
  }
}

/** Images one after another, whatever they come in. */
async function* imagesIn(
  data: ConvolutionalData,
  signal?: AbortSignal,
): AsyncGenerator<{ image: Tensor; name: string }> {
  if (isImages(data)) {
    for (let i = 0; i < data.count; i++) yield { image: await data.image(i), name: data.label(i) }
    return
  }
  const observations: Observations = isTensor(data) ? fromTensor(data) : data
  let index = 0
  for await (const batch of observations.batches({ batchSize: 1, ...(signal ? { signal } : {}) })) {
    yield { image: { shape: observations.shape, data: batch.data }, name: String(index++) }
  }
}
