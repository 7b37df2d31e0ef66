import { FileFormatError } from '../tensor/errors.js'
import { type ArrayLayout, readPromised } from './arrayLayout.js'
import { arrayObservations } from './arrayObservations.js'
import { type ByteReader, byteReader } from './byteReader.js'
import { fileSource } from './byteSource.js'
import { type ElementType, storedNumbers } from './elementType.js'
import type { FileInput } from './fileHandle.js'
import type { NpyData } from './npy.js'
import type { Observations } from './observations.js'

/** The types of IDX by their code. Source: the description of the format on the MNIST page by LeCun, Cortes and Burges. */
const types: Readonly<Record<number, ElementType>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' }

/** Whether bytes begin like an IDX file: two zeros, a known type, 1 to 8 sizes. */
export function isIdx(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0 && head[1] === 0 && head[2] in types && head[3] >= 1 && head[3] <= 8
}

/** Reads an IDX header. Throws {@link FileFormatError}. */
export async function readIdxHeader(reader: ByteReader, name: string): Promise<ArrayLayout> {
  const magic = await reader.read(4)
  if (!isIdx(magic)) {
    throw new FileFormatError(
      `${name} is not an IDX file: it begins with ${[...magic].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}.`,
    )
  }
  const sizes = await reader.read(4 * magic[3])
  const view = new DataView(sizes.buffer, sizes.byteOffset, sizes.length)
  const shape = Array.from({ length: magic[3] }, (_, axis) => view.getUint32(4 * axis))
  return { type: types[magic[2]], littleEndian: false, fortran: false, shape, offset: 4 + sizes.length }
}

/** The items of an IDX file (gzip or not) as observations: bytes become 0 … 1, other numbers keep their value. */
export async function idxObservations(input: FileInput): Promise<Observations> {
  return arrayObservations(await fileSource(input), readIdxHeader)
}

/** Reads a whole IDX file into memory, as stored: labels, for example. Throws {@link FileFormatError}. */
export async function readIdx(input: FileInput): Promise<{ shape: readonly number[]; data: Exclude<NpyData, string> }> {
  const source = await fileSource(input)
  const reader = byteReader(source.stream(), source.name)
  try {
    const layout = await readIdxHeader(reader, source.name)
    const bytes = await readPromised(reader, layout, source.name)
    return { shape: layout.shape, data: storedNumbers(bytes, layout.type, layout.littleEndian) }
  } finally {
    await reader.close()
  }
}

/** An array of bytes as an IDX file. */
export function writeIdx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + data.length)
  const view = new DataView(out.buffer)
  out.set([0, 0, 8, shape.length])
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size)
  out.set(data, 4 + 4 * shape.length)
  return out
}
