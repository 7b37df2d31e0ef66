import { ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import { innerProduct, unitAtoms } from './cosines.js'

/**
 * The coherence of a dictionary [k, …shape]: the largest |cos| between two different atoms, in [0, 1]; 0 for fewer than two
 * atoms. An atom of zeros is at right angles to all. Needs k²m/2 multiplications.
 * Throws {@link ShapeError} unless there is an axis of atoms, DataError where they are not finite.
 */
export function coherence(atoms: Tensor): number {
  if (atoms.shape.length < 2) throw new ShapeError(`Atoms are [k, …shape]; got the shape ${formatShape(atoms.shape)}.`)
  const m = sizeOf(atoms.shape.slice(1))
  const unit = unitAtoms(atoms)
  let largest = 0
  for (let i = 0; i < atoms.shape[0]; i++) {
    for (let j = 0; j < i; j++) largest = Math.max(largest, Math.abs(innerProduct(unit, i, unit, j, m)))
  }
  return Math.min(1, largest)
}
