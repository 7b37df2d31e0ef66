import { fromTensor, toTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import { checkMask } from '../inference/linear/checkMask.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, givenTensor, sameShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import type { ObservationMasks } from './convolutionalData.js'
import { isImages, isTensor } from './dataKind.js'
import type { BatchSource } from './epochLearner.js'
import { checkObserved, nothingObserved } from './observedMasks.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Observations of a step, with their masks where numbers are missing. */
export interface MaskedBatch {
  readonly observations: Tensor
  readonly mask?: Tensor
}

/** Observations of which something was observed, in memory, 0 where numbers are missing, whatever stood there. */
export interface CollectedMasks {
  readonly observations: Observations
  /** Of the shape of all observations together. */
  readonly mask: Tensor
}

/** The mask of a batch [n, …shape] whose first observation has a number, of the batch's shape. */
export type MaskOfBatch = (batch: Tensor, first: number) => Tensor

/**
 * Masks as batches of these observations need them. Throws ShapeError for masks of another shape or for another number of observations, and,
 * batch by batch, as {@link checkMask}.
 */
export function batchMasks(
  masks: ObservationMasks,
  { shape, count }: Pick<Observations, 'shape' | 'count'>,
): MaskOfBatch {
  const width = sizeOf(shape)
  const withoutChannels = shape.length === 3 ? shape.slice(0, 2) : shape
  const fits = (mask: Tensor) => sameShape(mask.shape, shape) || sameShape(mask.shape, withoutChannels)
  const refused = (mask: Tensor, what: string) =>
    new ShapeError(
      `A mask of ${formatShape(mask.shape)} was given for ${what}; give one of ${formatShape(shape)} for all observations, or of the same shape as all of them together, 1 where a number was observed and 0 where it is missing.`,
    )
  const one = typeof masks === 'function' ? undefined : givenTensor(masks, 'mask')
  const rows = one && !fits(one) ? one.shape[0] : undefined
  if (one && rows !== undefined) {
    const many = count === undefined ? 'observations' : `${count} observations`
    const suits = sameShape(one.shape.slice(1), shape) && (count === undefined || rows === count)
    if (!suits) throw refused(one, `${many} of ${formatShape(shape)}`)
  }
  checkObserved(masks, 'any observation')
  const maskOf = (index: number): Tensor | undefined => {
    if (typeof masks === 'function') return masks(index)
    if (rows === undefined) return masks
    if (index >= rows) throw refused(masks, `more observations of ${formatShape(shape)}`)
    return { shape, data: masks.data.subarray(index * width, (index + 1) * width) }
  }
  const rowByRow = (batch: Tensor, first: number): Float32Array => {
    const data = new Float32Array(batch.data.length).fill(1)
    for (let row = 0; row < batch.shape[0]; row++) {
      const mask = maskOf(first + row)
      if (mask === undefined) continue
      if (!fits(givenTensor(mask, 'mask'))) throw refused(mask, `observation ${first + row} of ${formatShape(shape)}`)
      const channels = width / mask.data.length
      for (let p = 0; p < width; p++) data[row * width + p] = mask.data[Math.floor(p / channels)]
    }
    return data
  }
  return (batch, first) => {
    const end = first + batch.shape[0]
    const data =
      one && rows !== undefined && end <= rows ? one.data.subarray(first * width, end * width) : rowByRow(batch, first)
    const whole = { shape: batch.shape, data }
    checkMask(whole, batch, first)
    return whole
  }
}

/**
 * Observations and their masks in memory, since a stream that is shuffled does not say which observation comes. Throws ConfigurationError
 * for images, ShapeError and DataError as {@link batchMasks}.
 */
export async function collectedMasks(data: SparseCodingData, masks: ObservationMasks): Promise<CollectedMasks> {
  checkWhole(data)
  const { data: numbers, shape } = isTensor(data) ? data : await toTensor(data)
  const whole = batchMasks(masks, { shape: shape.slice(1), count: shape[0] })({ shape, data: numbers }, 0)
  const name = isTensor(data) ? 'the given tensor with missing numbers' : data.name
  const { observations, mask } = observedRows({ shape, data: numbers }, whole, name)
  return { observations: fromTensor(observations, name), mask }
}

/** The rows of a batch of which something was observed, 0 where numbers are missing. Throws DataError where there are none of them. */
export function observedRows(batch: Tensor, mask: Tensor, name: string): Required<MaskedBatch> {
  const [count, ...shape] = batch.shape
  const width = sizeOf(shape)
  const data = batch.data.map((value, at) => (mask.data[at] === 0 ? 0 : value))
  const seen = mask.data.slice()
  let rows = 0
  for (let row = 0; row < count; row++) {
    if (!seen.subarray(row * width, (row + 1) * width).includes(1)) continue
    if (rows < row) {
      data.copyWithin(rows * width, row * width, (row + 1) * width)
      seen.copyWithin(rows * width, row * width, (row + 1) * width)
    }
    rows++
  }
  if (rows === 0 && count > 0) throw nothingObserved(name)
  const of = (numbers: Float32Array): Tensor => ({ shape: [rows, ...shape], data: numbers.subarray(0, rows * width) })
  return { observations: of(data), mask: of(seen) }
}

/** A mask that is one for all observations of a shape, whichever they are. */
export function sharedMask(mask: ObservationMasks | undefined, shape: readonly number[]): Tensor | undefined {
  return mask === undefined || typeof mask === 'function' || mask.shape.length > shape.length ? undefined : mask
}

/** Throws {@link ConfigurationError} for images, whose patches have no masks. */
export function checkWhole(data: SparseCodingData): asserts data is Tensor | Observations {
  if (!isImages(data)) return
  throw new ConfigurationError(
    `A mask goes with whole observations, and patches are cut out of ${data.name}; cut them, and the mask, yourself.`,
  )
}

/** Throws {@link ConfigurationError} where preprocessing would take means and scales of numbers that are missing. */
export function checkUnprocessed({ kind, steps }: StepConfig): void {
  if (kind !== 'pipeline' || !Array.isArray(steps) || steps.length > 0) {
    throw new ConfigurationError(
      'Preprocessing takes means and scales of whole observations; with a mask, prepare the observations yourself and leave preprocess out.',
    )
  }
}

/** Batches of observations, each with the same rows of `mask`. */
export function maskedObservations(observations: Observations, mask: Tensor | undefined): BatchSource<MaskedBatch> {
  const { name, count } = observations
  return {
    name,
    count,
    async *batches(pass) {
      if (!mask) {
        for await (const batch of observations.batches(pass)) yield { observations: batch }
        return
      }
      // The order of a pass is a function of its seed, its epoch and the number of rows, which are the same.
      const masks = fromTensor(mask, 'the mask').batches(pass)[Symbol.asyncIterator]()
      for await (const batch of observations.batches(pass)) {
        yield { observations: batch, mask: (await masks.next()).value as Tensor } // as many batches as there are of observations
      }
    },
  }
}
