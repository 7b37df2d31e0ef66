import { DataError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'

/**
 * Atoms [k, …shape] scaled to norm 1, in double precision: [k · m]. Atoms of zeros stay zero.
 * Throws {@link DataError} where an atom is not finite.
 */
export function unitAtoms(atoms: Tensor): Float64Array {
  const m = sizeOf(atoms.shape.slice(1))
  const out = Float64Array.from(atoms.data)
  for (let k = 0; k < atoms.shape[0]; k++) {
    const atom = out.subarray(k * m, (k + 1) * m)
    const norm = Math.sqrt(atom.reduce((sum, value) => sum + value * value, 0))
    if (!Number.isFinite(norm)) throw new DataError(`Atom ${k} holds NaN or infinite numbers.`)
    if (norm > 0) for (let i = 0; i < m; i++) atom[i] /= norm
  }
  return out
}

/** The inner product of atom `i` of `a` and atom `j` of `b`, atoms of m numbers. */
export function innerProduct(a: Float64Array, i: number, b: Float64Array, j: number, m: number): number {
  let sum = 0
  for (let at = 0; at < m; at++) sum += a[i * m + at] * b[j * m + at]
  return sum
}
