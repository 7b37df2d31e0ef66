import { EnergiaError, FileFormatError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import { type ByteReader, joinBytes } from './byteReader.js'
import { bytesOf, type ElementType } from './elementType.js'

/** How an array lies in a file: what its header says. */
export interface ArrayLayout {
  readonly type: ElementType
  readonly littleEndian: boolean
  /** Columns first: the first size runs fastest. */
  readonly fortran: boolean
  readonly shape: readonly number[]
  /** Bytes before the first number. */
  readonly offset: number
}

/** Bytes of all the numbers. Throws {@link FileFormatError} where the sizes cannot be meant. */
export function bytesPromised(layout: ArrayLayout, name: string): number {
  try {
    const total = sizeOf(layout.shape) * bytesOf(layout.type) + layout.offset
    if (Number.isSafeInteger(total)) return total - layout.offset
  } catch (error) {
    if (!(error instanceof EnergiaError)) throw error
  }
  throw new FileFormatError(
    `${name} promises an array of ${formatShape(layout.shape)}, more than any file can hold. Its header is damaged.`,
  )
}

/** Throws {@link FileFormatError} unless a file of `size` bytes holds exactly what its header promises. */
export function checkPromise(layout: ArrayLayout, size: number, name: string): void {
  const promised = layout.offset + bytesPromised(layout, name)
  if (size === promised) return
  throw new FileFormatError(
    `${name} promises an array of ${formatShape(layout.shape)} (${promised} bytes) and has ${size} bytes. ` +
      `${size < promised ? 'It is cut short: fetch or write it again.' : 'It is damaged or holds more than one array.'}`,
  )
}

/** The numbers of an array as bytes, from a reader that stands behind the header, up to the end of the stream. */
export async function readPromised(reader: ByteReader, layout: ArrayLayout, name: string): Promise<Uint8Array> {
  const promised = bytesPromised(layout, name)
  const pieces: Uint8Array[] = []
  let total = 0
  for (;;) {
    const piece = await reader.readSome(promised - total + 1)
    if (piece.length === 0) break
    // A piece may be a view of memory that the stream fills again.
    pieces.push(piece.slice())
    total += piece.length
    if (total > promised) break
  }
  checkPromise(layout, layout.offset + total, name)
  return joinBytes(pieces, total)
}

/** Turns elements of `size` bytes from columns first (Fortran) to rows first (C). */
export function toRows(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(bytes.length)
  const index = shape.map(() => 0)
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  const total = sizeOf(shape)
  let from = 0
  for (let to = 0; to < total; to++) {
    for (let byte = 0; byte < size; byte++) out[to * size + byte] = bytes[from * size + byte]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]++
      from += strides[axis]
      if (index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}
