import { FileFormatError } from '../tensor/errors.js'
import { drain } from './drain.js'

/** Whether bytes begin like a gzip file. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b
}

/**
 * Inflates a gzip stream on the way through, by the platform's own DecompressionStream. Throws {@link FileFormatError}
 * where the stream is corrupt or cut short; a reader that stops early frees everything.
 */
export async function* gunzip(compressed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream('gzip')
  const writer = stream.writable.getWriter()
  const pump = async (): Promise<void> => {
    try {
      for await (const piece of compressed) {
        await writer.ready
        // The promise of a write settles only when the piece has been inflated; reading reports its failure.
        writer.write(piece as Uint8Array<ArrayBuffer>).catch(() => {})
      }
      await writer.close()
    } catch (error) {
      await writer.abort(error).catch(() => {})
      throw error
    }
  }
  yield* drain(stream.readable, pump(), {
    stop: () => writer.abort(),
    failed: (error) =>
      new FileFormatError(`${name} is corrupt gzip or cut short. Fetch or compress it again.`, { cause: error }),
  })
}
