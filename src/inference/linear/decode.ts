import { ShapeError } from '../../tensor/errors.js'
import { sizeOf, type Tensor } from '../../tensor/tensor.js'
import type { Codes } from '../codes.js'

/** ŷ = Wz for each code: [n, …shape of an atom]. Throws {@link ShapeError} for codes over another number of atoms. */
export function decode(codes: Codes, atoms: Tensor): Tensor {
  const [count, ...shape] = atoms.shape
  if (codes.shape[1] !== count) {
    throw new ShapeError(
      `Codes over ${codes.shape[1]} atoms were given to a dictionary of ${count}; use the model they came from.`,
    )
  }
  const size = sizeOf(shape)
  const data = new Float32Array(codes.shape[0] * size)
  for (let i = 0; i < codes.shape[0]; i++) {
    const row = data.subarray(i * size, (i + 1) * size)
    for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++) {
      const from = codes.indices[at] * size
      const value = codes.values[at]
      for (let p = 0; p < size; p++) row[p] += value * atoms.data[from + p]
    }
  }
  return { shape: [codes.shape[0], ...shape], data }
}
