import type { ElementType } from '../sym.js'
import { elementTypes } from './protos.js'
import type { TensorProto } from './schema.js'

/** The constants of a model, each stored once. */
export interface Initializers {
  /** The name of a constant, which is added where it is new. */
  add(type: ElementType, shape: readonly number[], data: ArrayLike<number>): string
  all(): readonly TensorProto[]
}

/** Up to this many numbers are compared; longer arrays are equal where they are the same array. */
const COMPARED = 64

/** Numbers as ONNX stores them; every engine of JavaScript in use keeps typed arrays in little-endian order, as ONNX does. */
function rawData(type: ElementType, data: ArrayLike<number>): Uint8Array {
  if (type === 'bool') return Uint8Array.from(data, (value) => (value !== 0 ? 1 : 0))
  const numbers =
    type === 'float32'
      ? Float32Array.from(data)
      : type === 'float64'
        ? Float64Array.from(data)
        : BigInt64Array.from(Array.from(data, BigInt))
  return new Uint8Array(numbers.buffer)
}

/** An empty store; `fresh` gives names. */
export function initializers(fresh: () => string): Initializers {
  const stored: TensorProto[] = []
  const byContent = new Map<string, string>()
  const byArray = new Map<ArrayLike<number>, number>()
  return {
    add(type, shape, data) {
      if (data.length > COMPARED && !byArray.has(data)) byArray.set(data, byArray.size)
      const written = Array.from({ length: Math.min(data.length, COMPARED) }, (_, i) =>
        Object.is(data[i], -0) ? '-0' : String(data[i]),
      )
      const content = data.length > COMPARED ? `#${byArray.get(data)}` : written.join()
      const key = `${type}[${shape.join()}]${content}`
      const known = byContent.get(key)
      if (known !== undefined) return known
      const name = fresh()
      byContent.set(key, name)
      stored.push({ name, dims: shape.map(BigInt), dataType: elementTypes[type], rawData: rawData(type, data) })
      return name
    },
    all: () => stored,
  }
}
