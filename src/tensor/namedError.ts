import { EnergiaError } from './errors.js'
import { oneLine } from './oneLine.js'

/** Gives an error back, its sentence beginning with `name` where it does not say yet what file or source it is about. */
export function namedError(error: unknown, name: string): unknown {
  if (error instanceof EnergiaError && !error.message.includes(oneLine(name)))
    error.message = `${oneLine(name)}: ${error.message}`
  return error
}
