/**
 * The one judge of both sides: ½‖y − Wz‖² + λ‖z‖₁ in double precision, written without any of the code it judges.
 *
 * @typedef {{ readonly shape: readonly number[], readonly data: Float32Array }} Tensor
 * @typedef {{ readonly shape: readonly [number, number], readonly indptr: Int32Array, readonly indices: Int32Array, readonly values: Float32Array }} Codes
 */

/** @param {Tensor} tensor @returns {[number, number]} rows and the elements of one */
export function extent(tensor) {
  const count = tensor.shape[0]
  return [count, tensor.data.length / count]
}

/**
 * The energy of each observation at the given code; `observe` sees every residual y − Wz.
 * @param {Tensor} observations [n, …]
 * @param {Tensor} atoms [k, …]
 * @param {Codes} codes
 * @param {number} lambda
 * @param {(index: number, residual: Float64Array, energy: number) => void} [observe]
 * @returns {Float64Array} [n]
 */
export function energies(observations, atoms, codes, lambda, observe) {
  const [, width] = extent(observations)
  const count = codes.shape[0]
  const residual = new Float64Array(width)
  const result = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < width; p++) residual[p] = observations.data[i * width + p]
    let penalty = 0
    for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++) {
      const value = codes.values[at]
      const atom = codes.indices[at] * width
      penalty += Math.abs(value)
      for (let p = 0; p < width; p++) residual[p] -= value * atoms.data[atom + p]
    }
    let square = 0
    for (let p = 0; p < width; p++) square += residual[p] * residual[p]
    result[i] = 0.5 * square + lambda * penalty
    observe?.(i, residual, result[i])
  }
  return result
}

/**
 * How far the mean energy can lie above its minimum, relative to it: the duality gap at the scaled residual s r, where
 * the dual value is ½‖y‖² − ½‖y − s r‖² and s = min(1, λ / ‖Wᵀr‖∞) makes s r feasible.
 * @param {Tensor} observations
 * @param {Tensor} atoms
 * @param {Codes} codes
 * @param {number} lambda
 */
export function relativeGap(observations, atoms, codes, lambda) {
  const [, width] = extent(observations)
  const [atomCount] = extent(atoms)
  let primal = 0
  let dual = 0
  energies(observations, atoms, codes, lambda, (i, residual, energy) => {
    let largest = 0
    for (let j = 0; j < atomCount; j++) {
      let product = 0
      for (let p = 0; p < width; p++) product += atoms.data[j * width + p] * residual[p]
      largest = Math.max(largest, Math.abs(product))
    }
    const scale = Math.min(1, lambda / largest)
    primal += energy
    for (let p = 0; p < width; p++) {
      const y = observations.data[i * width + p]
      const rest = y - scale * residual[p]
      dual += 0.5 * (y * y - rest * rest)
    }
  })
  return (primal - dual) / primal
}

/** The mean of the first `count` numbers. @param {Float64Array} values @param {number} [count] */
export function mean(values, count = values.length) {
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[i]
  return sum / count
}
