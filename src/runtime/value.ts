import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import type { Ort, OrtTensor } from './backend.js'

/** Numbers that go into a graph or come out of it; a `Tensor` is one. Bits of `bool` are bytes, 0 or 1. */
export interface Value {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array
}

/** The arrays that hold a graph's types. */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const

export type ValueType = keyof typeof arrays

/** What a graph says of one of its inputs or outputs. */
export interface Declared {
  readonly name: string
  readonly type: ValueType
  /** A size, or ~i for the open size number i of the graph. */
  readonly shape: readonly number[]
  /** The shape as people read it. */
  readonly text: string
}

export function isValueType(type: string): type is ValueType {
  return Object.hasOwn(arrays, type)
}

/**
 * Holds a value to what the graph declares; open sizes are bound by the first value that has them. Throws
 * {@link DataError} or {@link ShapeError} that names what was fed.
 */
export function checkValue(
  what: string,
  value: Value,
  declared: Declared,
  open: number[],
  names: readonly string[],
): void {
  const { shape, data } = value
  if (!Array.isArray(shape)) {
    throw new DataError(
      `${what} "${declared.name}" must be { shape, data } with the shape ${declared.text}; got ${kindOf(value)}.`,
    )
  }
  if (!(data instanceof arrays[declared.type])) {
    throw new DataError(
      `${what} "${declared.name}" takes ${declared.type} in a ${arrays[declared.type].name}; got ${kindOf(data)}.`,
    )
  }
  const wanted = declared.shape
  let fits = shape.length === wanted.length
  for (let axis = 0; fits && axis < wanted.length; axis++) {
    const size = wanted[axis]
    if (size >= 0) {
      fits = shape[axis] === size
    } else if (open[~size] === undefined) {
      open[~size] = shape[axis]
    } else if (open[~size] !== shape[axis]) {
      throw new ShapeError(
        `${what} "${declared.name}" has ${shape[axis]} where ${names[~size] ? `"${names[~size]}" is` : 'the graph has'} ${open[~size]}; got ${formatShape(shape)}, expected ${declared.text} with one and the same ${names[~size]} for all values of a run.`,
      )
    }
  }
  if (!fits) {
    throw new ShapeError(`${what} "${declared.name}" must have the shape ${declared.text}; got ${formatShape(shape)}.`)
  }
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(
      `${what} "${declared.name}" has the shape ${formatShape(shape)}, which is ${sizeOf(shape)} numbers, and holds ${data.length}.`,
    )
  }
}

const kindOf = (data: unknown): string =>
  typeof data === 'object' && data !== null ? (data.constructor?.name ?? 'an object') : String(data)

/** Whether an array lies on memory shared between threads. */
export function isShared(data: Value['data']): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer
}

/** The value as ONNX Runtime takes it, over the same memory. */
export function ortTensor(ort: Ort, type: ValueType, shape: readonly number[], data: Value['data']): OrtTensor {
  // The constructor is typed one overload a type, and does not change the shape that it keeps.
  const make = ort.Tensor as unknown as new (type: string, data: Value['data'], dims: readonly number[]) => OrtTensor
  return new make(type, data, shape)
}
