import { FileFormatError } from '../tensor/errors.js'

/** What a reader accepts: a path (Node only), a `File` or `Blob`, or the bytes themselves. */
export type FileInput = string | Blob | Uint8Array

/** An open file, read at any place. */
export interface FileHandleLike {
  /** What a person calls it: its path or file name. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Exactly `length` bytes from `offset` on. Throws {@link FileFormatError} where the file ends before. */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** Throws {@link FileFormatError} unless bytes `offset` to `offset + length` lie inside a file of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new FileFormatError(
      `${name} is cut short: bytes ${offset} to ${offset + length} were needed, it has ${size}. Fetch or write it again.`,
    )
  }
}

/** Bytes in memory as a file. */
export function bytesHandle(bytes: Uint8Array, name = 'these bytes'): FileHandleLike {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length)
      return bytes.subarray(offset, offset + length)
    },
    async close() {},
  }
}

/** A `File` or `Blob` as a file: nothing is read before it is asked for. */
export function blobHandle(blob: Blob): FileHandleLike {
  const name = 'name' in blob && typeof blob.name === 'string' && blob.name !== '' ? blob.name : 'this Blob'
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      checkRange(name, blob.size, offset, length)
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer())
      } catch (error) {
        throw new FileFormatError(`${name} cannot be read (${(error as Error).message}). Choose it again.`, {
          cause: error,
        })
      }
    },
    async close() {},
  }
}

/** Part of a file as a file of its own; closing it closes the whole. */
export function partOfHandle(whole: FileHandleLike, begin: number, size: number, name: string): FileHandleLike {
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length)
      return whole.read(begin + offset, length)
    },
    close: () => whole.close(),
  }
}

/** The bytes of an open file from the start, a piece at a time. The handle stays open. */
export async function* streamOf(handle: FileHandleLike, piece = 1 << 20): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < handle.size; offset += piece) {
    yield await handle.read(offset, Math.min(piece, handle.size - offset))
  }
}
