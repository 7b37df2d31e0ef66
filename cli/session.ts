import { BrokenOutputError, ClosedPipeError } from './complaint.js'
import { given } from './given.js'
import { type Reporter, reporter } from './reporter.js'

/** The options that every command has. */
export interface CommonOptions {
  readonly threads?: number
  readonly json?: boolean
  /** Where graphs run. */
  readonly device?: DeviceName
}

/** Where graphs can run, if the machine can. */
export const devices = ['cpu', 'cuda', 'webgpu'] as const
export type DeviceName = (typeof devices)[number]

/** What a command works within: how it reports, and the signal that stops it. */
export interface Session extends Reporter {
  readonly signal: AbortSignal
  /** `{ threads }` where a number was given. */
  readonly threads: { readonly threads?: number }
  /** What graphs run on, as far as it was said. */
  readonly runtime: { readonly threads?: number; readonly device?: DeviceName }
}

/**
 * Runs a command's work. The first Ctrl-C (or SIGTERM) raises the signal, so that work ends in order and keeps what it has;
 * the second quits at once. Where the reader of standard output goes away, work is stopped without a word; where standard
 * output fails (a full disk), with one.
 */
export async function inSession(options: CommonOptions, work: (session: Session) => Promise<void>): Promise<void> {
  const abort = new AbortController()
  const { oneLine } = await import('../src/index.js')
  const report = reporter(options.json ?? false, oneLine)
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(130)
    report.note('Stopping; press Ctrl-C again to quit at once.')
    abort.abort()
  }
  let broken: NodeJS.ErrnoException | undefined
  let working = true
  const onBroken = (error: NodeJS.ErrnoException): void => {
    const failure = error.code === 'EPIPE' ? new ClosedPipeError() : new BrokenOutputError(error)
    if (!working && error.code !== 'EPIPE') throw failure
    broken ??= failure
    abort.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  process.stdout.on('error', onBroken)
  process.stderr.on('error', () => {}) // there is nowhere left to complain
  try {
    const threads = given({ threads: options.threads })
    const runtime = { ...threads, ...given({ device: options.device }) }
    await work({ ...report, signal: abort.signal, threads, runtime })
  } catch (error) {
    throw broken ?? error
  } finally {
    working = false
    report.end()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
  if (broken !== undefined) throw broken
}
