/** How one number is stored: u unsigned, i signed, f floating point, b boolean; and its bytes. */
export type ElementType = 'b1' | 'u1' | 'u2' | 'u4' | 'u8' | 'i1' | 'i2' | 'i4' | 'i8' | 'f2' | 'f4' | 'f8'

/** Whether a string names an element type. */
export function isElementType(text: string): text is ElementType {
  return /^(b1|[ui][1248]|f[248])$/.test(text)
}

/** Bytes of one number. */
export const bytesOf = (type: ElementType): number => Number(type[1])

const littleMachine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
/** Bytes as pixels: 0 … 255 is 0 … 1. */
const pixel = Float32Array.from({ length: 256 }, (_, i) => i / 255)

/** The arrays of this machine that hold a type as it is stored. */
const arrays = {
  b1: Uint8Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
} as const

/** Numbers in the form in which they are stored; half precision is widened to single. */
export type StoredNumbers = InstanceType<(typeof arrays)[ElementType]>

/** Numbers as they are stored, aligned and in this machine's byte order; half precision as single. */
export function storedNumbers(bytes: Uint8Array, type: ElementType, littleEndian: boolean): StoredNumbers {
  const size = bytesOf(type)
  const copy = bytes.slice(0, bytes.length - (bytes.length % size))
  if (size > 1 && littleEndian !== littleMachine) {
    for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse()
  }
  if (type === 'f2') return Float32Array.from(new Uint16Array(copy.buffer), halfToNumber)
  return new arrays[type](copy.buffer)
}

/**
 * Numbers as observations, into `out` from `at` on: bytes (u1) are pixels and become 0 … 1, everything else keeps its
 * value (rounded to single precision).
 */
export function decodeNumbers(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian: boolean,
  out: Float32Array,
  at = 0,
): void {
  if (type === 'u1') {
    for (let i = 0; i < bytes.length; i++) out[at + i] = pixel[bytes[i]]
    return
  }
  if (type === 'b1') {
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] === 0 ? 0 : 1
    return
  }
  const numbers = storedNumbers(bytes, type, littleEndian)
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) {
    for (let i = 0; i < numbers.length; i++) out[at + i] = Number(numbers[i])
  } else out.set(numbers, at)
}

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
