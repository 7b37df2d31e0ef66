/**
 * The judge of what LISTA's trainers give back: its codes in double precision, written without any of the code it judges.
 *
 * @typedef {import('./objective.js').Tensor} Tensor
 * @typedef {{ readonly weight: Tensor, readonly inhibition: Tensor, readonly threshold: Tensor }} ListaParameters We [k, m], S [k, k], θ [k]
 */

/**
 * z = shrink(We y, θ), then `steps` times z ← shrink(We y + S z, θ).
 * @param {Tensor} observations [n, …]
 * @param {ListaParameters} parameters
 * @param {number} steps
 * @returns {Tensor} [n, k]
 */
export function listaCodes(observations, { weight, inhibition, threshold }, steps) {
  const [count] = observations.shape
  const [size] = weight.shape
  const width = observations.data.length / count
  const result = new Float32Array(count * size)
  const drive = new Float64Array(size)
  let z = new Float64Array(size)
  let next = new Float64Array(size)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      drive[j] = 0
      for (let p = 0; p < width; p++) drive[j] += weight.data[j * width + p] * observations.data[i * width + p]
    }
    z.fill(0)
    for (let step = 0; step <= steps; step++) {
      for (let j = 0; j < size; j++) {
        let v = drive[j]
        for (let l = 0; l < size; l++) if (z[l] !== 0) v += inhibition.data[j * size + l] * z[l]
        const t = threshold.data[j]
        next[j] = v - Math.max(-t, Math.min(t, v))
      }
      const last = z
      z = next
      next = last
    }
    result.set(z, i * size)
  }
  return { shape: [count, size], data: result }
}
