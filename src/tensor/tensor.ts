import { ConfigurationError, ShapeError } from './errors.js'

/** Row-major single precision; `shape` is outermost first. A batch is [n, …shape of an observation]. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** The number of elements of a shape. Throws {@link ShapeError} where a size is not a whole number ≥ 0 or the product overflows. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new ShapeError(`Every size of a shape must be a whole number, 0 or more; got [${shape.join(', ')}].`)
    }
    size *= extent
    if (size > Number.MAX_SAFE_INTEGER) {
      throw new ShapeError(`The sizes [${shape.join(', ')}] multiply to more elements than can be counted.`)
    }
  }
  return size
}

/** A tensor over `data` (not copied). Throws {@link ShapeError} unless the shape holds exactly its elements. */
export function tensor(shape: readonly number[], data: Float32Array): Tensor {
  const size = sizeOf(shape)
  if (size !== data.length) {
    throw new ShapeError(`A tensor of shape [${shape.join(', ')}] needs ${size} elements; ${data.length} were given.`)
  }
  return { shape: [...shape], data }
}

/**
 * A tensor as a caller gave it, checked. `what` names it: "The observation". Throws {@link ConfigurationError} where it is none, and
 * {@link ShapeError} unless its shape holds exactly its elements.
 */
export function givenTensor(given: Tensor, what: string): Tensor {
  const value: unknown = given
  if (isTensorLike(value)) return tensor(value.shape, value.data)
  throw new ConfigurationError(
    `${what} must be a tensor { shape, data }, data a Float32Array in the order of its rows; got ${described(value)}.`,
  )
}

function isTensorLike(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null || !('shape' in value && 'data' in value)) return false
  return Array.isArray(value.shape) && ArrayBuffer.isView(value.data) && 'length' in value.data
}

/** What something is, in a few words. */
export function described(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string'
      ? JSON.stringify(value.slice(0, 40))
      : typeof value === 'function'
        ? 'a function'
        : String(value)
  }
  if (ArrayBuffer.isView(value)) return 'numbers without a shape'
  const names = Object.keys(value).slice(0, 5)
  const plain = 'data' in value && Array.isArray(value.data) ? ' whose data is a plain array' : ''
  return names.length === 0 ? 'an object without fields' : `an object with ${names.join(', ')}${plain}`
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return { shape: [...shape], data: new Float32Array(sizeOf(shape)) }
}

/** Rows `begin` to `end` (exclusive) of a batch, sharing its memory. */
export function rows(batch: Tensor, begin: number, end: number): Tensor {
  const [count, ...rest] = batch.shape
  if (!(begin >= 0 && begin <= end && end <= count)) {
    throw new ShapeError(`Rows ${begin} to ${end} were asked of a batch of ${count}.`)
  }
  const width = sizeOf(rest)
  return { shape: [end - begin, ...rest], data: batch.data.subarray(begin * width, end * width) }
}

/** Copies the given rows of a batch, in the order of `indices`, into a new batch, or one over `out`. */
export function takeRows(
  batch: Tensor,
  indices: ArrayLike<number>,
  out: Float32Array = new Float32Array(indices.length * sizeOf(batch.shape.slice(1))),
): Tensor {
  const width = sizeOf(batch.shape.slice(1))
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]
    if (!(row >= 0 && row < batch.shape[0])) {
      throw new ShapeError(`Row ${row} was asked of a batch of ${batch.shape[0]}.`)
    }
    out.set(batch.data.subarray(row * width, (row + 1) * width), i * width)
  }
  return { shape: [indices.length, ...batch.shape.slice(1)], data: out }
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis])
}

/** A shape as people write it: 28×28. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×')
}
