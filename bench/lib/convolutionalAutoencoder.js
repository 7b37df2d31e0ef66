/**
 * The judge of convolutional auto-encoders, in double precision, written without any of the code it judges: the mean over crops [n, s, s] of
 * ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ at the encoder's code z = g ∘ tanh(F ⋆ y + b).
 * @param {import('./objective.js').Tensor} crops
 * @param {import('./oursAutoencoder.js').Learned} learned
 * @param {number} lambda
 */
export function energyAtGuess(crops, { kernels, filters, bias, gain }, lambda) {
  const [count, side] = crops.shape
  const maps = bias.data.length
  const size = Math.round(Math.sqrt(kernels.data.length / maps))
  const places = side - size + 1
  let total = 0
  for (let crop = 0; crop < count; crop++) {
    const y = crops.data.subarray(crop * side * side, (crop + 1) * side * side)
    const rest = Float64Array.from(y)
    for (let map = 0; map < maps; map++) {
      const first = map * size * size
      for (let at = 0; at < places * places; at++) {
        const corner = Math.floor(at / places) * side + (at % places)
        let sum = bias.data[map]
        for (let p = 0; p < size * size; p++) {
          sum += filters.data[first + p] * y[corner + Math.floor(p / size) * side + (p % size)]
        }
        const z = gain.data[map] * Math.tanh(sum)
        total += lambda * Math.abs(z)
        for (let p = 0; p < size * size; p++) {
          rest[corner + Math.floor(p / size) * side + (p % size)] -= z * kernels.data[first + p]
        }
      }
    }
    for (let p = 0; p < rest.length; p++) {
      const [row, column] = [Math.floor(p / side), p % side]
      total += (0.5 * rest[p] ** 2 * covering(row, side, size) * covering(column, side, size)) / (size * size)
    }
  }
  return total / count
}

/** How many positions of a kernel cover a place of an axis. @param {number} place @param {number} side @param {number} size */
function covering(place, side, size) {
  let count = 0
  for (let first = 0; first + size <= side; first++) if (place >= first && place < first + size) count++
  return count
}
