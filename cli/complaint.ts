import type { CommanderError } from 'commander'
import { systemCode, systemSentence } from './systemErrors.js'

/** Work was cut short because whoever read standard output has closed it (`energia … | head`). */
export class ClosedPipeError extends Error {
  override name = 'ClosedPipeError'
}

/** Standard output cannot be written to. */
export class BrokenOutputError extends Error {
  override name = 'BrokenOutputError'
  constructor(cause: Error) {
    super(systemSentence(cause), { cause })
  }
}

/** How complaints are made: where an error came from is shown with `--debug`, events for programs with `--json`. */
export interface ComplaintOptions {
  readonly debug: boolean
  readonly json: boolean
}

/** Exit codes by kind of error: wrong usage, stopped, and everything else. */
function exitCode(error: unknown): number {
  if (!(error instanceof Error)) return 1
  if (error.name === 'ConfigurationError') return 2
  return error.name === 'CancelledError' ? 130 : 1
}

/** Names of the errors that Energia throws on purpose; told by name, since loading the classes would take too long here. */
const own = [
  ...['EnergiaError', 'ShapeError', 'DataError', 'ConfigurationError', 'FileFormatError', 'ConvergenceError'],
  'BrokenOutputError',
]

/** Whether an error's sentence was written for people: by Energia, whichever copy of it threw. */
export function isOwnError(error: unknown): boolean {
  return error instanceof Error && (own.includes(error.name) || error.name === 'CancelledError')
}

/** Says in a sentence on standard error what went wrong, and gives the exit code that goes with it. */
export function complain(error: unknown, { debug, json }: ComplaintOptions): number {
  if (error instanceof ClosedPipeError || (error instanceof Error && 'code' in error && error.code === 'EPIPE'))
    return 1
  const message = sentence(error)
  if (json) writeErrorEvent(message)
  process.stderr.write(`${message}\n`)
  if (debug && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack}\n`)
  }
  return exitCode(error)
}

/** The exit code for what the parser of the command line threw; it has said on standard error what is wrong. */
export function complainOfUsage(error: CommanderError, { json }: ComplaintOptions): number {
  if (error.exitCode === 0) return 0 // help or the version, which was asked for
  if (json) writeErrorEvent(`energia: ${usageSentence(error)}`)
  return 2
}

function usageSentence({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'a command is missing; --help lists what there is.'
  return hinted(message)
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
}

/** The parser's message, with advice where its cause is known. */
export function hinted(message: string): string {
  if (!/too many arguments/.test(message)) return message
  return `${message.trimEnd()}\n(Quote a pattern, as in --data 'images/*.png', so that the shell does not expand it.)\n`
}

function writeErrorEvent(message: string): void {
  process.stdout.write(`${JSON.stringify({ event: 'error', message })}\n`)
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return `energia: an unknown error: ${String(error)}.`
  if (error.name === 'CancelledError') return error.message
  if (own.includes(error.name)) return `energia: ${error.message}`
  if (error instanceof RangeError && /alloc|length|memory/i.test(error.message)) {
    return `energia: this needs more memory than there is (${error.message}). Use a smaller model, smaller batches, or fewer or smaller observations.`
  }
  if (systemCode(error) !== undefined) return `energia: ${systemSentence(error)}`
  return `energia: an unexpected error: ${error.message} This is a defect of Energia; run again with --debug and report it.`
}
