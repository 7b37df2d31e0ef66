import { checkFinite } from '../data/passes.js'
import { geometry, type KernelGeometry, type Spatial } from '../inference/convolutional/geometry.js'
import type { ImageStep, NamedTensors } from '../preprocess/preprocessor.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, givenTensor, sameShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { isImages, isTensor } from './dataKind.js'
import { checkObserved } from './observedMasks.js'

/**
 * What was observed, 1, and what is missing, 0: one mask for all observations, of the shape of one or without its channels; one each, of
 * the shape of a batch in memory; or a function of an observation's number. What stands where the mask is 0 does not matter. Observations of which
 * nothing was observed are left out of learning, and coded as 0 with energy 0.
 */
export type ObservationMasks = Tensor | ((index: number) => Tensor | undefined)

/** What observations are held to, and what is done to them. */
export interface Reading {
  readonly kernels: KernelGeometry
  readonly transform: ImageStep
  readonly masks?: ObservationMasks | undefined
}

/** One observation, ready to be coded. */
export interface ConvolutionalItem {
  readonly index: number
  /** What a person calls it: an image's file. */
  readonly name?: string
  readonly observation: Tensor
  readonly mask: Tensor | undefined
  /** What the transform took out. */
  readonly context: NamedTensors
}

/**
 * The number of channels of data, undefined where it has no axis of them. Throws {@link ShapeError} where it holds neither images
 * (spatial 2) nor signals (spatial 1), whichever kernels are for.
 */
export function channelsOfData(data: ConvolutionalData, spatial: Spatial): number | undefined {
  if (isImages(data)) {
    if (spatial === 2) return data.channels === 1 ? undefined : data.channels
    throw new ShapeError(
      `${data.name} holds images, and kernels of size [length] are for signals; give a number or [height, width] as size.`,
    )
  }
  const [name, shape] = isTensor(data) ? ['The given tensor', data.shape.slice(1)] : [data.name, data.shape]
  const axes = shape.length - spatial
  if (axes === 0) return undefined
  if (axes === 1) return shape[spatial]
  throw new ShapeError(
    spatial === 2
      ? `${name} holds observations of ${formatShape(shape)}; images are [height, width] or [height, width, channels], and an array of one has a first axis of 1. For signals give size as [length].`
      : `${name} holds observations of ${formatShape(shape)}; signals are [length] or [length, channels]. For images give size as a number or [height, width].`,
  )
}

/** All observations in their order, one at a time. Throws ShapeError and DataError, naming the observation, where one does not fit. */
export async function* convolutionalItems(
  data: ConvolutionalData,
  reading: Reading,
  signal?: AbortSignal,
): AsyncGenerator<ConvolutionalItem> {
  checkObserved(reading.masks, nameOf(data))
  let index = 0
  for await (const { raw, mask, name } of rawItems(data, reading, signal)) {
    const { output, context } = reading.transform.apply(raw)
    yield { index: index++, ...(name === undefined ? {} : { name }), observation: output, mask, context }
  }
}

async function* rawItems(
  data: ConvolutionalData,
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ raw: Tensor; mask: Tensor | undefined; name?: string }> {
  if (isTensor(data)) {
    for (let row = 0; row < rowCount(data); row++) yield rowOf(data, row, reading)
  } else if (isImages(data)) {
    for (let index = 0; index < data.count; index++) {
      if (signal?.aborted) throw new CancelledError(`Reading ${data.name} was cancelled.`)
      const raw = await data.image(index)
      const name = data.label(index)
      checkFits(raw.shape, reading, `image ${name}`)
      yield { raw, mask: maskOf(reading, index, raw.shape, `image ${name}`), name }
    }
  } else {
    checkFits(data.shape, reading, `observations of ${data.name}`)
    let index = 0
    for await (const batch of data.batches({ batchSize: 1, ...(signal ? { signal } : {}) })) {
      const raw = { shape: data.shape, data: batch.data.slice() }
      yield { raw, mask: maskOf(reading, index, data.shape, `observation ${index}`) }
      index++
    }
  }
}

/** What data is called in a sentence. */
export const nameOf = (data: ConvolutionalData): string => (isTensor(data) ? 'the given tensor' : data.name)

/** The number of observations of a batch. Throws {@link DataError} where there are none. */
export function rowCount(batch: Tensor): number {
  givenTensor(batch, 'The given data')
  if (batch.data.length === 0) throw new DataError('The given tensor holds no observations. At least one is needed.')
  return batch.shape[0]
}

/** One row of a batch with its mask, zero where the mask is; checked. */
export function rowOf(batch: Tensor, row: number, reading: Reading): { raw: Tensor; mask: Tensor | undefined } {
  const shape = batch.shape.slice(1)
  checkFits(shape, reading, 'observations')
  const width = sizeOf(shape)
  const data = batch.data.slice(row * width, (row + 1) * width)
  const mask = maskOf(reading, row, shape, `observation ${row}`, batch.shape)
  if (mask) {
    const each = data.length / mask.data.length
    for (let i = 0; i < data.length; i++) if (mask.data[Math.floor(i / each)] === 0) data[i] = 0
  }
  const signals = reading.kernels.spatial === 1 ? { shape, row: () => row } : undefined
  checkFinite(data, 'the given tensor', signals)
  return { raw: { shape, data }, mask }
}

/** Throws {@link ShapeError} where kernels do not fit into an observation of a shape. */
export function checkFits(shape: readonly number[], { kernels }: Reading, what: string): void {
  try {
    geometry(kernels, 'valid', shape)
  } catch (error) {
    if (error instanceof ShapeError) throw new ShapeError(`Of ${what}: ${error.message}`)
    throw error
  }
}

/** The mask of one observation, checked; without its axis of observations where the masks are those of a batch. */
export function maskOf(
  { masks, kernels, transform }: Reading,
  index: number,
  shape: readonly number[],
  what: string,
  batchShape?: readonly number[],
): Tensor | undefined {
  if (masks === undefined) return undefined
  if (transform.config.kind !== 'pipeline' || (transform.config.steps as unknown[]).length > 0) {
    throw new ConfigurationError(
      'The transform looks at whole observations, missing numbers included; with a mask, prepare the observations yourself and leave transform out.',
    )
  }
  let mask = typeof masks === 'function' ? masks(index) : masks
  if (mask === undefined) return undefined
  givenTensor(mask, 'A mask')
  if (typeof masks !== 'function' && batchShape && sameShape(mask.shape, batchShape)) {
    const width = sizeOf(shape)
    mask = { shape, data: mask.data.subarray(index * width, (index + 1) * width) }
  }
  const plane = shape.slice(0, kernels.spatial)
  if (!sameShape(mask.shape, shape) && !sameShape(mask.shape, plane)) {
    throw new ShapeError(
      `A mask of ${formatShape(mask.shape)} was given for ${what} of ${formatShape(shape)}; give one of ${formatShape(plane)}${shape.length > plane.length ? ` or ${formatShape(shape)}` : ''}, 1 where a number was observed and 0 where it is missing.`,
    )
  }
  for (const value of mask.data) {
    if (value !== 0 && value !== 1) {
      throw new DataError(
        `The mask of ${what} holds ${value}; a mask is 1 where a number was observed and 0 where it is missing.`,
      )
    }
  }
  return mask
}
