import { EnergiaError, FileFormatError } from '../tensor/errors.js'
import type { ByteSource } from './byteSource.js'
import { drain } from './drain.js'
import { type FileHandleLike, partOfHandle } from './fileHandle.js'

/** Whether bytes begin like a zip archive (an npz file is one). */
export function isZip(head: Uint8Array): boolean {
  return (
    head.length >= 4 &&
    head[0] === 0x50 &&
    head[1] === 0x4b &&
    (head[2] === 3 || head[2] === 5) &&
    head[3] === head[2] + 1
  )
}

/** A file inside a zip archive. */
export interface ZipMember {
  readonly name: string
  /** Bytes once inflated, as the archive promises. */
  readonly size: number
  readonly source: ByteSource
}

/** Settings with which the same files give the same archive. */
export const fixedDate = { lastModDate: new Date(1980, 0, 1), extendedTimestamp: false }

/** The library for zip archives, loaded on first use; its work stays on this thread. */
export async function zipLibrary() {
  const zip = await import('@zip.js/zip.js')
  zip.configure({ useWebWorkers: false })
  return zip
}

/** The members of a zip archive; nothing is inflated yet. Throws {@link FileFormatError} where the archive is damaged. */
export async function zipMembers(open: () => Promise<FileHandleLike>): Promise<ZipMember[]> {
  const handle = await open()
  try {
    const { name } = handle
    const entries = await openArchive(handle)
    const members: ZipMember[] = []
    for (const entry of entries) {
      if (entry.directory) continue
      if (entry.encrypted) throw new FileFormatError(`${name} is encrypted. Save it without a password.`)
      members.push({
        name: entry.filename,
        size: entry.uncompressedSize,
        source: {
          name: `${name}#${entry.filename.replace(/\.npy$/, '')}`,
          longest: entry.uncompressedSize,
          stream: () => inflate(open, entry.filename, entry.offset),
          ...(entry.compressionMethod === 0 && {
            open: () => openStored(open, entry.offset, entry.uncompressedSize, entry.filename),
          }),
        },
      })
    }
    return members
  } finally {
    await handle.close()
  }
}

async function openArchive(handle: FileHandleLike) {
  const { Reader, ZipReader } = await zipLibrary()
  class HandleReader extends Reader<undefined> {
    constructor() {
      super(undefined)
      this.size = handle.size
    }
    override readUint8Array(index: number, length: number): Promise<Uint8Array> {
      const from = Math.max(0, Math.min(index, handle.size))
      return handle.read(from, Math.max(0, Math.min(length, handle.size - from)))
    }
  }
  // Names of members are names of arrays here, never of files: "G:8x8x64" is none to be afraid of.
  const options = { checkSignature: true, filenameValidation: 'tolerant' } as const
  try {
    return await new ZipReader(new HandleReader(), options).getEntries()
  } catch (error) {
    throw damaged(handle.name, error)
  }
}

const damaged = (name: string, error: unknown): EnergiaError =>
  error instanceof EnergiaError
    ? error
    : new FileFormatError(
        `${name} is a damaged zip archive (${error instanceof Error ? error.message : String(error)}). Fetch or write it again.`,
        {
          cause: error,
        },
      )

/** The bytes of one member, checked against the archive's checksum at the end. */
async function* inflate(
  open: () => Promise<FileHandleLike>,
  member: string,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const handle = await open()
  try {
    const entry = (await openArchive(handle)).find(
      (candidate) => candidate.filename === member && candidate.offset === offset,
    )
    if (entry === undefined || entry.directory) throw new FileFormatError(`${handle.name} changed while it was read.`)
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const work = entry.getData(writable).catch(async (error: unknown) => {
      await writable.abort(error).catch(() => {})
      throw error
    })
    yield* drain(readable, work, { failed: (error) => damaged(handle.name, error) })
  } finally {
    await handle.close()
  }
}

/** A member that lies in the archive as it is, to be read at any place. */
async function openStored(
  open: () => Promise<FileHandleLike>,
  offset: number,
  size: number,
  member: string,
): Promise<FileHandleLike> {
  const handle = await open()
  try {
    const local = await handle.read(offset, 30)
    const view = new DataView(local.buffer, local.byteOffset, local.length)
    const begin = offset + 30 + view.getUint16(26, true) + view.getUint16(28, true)
    if (view.getUint32(0, true) !== 0x04034b50 || begin + size > handle.size) {
      throw new FileFormatError(
        `${handle.name} is a damaged zip archive: ${member} is not where it should be. Fetch or write it again.`,
      )
    }
    return partOfHandle(handle, begin, size, `${handle.name}#${member.replace(/\.npy$/, '')}`)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A zip archive of the given files, deflated. */
export async function writeZip(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } = await zipLibrary()
  const archive = new ZipWriter(new Uint8ArrayWriter(), { ...fixedDate, level: 6 })
  for (const [name, bytes] of Object.entries(files)) await archive.add(name, new Uint8ArrayReader(bytes))
  return archive.close()
}
