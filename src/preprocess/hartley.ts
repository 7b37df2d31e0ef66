import { alongLines, type LinePair } from './alongLines.js'
import { fourier } from './fourier.js'

/**
 * The Hartley transform of an image along both axes, H[k] = Σₙ x[n] (cos + sin)(2πkn/N): the Fourier transform of a periodic
 * image in real numbers. Filters that are symmetric along each axis multiply its coefficients. Doing it twice gives
 * height·width times the image. Changes `plane` [height, width] in place.
 */
export function hartley(plane: Float64Array, height: number, width: number): void {
  alongLines(plane, height, width, lines)
}

/** H = Re X − Im X; line a goes as the real part and b as the imaginary part, and symmetry takes them apart. */
function lines(length: number): LinePair {
  const plan = fourier(length)
  return (a, b) => {
    plan.forward(a, b)
    for (let k = 0; 2 * k <= length; k++) {
      const mirrored = k === 0 ? 0 : length - k
      const [evenA, oddB] = [(a[k] + a[mirrored]) / 2, (a[k] - a[mirrored]) / 2]
      const [evenB, oddA] = [(b[k] + b[mirrored]) / 2, (b[k] - b[mirrored]) / 2]
      a[k] = evenA - oddA
      a[mirrored] = evenA + oddA
      b[k] = evenB + oddB
      b[mirrored] = evenB - oddB
    }
  }
}
