import { FileFormatError } from '../tensor/errors.js'

/** Reads a stream of bytes in the portions that a format asks for. */
export interface ByteReader {
  /** Exactly `length` bytes. Throws {@link FileFormatError} where the stream ends before. */
  read(length: number): Promise<Uint8Array>
  /** As many bytes as are at hand, at most `limit`; none at the end of the stream. */
  readSome(limit: number): Promise<Uint8Array>
  /** Whether the stream has ended. */
  ended(): Promise<boolean>
  /** Ends the stream early and frees what it holds. */
  close(): Promise<void>
}

/** A reader over `stream`; memory grows with what arrives, never with what a header promises. */
export function byteReader(stream: AsyncIterable<Uint8Array>, name: string): ByteReader {
  const source = stream[Symbol.asyncIterator]()
  let held: Uint8Array = new Uint8Array(0)
  let position = 0
  let done = false
  let arrived = false

  const refill = async (): Promise<boolean> => {
    while (!done && position === held.length) {
      const next = await source.next()
      if (next.done) done = true
      else {
        held = next.value
        position = 0
        arrived ||= held.length > 0
      }
    }
    return position < held.length
  }
  const readSome = async (limit: number): Promise<Uint8Array> => {
    if (limit <= 0 || !(await refill())) return new Uint8Array(0)
    const piece = held.subarray(position, Math.min(held.length, position + limit))
    position += piece.length
    return piece
  }

  return {
    readSome,
    async read(length) {
      const first = await readSome(length)
      if (first.length === length) return first
      const pieces = [first]
      let total = first.length
      while (total < length) {
        const piece = await readSome(length - total)
        if (piece.length === 0) {
          if (!arrived) throw new FileFormatError(`${name} is empty.`)
          throw new FileFormatError(
            `${name} is cut short: ${length} bytes were needed and only ${total} came. Fetch or write it again.`,
          )
        }
        pieces.push(piece)
        total += piece.length
      }
      return joinBytes(pieces, total)
    },
    ended: async () => !(await refill()),
    async close() {
      done = true
      position = held.length
      await source.return?.()
    },
  }
}

/** Pieces one after another. */
export function joinBytes(
  pieces: readonly Uint8Array[],
  total = pieces.reduce((sum, piece) => sum + piece.length, 0),
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(total)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
