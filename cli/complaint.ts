/** Work was cut short because whoever read standard output has closed it (`energia … | head`). */
export class ClosedPipeError extends Error {
  override name = 'ClosedPipeError'
}

/** Exit codes by kind of error: wrong usage, stopped, and everything else. */
function exitCode(error: unknown): number {
  if (!(error instanceof Error)) return 1
  if (error.name === 'ConfigurationError') return 2
  return error.name === 'CancelledError' ? 130 : 1
}

/** Names of the errors that Energia throws on purpose; told by name, since loading the classes would take too long here. */
const own = ['EnergiaError', 'ShapeError', 'DataError', 'ConfigurationError', 'FileFormatError', 'ConvergenceError']

/** Says in a sentence on standard error what went wrong, and gives the exit code that goes with it. */
export function complain(error: unknown, options: { readonly debug: boolean; readonly json?: boolean }): number {
  if (error instanceof ClosedPipeError || (error instanceof Error && 'code' in error && error.code === 'EPIPE'))
    return 1
  const message = sentence(error)
  if (options.json) process.stdout.write(`${JSON.stringify({ event: 'error', message })}\n`)
  process.stderr.write(`${message}\n`)
  if (options.debug && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack}\n`)
  }
  return exitCode(error)
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return `energia: an unknown error: ${String(error)}.`
  if (error.name === 'CancelledError') return error.message
  if (own.includes(error.name)) return `energia: ${error.message}`
  if (error instanceof RangeError && /alloc|length|memory/i.test(error.message)) {
    return `energia: this needs more memory than there is (${error.message}). Use fewer atoms, smaller patches or smaller batches.`
  }
  if ('code' in error && typeof error.code === 'string') return `energia: the system says ${error.message}.`
  return `energia: an unexpected error: ${error.message} This is a defect of Energia; run again with --debug and report it.`
}
