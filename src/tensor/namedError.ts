import { EnergiaError } from './errors.js'

/** Gives an error back, its sentence beginning with `name` where it does not say yet what file or source it is about. */
export function namedError(error: unknown, name: string): unknown {
  if (error instanceof EnergiaError && !error.message.includes(name)) error.message = `${name}: ${error.message}`
  return error
}
