/**
 * Codes as full rows, and how far they are from others.
 *
 * @typedef {import('./objective.js').Tensor} Tensor
 * @typedef {import('./objective.js').Codes} Codes
 */

/** @param {Codes} codes @returns {Tensor} [n, k] */
export function denseCodes({ shape, indptr, indices, values }) {
  const [count, size] = shape
  const data = new Float32Array(count * size)
  for (let i = 0; i < count; i++) {
    for (let at = indptr[i]; at < indptr[i + 1]; at++) data[i * size + indices[at]] = values[at]
  }
  return { shape: [...shape], data }
}

/** @param {Tensor} dense [n, k] @returns {Codes} */
export function sparseCodes({ shape: [count, size], data }) {
  const indptr = new Int32Array(count + 1)
  const indices = []
  const values = []
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      const value = data[i * size + j]
      if (value === 0) continue
      indices.push(j)
      values.push(value)
    }
    indptr[i + 1] = indices.length
  }
  return { shape: [count, size], indptr, indices: Int32Array.from(indices), values: Float32Array.from(values) }
}

/** The mean over observations and atoms of (z − z*)². @param {Tensor} codes @param {Tensor} reference */
export function squaredDistance(codes, reference) {
  let sum = 0
  for (let i = 0; i < reference.data.length; i++) sum += (codes.data[i] - reference.data[i]) ** 2
  return sum / reference.data.length
}
