import { EnergiaError, FileFormatError } from '../tensor/errors.js'

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
  const reader = stream.readable.getReader()
  let failure: unknown
  const pump = async () => {
    try {
      for await (const piece of compressed) {
        await writer.ready
        // The promise of a write settles only when the piece has been inflated; the read below reports its failure.
        writer.write(piece as Uint8Array<ArrayBuffer>).catch(() => {})
      }
      await writer.close()
    } catch (error) {
      failure ??= error
      await writer.abort(error).catch(() => {})
    }
  }
  const pumping = pump()
  let finished = false
  try {
    for (;;) {
      const next = await reader.read()
      if (next.done) break
      yield next.value
    }
    finished = true
  } catch (error) {
    if (failure instanceof EnergiaError) throw failure
    throw new FileFormatError(`${name} is corrupt gzip or cut short. Fetch or compress it again.`, { cause: error })
  } finally {
    if (!finished) {
      await reader.cancel().catch(() => {})
      await writer.abort().catch(() => {})
    }
    await pumping
  }
}
