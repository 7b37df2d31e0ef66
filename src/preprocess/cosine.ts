import { alongLines, type LinePair } from './alongLines.js'
import { fourier } from './fourier.js'

/**
 * The cosine transform of an image (DCT-II along both axes), which is the Fourier transform of the image continued by its
 * mirror images: C[k] = Σₙ x[n] cos(πk(2n + 1)/(2N)). Coefficient k of N stands for k/(2N) cycles per pixel.
 * Changes `plane` [height, width] in place.
 */
export function cosineForward(plane: Float64Array, height: number, width: number): void {
  alongLines(plane, height, width, cosineLines)
}

/** Undoes {@link cosineForward}. */
export function cosineInverse(plane: Float64Array, height: number, width: number): void {
  alongLines(plane, height, width, inverseCosineLines)
}

/** cos and sin of πk/(2n). */
interface HalfTurns {
  readonly cos: Float64Array
  readonly sin: Float64Array
}

function halfTurns(n: number): HalfTurns {
  return {
    cos: Float64Array.from({ length: n }, (_, k) => Math.cos((Math.PI * k) / (2 * n))),
    sin: Float64Array.from({ length: n }, (_, k) => Math.sin((Math.PI * k) / (2 * n))),
  }
}

/**
 * Makhoul (1980): even samples forwards, then odd samples backwards, make one Fourier transform V of the same length do:
 * C[k] = Re(exp(−iπk/2N) V[k]). With line a as the real part and b as the imaginary part, V splits by symmetry.
 */
function cosineLines(n: number): LinePair {
  const turn = halfTurns(n)
  const [real, imaginary] = [new Float64Array(n), new Float64Array(n)]
  return (a, b) => {
    for (let i = 0; i < n; i++) {
      const to = i % 2 === 0 ? i / 2 : n - (i + 1) / 2
      real[to] = a[i]
      imaginary[to] = b[i]
    }
    fourier(n).forward(real, imaginary)
    for (let k = 0; k < n; k++) {
      const mirrored = k === 0 ? 0 : n - k
      const cos = turn.cos[k] / 2
      const sin = turn.sin[k] / 2
      a[k] = (real[k] + real[mirrored]) * cos + (imaginary[k] - imaginary[mirrored]) * sin
      b[k] = (imaginary[k] + imaginary[mirrored]) * cos - (real[k] - real[mirrored]) * sin
    }
  }
}

/** V[k] = exp(iπk/2N) (C[k] − i C[N − k]), with C[N] = 0. */
function inverseCosineLines(n: number): LinePair {
  const turn = halfTurns(n)
  const [real, imaginary] = [new Float64Array(n), new Float64Array(n)]
  return (a, b) => {
    for (let k = 0; k < n; k++) {
      const mirroredA = k === 0 ? 0 : a[n - k]
      const mirroredB = k === 0 ? 0 : b[n - k]
      const cos = turn.cos[k]
      const sin = turn.sin[k]
      // The sum V(a) + i V(b).
      real[k] = a[k] * cos + mirroredA * sin - (b[k] * sin - mirroredB * cos)
      imaginary[k] = a[k] * sin - mirroredA * cos + (b[k] * cos + mirroredB * sin)
    }
    fourier(n).inverse(real, imaginary)
    for (let i = 0; i < n; i++) {
      const from = i % 2 === 0 ? i / 2 : n - (i + 1) / 2
      a[i] = real[from]
      b[i] = imaginary[from]
    }
  }
}
