import { openFile, standardInput } from '#data/files'
import { DataError, FileFormatError } from '../tensor/errors.js'
import { bytesHandle, type FileHandleLike, type FileInput, streamOf } from './fileHandle.js'
import { gunzip, isGzip } from './gunzip.js'

/** Where the bytes of an array come from. */
export interface ByteSource {
  readonly name: string
  /** From the start, a piece at a time. */
  stream(): AsyncIterable<Uint8Array>
  /** Opens the bytes for reading at any place; undefined where they only come one after another. */
  readonly open?: () => Promise<FileHandleLike>
  /** The most bytes that can come, where that is known before: deflated data grows at most 1032-fold. */
  readonly longest?: number
  /** Whether the bytes come only once (standard input). */
  readonly once?: boolean
}

/** A file as it is, or inflated on the way where it is gzip. Throws FileFormatError where it is missing or empty. */
export async function fileSource(input: FileInput): Promise<ByteSource> {
  const handle = await openFile(input)
  try {
    if (handle.size === 0) throw new FileFormatError(`${handle.name} is empty.`)
    const head = await handle.read(0, Math.min(2, handle.size))
    const open = () => openFile(input)
    async function* stream(): AsyncGenerator<Uint8Array> {
      const opened = await open()
      try {
        yield* streamOf(opened)
      } finally {
        await opened.close()
      }
    }
    const { name } = handle
    return isGzip(head)
      ? { name, stream: () => gunzip(stream(), name), longest: 1032 * handle.size }
      : { name, stream, open }
  } finally {
    await handle.close()
  }
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  const handle = bytesHandle(bytes, name)
  return { name, stream: () => streamOf(handle), open: async () => handle }
}

/** Standard input: it comes once. Throws DataError when it is walked through a second time. */
export function standardInputSource(): ByteSource {
  let used = false
  return {
    name: 'standard input',
    once: true,
    stream() {
      if (used) {
        throw new DataError(
          'Standard input can be read only once, and this much of it is not kept in memory. Save it to a file and name the file.',
        )
      }
      used = true
      return standardInput()
    },
  }
}
