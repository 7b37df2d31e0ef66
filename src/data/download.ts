import { appendTo, openFile, pathKind, removeFile, writeFileAtomically } from '#data/files'
import { CancelledError, ConfigurationError, EnergiaError, FileFormatError } from '../tensor/errors.js'
import { byteReader } from './byteReader.js'
import { streamOf } from './fileHandle.js'
import { gunzip, isGzip } from './gunzip.js'

/** A file that is known before it is fetched: its size and SHA-256 once inflated. */
export interface KnownFile {
  readonly url: string
  readonly bytes: number
  readonly sha256: string
}

export interface DownloadOptions {
  /** Called with the bytes on disk and, where the server tells it, the bytes in all. */
  readonly onProgress?: (received: number, total: number | undefined) => void
  readonly signal?: AbortSignal
  /** Times a broken connection is taken up again: 4 by default. */
  readonly retries?: number
  /** Milliseconds before the first new attempt, doubled each time: 500 by default. */
  readonly pause?: number
  /** Milliseconds without a byte after which a connection counts as broken: 60,000 by default. */
  readonly patience?: number
}

/**
 * Fetches a known file to `path`, inflated and checked. What had arrived when the connection broke stays in
 * `path.part`, and the next call goes on from there. Throws {@link FileFormatError} where the server fails or sends
 * something else, {@link CancelledError} when stopped; `path` is written whole or not at all.
 */
export async function download(file: KnownFile, path: string, options: DownloadOptions = {}): Promise<void> {
  if (!URL.canParse(file.url)) {
    throw new ConfigurationError(`"${file.url}" is not an address. A mirror looks like https://example.org/mnist/.`)
  }
  const part = `${path}.part`
  const resumed = (await pathKind(part)) === 'file'
  await fetchRest(file, part, options)
  let bytes: Uint8Array
  try {
    bytes = await verified(part, file)
  } catch (error) {
    await removeFile(part)
    // An old part may belong to another version of the file: begin once more from nothing.
    if (resumed) return download(file, path, options)
    throw error
  }
  await writeFileAtomically(path, bytes)
  await removeFile(part)
}

/** Brings the part to its full length, taking up broken connections. */
async function fetchRest(file: KnownFile, part: string, options: DownloadOptions): Promise<void> {
  const { retries = 4, pause = 500, signal } = options
  for (let attempt = 0; ; attempt++) {
    checkStopped(signal, file.url)
    try {
      return await fetchOnce(file, part, options)
    } catch (error) {
      checkStopped(signal, file.url)
      if (error instanceof EnergiaError) throw error
      if (attempt >= retries) {
        const reason =
          error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
        throw new FileFormatError(
          `${file.url} cannot be fetched (${reason}). Check the connection and run again: it goes on where it stopped.`,
          { cause: error },
        )
      }
      await wait(pause * 2 ** attempt, signal)
    }
  }
}

async function fetchOnce(file: KnownFile, part: string, options: DownloadOptions): Promise<void> {
  const { patience = 60_000, signal } = options
  const appender = await appendTo(part)
  // Stops this attempt: when the reader wants it, or when nothing comes any more.
  const attempt = new AbortController()
  const stop = () => attempt.abort()
  signal?.addEventListener('abort', stop)
  const silence = () => setTimeout(() => attempt.abort(new Error('nothing came for a long time')), patience)
  let timer = silence()
  let have = appender.size
  let body: ReadableStream<Uint8Array> | null = null
  try {
    const response = await fetch(file.url, {
      headers: { 'Accept-Encoding': 'identity', ...(have > 0 && { Range: `bytes=${have}-` }) },
      signal: attempt.signal,
    })
    body = response.body
    if (have > 0 && response.status === 416) return
    if (have > 0 && response.ok && !continues(response, have)) {
      // The server sends the file from its start: what was there is of no use.
      await appender.close()
      await body?.cancel().catch(() => {})
      await removeFile(part)
      return await fetchOnce(file, part, options)
    }
    if (response.status >= 500) throw new Error(`the server answers ${response.status}`)
    if (!response.ok || body === null) {
      throw new FileFormatError(
        `${file.url} cannot be fetched: the server answers ${response.status}. Choose another mirror.`,
      )
    }
    const length = Number(response.headers.get('Content-Length') ?? Number.NaN)
    const coded = response.headers.has('Content-Encoding')
    const total = coded || !Number.isFinite(length) ? undefined : have + length
    // Nothing well-meant is longer inflated than deflated by more than a header.
    const limit = file.bytes + 65536
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
      checkStopped(signal, file.url)
      clearTimeout(timer)
      timer = silence()
      have += piece.length
      if (have > limit) {
        await appender.close()
        await removeFile(part)
        throw new FileFormatError(
          `${file.url} is longer than the file it should be (${file.bytes} bytes). Choose another mirror.`,
        )
      }
      await appender.write(piece)
      options.onProgress?.(have, total)
    }
    if (total !== undefined && have < total) throw new Error(`the connection ended after ${have} of ${total} bytes`)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    await appender.close().catch(() => {})
  }
}

/** Whether a response goes on exactly where the part ends. */
const continues = (response: Response, have: number): boolean =>
  response.status === 206 && (response.headers.get('Content-Range') ?? '').startsWith(`bytes ${have}-`)

/** The part, inflated where it is gzip. Throws {@link FileFormatError} unless size and SHA-256 are as known. */
async function verified(part: string, file: KnownFile): Promise<Uint8Array> {
  const handle = await openFile(part)
  try {
    if (handle.size === 0) throw new FileFormatError(`${file.url} is empty. Choose another mirror.`)
    const raw = streamOf(handle)
    const stream = isGzip(await handle.read(0, Math.min(2, handle.size))) ? gunzip(raw, file.url) : raw
    const reader = byteReader(stream, file.url)
    const bytes = await reader.read(file.bytes)
    const more = !(await reader.ended())
    await reader.close()
    const hash = more ? 'more bytes than it should have' : await sha256(bytes)
    if (hash !== file.sha256) {
      throw new FileFormatError(
        `${file.url} is not the file it should be (SHA-256 ${file.sha256}; got ${hash}). Choose another mirror.`,
      )
    }
    return bytes
  } finally {
    await handle.close()
  }
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Waits, unless stopped. */
function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function checkStopped(signal: AbortSignal | undefined, url: string): void {
  if (signal?.aborted) throw new CancelledError(`Fetching ${url} was stopped. What has arrived is kept.`)
}
