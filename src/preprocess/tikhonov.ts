import { mirror } from './alongLines.js'
import { hartley } from './hartley.js'

/**
 * The low-pass of a plane [height, width]:
 *
 *     argmin ½‖x − y‖² + (strength/2)(‖∂₀x‖² + ‖∂₁x‖²)
 *
 * with differences of neighbouring pixels, on the plane continued by `padding` mirrored pixels at each border and periodically
 * from there. Frequencies are the eigenvectors, so it is solved exactly: each is divided by 1 + strength (4 sin²(πv/h) + 4 sin²(πu/w)).
 * An axis of one pixel is not padded: a signal [t] is a plane [t, 1].
 */
export function tikhonovLowPass(
  plane: Float64Array,
  height: number,
  width: number,
  strength: number,
  padding: number,
): Float64Array {
  const top = height === 1 ? 0 : padding
  const left = width === 1 ? 0 : padding
  const [tall, wide] = [height + 2 * top, width + 2 * left]
  const padded = new Float64Array(tall * wide)
  for (let y = 0; y < tall; y++) {
    const row = mirror(y - top, height) * width
    for (let x = 0; x < wide; x++) padded[y * wide + x] = plane[row + mirror(x - left, width)]
  }
  const [across, down] = [gradientSpectrum(wide), gradientSpectrum(tall)]
  hartley(padded, tall, wide)
  for (let v = 0; v < tall; v++) {
    for (let u = 0; u < wide; u++) padded[v * wide + u] /= tall * wide * (1 + strength * (down[v] + across[u]))
  }
  hartley(padded, tall, wide)
  const low = new Float64Array(height * width)
  for (let y = 0; y < height; y++) {
    const from = (y + top) * wide + left
    low.set(padded.subarray(from, from + width), y * width)
  }
  return low
}

/** |1 − exp(2πik/n)|², what squared differences make of frequency k of n. */
function gradientSpectrum(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => 4 * Math.sin((Math.PI * k) / n) ** 2)
}
