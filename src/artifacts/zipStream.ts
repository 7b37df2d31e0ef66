import { joinBytes } from '../data/byteReader.js'
import { drain } from '../data/drain.js'
import { fixedDate, zipLibrary } from '../data/zip.js'
import type { Store } from './store.js'

/** A file to be put into a zip archive. */
export interface ZipPart {
  readonly name: string
  /** Its bytes, asked for once. */
  pieces(): AsyncIterable<Uint8Array>
}

/**
 * A zip archive of files one after the other, stored as they are, in pieces: nothing is held whole. The same files give
 * the same bytes. What reading a file throws, this throws.
 */
export async function* zipStream(parts: Iterable<ZipPart>): AsyncGenerator<Uint8Array> {
  const { ZipWriter } = await zipLibrary()
  let controller: TransformStreamDefaultController<Uint8Array> | undefined
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start(given) {
      controller = given
    },
  })
  const write = async (): Promise<void> => {
    const archive = new ZipWriter(writable, { ...fixedDate, level: 0 })
    for (const part of parts) {
      const source = part.pieces()[Symbol.asyncIterator]()
      try {
        await archive.add(part.name, streamOf(source))
      } finally {
        await source.return?.() // also where the archive is given up half-way
      }
    }
    await archive.close()
  }
  const work = write().catch((error: unknown) => {
    controller?.error(error)
    throw error
  })
  yield* drain(readable, work)
}

/** All files of a store as one zip archive: a run as a download. */
export async function zipStore(store: Store): Promise<Uint8Array<ArrayBuffer>> {
  const names = (await store.list()).filter((name) => !name.endsWith('/'))
  const parts = names.map((name) => ({
    name,
    async *pieces() {
      yield await store.read(name)
    },
  }))
  const pieces: Uint8Array[] = []
  for await (const piece of zipStream(parts)) pieces.push(piece)
  return joinBytes(pieces)
}

/** A stream that asks for a piece when there is room for it. Whoever gives the source closes it. */
function streamOf(source: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
