import { EnergiaError } from '../tensor/errors.js'

/** How {@link drain} ends where it does not end well. */
export interface DrainOptions {
  /** The error to throw for one that is not Energia's own. */
  readonly failed?: (error: unknown) => unknown
  /** Makes the work end that fills the stream, where cancelling the stream does not. */
  readonly stop?: () => Promise<unknown>
}

/**
 * The pieces of a stream while `work` fills it; ends when both have ended. The work must make the stream fail where it
 * fails itself. Errors of Energia's own that it throws (of a file below it) go before what the stream says of them. A
 * reader that leaves early cancels the stream and waits for the work.
 */
export async function* drain(
  readable: ReadableStream<Uint8Array>,
  work: Promise<unknown>,
  { failed = (error) => error, stop = async () => {} }: DrainOptions = {},
): AsyncGenerator<Uint8Array> {
  const failures: unknown[] = []
  const noted = (error: unknown): void => void failures.push(error)
  const done = work.catch(noted)
  const reader = readable.getReader()
  let finished = false
  try {
    for (;;) {
      const next = await reader.read()
      if (next.done) break
      yield next.value
    }
    finished = true
  } catch (error) {
    noted(error)
  } finally {
    if (!finished) {
      await reader.cancel().catch(() => {}) // it may have failed already
      await stop().catch(() => {})
    }
    await done
  }
  if (failures.length > 0) throw failures.find((error) => error instanceof EnergiaError) ?? failed(failures[0])
}
