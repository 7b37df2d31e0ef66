import { ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Sparse codes of n observations over k atoms, compressed by rows (CSR): the active atoms of observation i are
 * `indices[indptr[i] … indptr[i+1])`, in increasing order, and `values` beside them.
 */
export interface Codes {
  /** [n, k] */
  readonly shape: readonly [number, number]
  readonly indptr: Int32Array
  readonly indices: Int32Array
  readonly values: Float32Array
}

/** Codes as a dense batch [n, k]. */
export function toDense(codes: Codes): Tensor {
  const [count, atoms] = codes.shape
  const data = new Float32Array(count * atoms)
  for (let i = 0; i < count; i++) {
    for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++)
      data[i * atoms + codes.indices[at]] = codes.values[at]
  }
  return { shape: [count, atoms], data }
}

/** The codes of a dense batch [n, k]: what is not zero. */
export function fromDense(dense: Tensor): Codes {
  if (dense.shape.length !== 2) throw new ShapeError(`Dense codes must be [n, k]; got [${dense.shape.join(', ')}].`)
  const [count, atoms] = dense.shape
  const indptr = new Int32Array(count + 1)
  const active = dense.data.reduce((total, value) => total + (value !== 0 ? 1 : 0), 0)
  const indices = new Int32Array(active)
  const values = new Float32Array(active)
  let at = 0
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < atoms; j++) {
      const value = dense.data[i * atoms + j]
      if (value !== 0) {
        indices[at] = j
        values[at++] = value
      }
    }
    indptr[i + 1] = at
  }
  return { shape: [count, atoms], indptr, indices, values }
}

/** Several code matrices over the same atoms, one below the other. */
export function concatCodes(parts: readonly Codes[]): Codes {
  const atoms = parts[0]?.shape[1] ?? 0
  const count = parts.reduce((total, part) => total + part.shape[0], 0)
  const active = parts.reduce((total, part) => total + part.indices.length, 0)
  const indptr = new Int32Array(count + 1)
  const indices = new Int32Array(active)
  const values = new Float32Array(active)
  let row = 0
  let at = 0
  for (const part of parts) {
    if (part.shape[1] !== atoms)
      throw new ShapeError(`Codes over ${atoms} and over ${part.shape[1]} atoms cannot be joined.`)
    indices.set(part.indices, at)
    values.set(part.values, at)
    for (let i = 0; i < part.shape[0]; i++) indptr[row + i + 1] = at + part.indptr[i + 1]
    row += part.shape[0]
    at += part.indices.length
  }
  return { shape: [count, atoms], indptr, indices, values }
}

/** Rows `begin` to `end` (exclusive), copied. */
export function codeRows(codes: Codes, begin: number, end: number): Codes {
  const from = codes.indptr[begin]
  const to = codes.indptr[end]
  return {
    shape: [end - begin, codes.shape[1]],
    indptr: codes.indptr.slice(begin, end + 1).map((offset) => offset - from),
    indices: codes.indices.slice(from, to),
    values: codes.values.slice(from, to),
  }
}

/** The codes of no observations. */
export function emptyCodes(atoms: number): Codes {
  return { shape: [0, atoms], indptr: new Int32Array(1), indices: new Int32Array(0), values: new Float32Array(0) }
}
