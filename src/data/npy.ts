import { FileFormatError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { type ArrayLayout, readPromised, toRows } from './arrayLayout.js'
import { type ArrayReading, arrayObservations } from './arrayObservations.js'
import { byteReader, joinBytes } from './byteReader.js'
import { type ByteSource, fileSource } from './byteSource.js'
import { bytesOf, decodeNumbers, storedNumbers } from './elementType.js'
import type { FileInput } from './fileHandle.js'
import { numberLayout, readNpyHeader } from './npyHeader.js'
import type { Observations } from './observations.js'

/** What an npy file can hold here: numbers, or one string (shape []). */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string

/** An array as numpy knows it, rows first. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly data: NpyData
}

/** The rows of an npy file (gzip or not) as observations: bytes become 0 … 1, other numbers keep their value. */
export function npyObservations(input: FileInput, reading?: ArrayReading): Promise<Observations> {
  return fileSource(input).then((source) => npySourceObservations(source, reading))
}

/** The rows of an npy file from any source. */
export function npySourceObservations(source: ByteSource, reading?: ArrayReading): Promise<Observations> {
  return arrayObservations(source, async (from, name) => numberLayout(await readNpyHeader(from, name), name), reading)
}

/** Reads a whole npy file into memory, as stored. Throws {@link FileFormatError}. */
export async function readNpy(input: FileInput): Promise<NpyArray> {
  return readNpySource(await fileSource(input))
}

/** Reads a whole npy file from any source. */
export async function readNpySource(source: ByteSource): Promise<NpyArray> {
  const { name } = source
  const reader = byteReader(source.stream(), name)
  try {
    const header = await readNpyHeader(reader, name)
    const text = /^[|<>=]([SU])(\d{1,6})$/.exec(header.descr)
    if (text !== null && header.shape.length === 0) {
      const size = Number(text[2]) * (text[1] === 'U' ? 4 : 1)
      const layout: ArrayLayout = {
        type: 'u1',
        littleEndian: true,
        fortran: false,
        shape: [size],
        offset: header.offset,
      }
      const bytes = await readPromised(reader, layout, name)
      return { shape: [], data: text[1] === 'U' ? decodeWide(bytes, header.descr[0] !== '>') : decodeText(bytes) }
    }
    const layout = numberLayout(header, name)
    const bytes = await readPromised(reader, layout, name)
    const ordered = layout.fortran ? toRows(bytes, layout.shape, bytesOf(layout.type)) : bytes
    return { shape: layout.shape, data: storedNumbers(ordered, layout.type, layout.littleEndian) }
  } finally {
    await reader.close()
  }
}

/** Reads a whole npy file into a tensor: bytes become 0 … 1, other numbers keep their value. */
export async function readNpyTensor(input: FileInput): Promise<Tensor> {
  const source = await fileSource(input)
  const reader = byteReader(source.stream(), source.name)
  try {
    const layout = numberLayout(await readNpyHeader(reader, source.name), source.name)
    const bytes = await readPromised(reader, layout, source.name)
    const ordered = layout.fortran ? toRows(bytes, layout.shape, bytesOf(layout.type)) : bytes
    const data = new Float32Array(sizeOf(layout.shape))
    decodeNumbers(ordered, layout.type, layout.littleEndian, data)
    return { shape: layout.shape, data }
  } finally {
    await reader.close()
  }
}

const descriptions: readonly (readonly [new () => Exclude<NpyData, string>, string])[] = [
  [Float32Array, '<f4'],
  [Float64Array, '<f8'],
  [Int8Array, '|i1'],
  [Int16Array, '<i2'],
  [Int32Array, '<i4'],
  [BigInt64Array, '<i8'],
  [Uint8Array, '|u1'],
  [Uint16Array, '<u2'],
  [Uint32Array, '<u4'],
  [BigUint64Array, '<u8'],
]

/** An array as an npy file, version 1, that numpy.load reads. Throws {@link FileFormatError} where shape and data disagree. */
export function writeNpy(array: NpyArray): Uint8Array {
  const { shape, data } = array
  if (typeof data === 'string') {
    if (shape.length > 0 || !/^[\x20-\x7e]+$/.test(data)) {
      throw new FileFormatError(`Only a plain ASCII string of shape [] can be written as npy; got "${data}".`)
    }
    return joinBytes([npyHeader(`|S${data.length}`, shape), new TextEncoder().encode(data)])
  }
  if (sizeOf(shape) !== data.length) {
    throw new FileFormatError(`An array of shape [${shape.join(', ')}] cannot be written from ${data.length} numbers.`)
  }
  const descr = descriptions.find(([kind]) => data instanceof kind)![1]
  return joinBytes([npyHeader(descr, shape), littleEndianBytes(data)])
}

/**
 * The header of an npy file of single-precision numbers (or of `descr`), to write the rows after it one batch at a time.
 * Length: a multiple of 64 bytes.
 */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const total = Math.ceil((10 + text.length + 1) / 64) * 64
  const header = new Uint8Array(total).fill(0x20)
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (total - 10) & 255, (total - 10) >> 8])
  header.set(new TextEncoder().encode(text), 10)
  header[total - 1] = 0x0a
  return header
}

/** The memory of an array in little-endian order; a copy only on a big-endian machine. */
export function littleEndianBytes(data: Exclude<NpyData, string>): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes
  const copy = bytes.slice()
  for (let at = 0; at < copy.length; at += data.BYTES_PER_ELEMENT)
    copy.subarray(at, at + data.BYTES_PER_ELEMENT).reverse()
  return copy
}

/** Bytes up to the first zero as text. */
const decodeText = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes).replace(/\0+$/, '')

/** Four bytes a character (numpy's U) as text. */
function decodeWide(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian)
    if (point > 0x10ffff) throw new FileFormatError('An npy string holds a character that does not exist.')
    if (point > 0) text += String.fromCodePoint(point)
  }
  return text
}
