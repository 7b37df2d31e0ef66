import { DataError, ShapeError } from '../tensor/errors.js'
import { described } from '../tensor/tensor.js'
import type { Codes } from './codes.js'

/** Throws {@link ShapeError} where something is no codes at all. */
export function checkIsCodes(codes: Codes, what: string): void {
  const given: unknown = codes
  if (typeof given !== 'object' || given === null || !('indptr' in given && 'indices' in given && 'values' in given)) {
    throw new ShapeError(
      `${what} must be sparse codes { shape, indptr, indices, values }, as encode gives them; got ${typeof given === 'object' && given && 'data' in given ? 'a dense tensor. Turn it into codes with fromDense' : described(given)}.`,
    )
  }
}

/**
 * Throws {@link ShapeError} unless codes are [rows, atoms], with any number of rows where none is said, with an index structure that holds, and {@link DataError} for
 * values that are not finite.
 */
export function checkCodes(codes: Codes, wanted: number | undefined, atoms: number, what: string): void {
  checkIsCodes(codes, what)
  const { shape, indptr, indices, values } = codes
  const rows = wanted ?? shape[0]
  if (shape[0] !== rows || shape[1] !== atoms) {
    throw new ShapeError(`${what} are [${shape.join(', ')}]; [${rows}, ${atoms}] is needed.`)
  }
  const count = indptr[rows]
  if (indptr.length !== rows + 1 || indptr[0] !== 0 || indices.length < count || values.length < count) {
    throw new ShapeError(`${what} have an indptr that does not fit their ${rows} rows and ${indices.length} entries.`)
  }
  for (let i = 0; i < rows; i++) {
    if (indptr[i + 1] < indptr[i]) throw new ShapeError(`${what} have an indptr that decreases at row ${i}.`)
    for (let at = indptr[i]; at < indptr[i + 1]; at++) {
      const index = indices[at]
      if (!(index >= 0 && index < atoms) || (at > indptr[i] && index <= indices[at - 1])) {
        throw new ShapeError(
          `${what} name atom ${index} in row ${i}; atoms are 0 to ${atoms - 1}, in increasing order.`,
        )
      }
      if (!Number.isFinite(values[at]))
        throw new DataError(`${what} hold ${values[at]} in row ${i}; give finite numbers.`)
    }
  }
}
