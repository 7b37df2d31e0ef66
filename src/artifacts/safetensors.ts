import { joinBytes } from '../data/byteReader.js'
import { ConfigurationError, FileFormatError, ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import { decodeText, parseJson } from './json.js'

/*
 * Safetensors (huggingface.co/docs/safetensors): 8 bytes little-endian length of the header; the header, a JSON object
 * { name: { dtype, shape, data_offsets: [begin, end] }, "__metadata__": { string: string } }, padded with spaces;
 * then the tensors, row-major and little-endian, which follow one another without holes.
 */

/** The element types that are read and written, and what holds them. BOOL is one byte, 0 or 1. */
export interface ArrayOf {
  BOOL: Uint8Array
  U8: Uint8Array
  I8: Int8Array
  U16: Uint16Array
  I16: Int16Array
  U32: Uint32Array
  I32: Int32Array
  F32: Float32Array
  U64: BigUint64Array
  I64: BigInt64Array
  F64: Float64Array
}
export type Dtype = keyof ArrayOf
export type TypedArray = ArrayOf[Dtype]

/** An array of any element type with its shape, outermost first. */
export type StoredTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: ArrayOf[D] }
}[Dtype]

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, StoredTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

const constructors = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
} as const

/** The bound that the reference reader puts on the header. */
const maxHeaderBytes = 100_000_000

/** Data with its shape (by default one axis) and its element type. Throws {@link ShapeError} unless they fit together. */
export function storedTensor(data: TypedArray, shape: readonly number[] = [data.length]): StoredTensor {
  const dtypes = Object.keys(constructors) as Dtype[] // the object's own keys
  const dtype = dtypes.find((candidate) => candidate !== 'BOOL' && data instanceof constructors[candidate])
  const stored = { dtype, shape: [...shape], data } as StoredTensor // dtype was chosen by data's constructor
  checkSize(stored, 'The tensor')
  return stored
}

/** A zeroed array of a type. */
export function zeroArray<D extends Dtype>(dtype: D, length: number): ArrayOf[D] {
  return new constructors[dtype](length) as ArrayOf[D] // constructors and ArrayOf list the same pairs
}

/** The bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return constructors[dtype].BYTES_PER_ELEMENT
}

/** The bytes of a typed array, sharing its memory. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/**
 * A safetensors file in pieces to be written one after the other; the tensors are not copied, so they must not change
 * before the pieces are written. Wide elements come first, so that every tensor is aligned to its elements.
 * Throws {@link ShapeError} where shape and data disagree, {@link ConfigurationError} for the reserved name "__metadata__".
 */
export function safetensorsParts(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const entries = Object.entries(tensors)
  for (const [name, tensor] of entries) {
    if (name === '__metadata__') {
      throw new ConfigurationError('A tensor cannot be called "__metadata__" in safetensors; choose another name.')
    }
    checkSize(tensor, `Tensor "${name}"`)
  }
  entries.sort(([a, s], [b, t]) => t.data.BYTES_PER_ELEMENT - s.data.BYTES_PER_ELEMENT || (a < b ? -1 : Number(a > b)))
  let offset = 0
  const described = entries.map(([name, { dtype, shape, data }]): [string, object] => {
    const begin = offset
    offset += data.byteLength
    return [name, { dtype, shape, data_offsets: [begin, offset] }]
  })
  const about: [string, object][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...about, ...described])))
  const length = Math.ceil(json.length / 8) * 8
  if (length > maxHeaderBytes) {
    throw new ConfigurationError(
      `The names and metadata of a safetensors file may take ${maxHeaderBytes} bytes; these take ${length}. Store less in them.`,
    )
  }
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return [header, ...entries.map(([, { data }]) => bytesOf(data))]
}

/** A safetensors file as one array of bytes; throws as {@link safetensorsParts}. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return joinBytes(safetensorsParts(tensors, metadata))
}

/**
 * The tensors of a safetensors file; `file` names it in messages. They share the memory of `bytes` where it is aligned.
 * Nothing is allocated before its size was found to be in the file. Throws {@link FileFormatError} for a header that is
 * too long or not JSON, doubled names, unknown types, sizes that overflow, and offsets that leave holes, overlap, or
 * reach past the end.
 */
export function decodeSafetensors(bytes: Uint8Array, file = 'The safetensors data'): Safetensors {
  const damaged = (reason: string): FileFormatError =>
    new FileFormatError(
      `${file} is not a usable safetensors file: ${reason}. Write it again, or use an undamaged copy.`,
    )

  if (bytes.length < 8) throw damaged(`it has ${bytes.length} bytes, fewer than its header's length alone takes`)
  const promised = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (promised > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) {
    throw damaged(`it promises a header of ${promised} bytes, and ${bytes.length - 8} bytes follow`)
  }
  const dataBegin = 8 + Number(promised)
  const text = decodeText(bytes.subarray(8, dataBegin), `The header of ${file}`)
  if (text[0] !== '{') throw damaged('its header does not begin with "{"')
  const header = parseJson(text, `The header of ${file}`)
  if (!isObject(header)) throw damaged('its header is not an object')

  const { __metadata__: metadata = {}, ...described } = header
  if (!isStrings(metadata)) throw damaged('its "__metadata__" holds something other than strings')

  const spans = Object.entries(described).map(([name, entry]) => ({ name, ...readEntry(name, entry, damaged) }))
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let reached = 0
  for (const { name, begin, end } of spans) {
    if (begin !== reached) {
      const what =
        begin > reached
          ? `${begin - reached} bytes before "${name}" belong to no tensor`
          : `"${name}" overlaps its neighbour`
      throw damaged(what)
    }
    reached = end
  }
  const held = bytes.length - dataBegin
  if (reached !== held) throw damaged(`its tensors take ${reached} bytes, and it holds ${held}`)

  const read = spans.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => [
    name,
    view(dtype, shape, bytes.subarray(dataBegin + begin, dataBegin + end)),
  ])
  return { tensors: Object.fromEntries(read), metadata }
}

interface Entry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** One tensor's line of the header, its size checked against its offsets. */
function readEntry(name: string, entry: unknown, damaged: (reason: string) => FileFormatError): Entry {
  if (!isObject(entry)) throw damaged(`tensor "${name}" is not described by an object`)
  const { dtype, shape, data_offsets: offsets, ...rest } = entry
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) throw damaged(`tensor "${name}" has the unknown field "${unknown}"`)
  if (typeof dtype !== 'string' || !Object.hasOwn(constructors, dtype)) {
    const known = Object.keys(constructors).join(', ')
    throw damaged(`tensor "${name}" has the type ${JSON.stringify(dtype)}, and what can be read is ${known}`)
  }
  if (!isNumbers(shape)) throw damaged(`tensor "${name}" has no shape of whole numbers`)
  if (!isNumbers(offsets) || offsets.length !== 2 || !offsets.every(Number.isSafeInteger)) {
    throw damaged(`tensor "${name}" has no pair of offsets`)
  }
  let size: number
  try {
    size = sizeOf(shape)
  } catch (error) {
    throw damaged(`tensor "${name}": ${error instanceof ShapeError ? error.message.replace(/\.$/, '') : error}`)
  }
  const type = dtype as Dtype // an own key of constructors
  const [begin, end] = offsets
  const needed = size * bytesPerElement(type)
  if (begin < 0 || end - begin !== needed) {
    throw damaged(
      `tensor "${name}" (${type}, ${formatShape(shape)}) needs ${needed} bytes, and its offsets are ${begin} to ${end}`,
    )
  }
  return { dtype: type, shape: shape.map((extent) => extent + 0), begin, end } // + 0 turns a written -0 into 0
}

/** A tensor over bytes: shared where they are aligned to its elements, copied where not. */
function view(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): StoredTensor {
  const aligned = bytes.byteOffset % bytesPerElement(dtype) === 0 ? bytes : bytes.slice()
  // The constructors' union has no call signature that admits shared memory; each of them does.
  const make = constructors[dtype] as new (buffer: ArrayBufferLike, begin: number, length: number) => TypedArray
  const data = new make(aligned.buffer, aligned.byteOffset, bytes.length / bytesPerElement(dtype))
  return { dtype, shape, data } as StoredTensor // data was made by dtype's constructor
}

function checkSize({ shape, data }: StoredTensor, what: string): void {
  const size = sizeOf(shape)
  if (size !== data.length) {
    throw new ShapeError(`${what} of shape ${formatShape(shape)} needs ${size} elements; ${data.length} were given.`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStrings(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => typeof number === 'number')
}
