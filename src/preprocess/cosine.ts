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

type LinePair = (a: Float64Array, b: Float64Array, turn: HalfTurns, real: Float64Array, imaginary: Float64Array) => void

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

/** Transforms all rows, then all columns, two at a time: two real lines make one complex one. */
function alongLines(plane: Float64Array, height: number, width: number, transform: LinePair): void {
  const axes = [
    { lines: height, lineStep: width, length: width, step: 1 },
    { lines: width, lineStep: 1, length: height, step: width },
  ]
  for (const { lines, lineStep, length, step } of axes) {
    const turn = halfTurns(length)
    const [a, b, real, imaginary] = Array.from({ length: 4 }, () => new Float64Array(length))
    for (let line = 0; line < lines; line += 2) {
      const first = line * lineStep
      // An odd last line is its own partner.
      const second = Math.min(line + 1, lines - 1) * lineStep
      for (let i = 0; i < length; i++) {
        a[i] = plane[first + i * step]
        b[i] = plane[second + i * step]
      }
      transform(a, b, turn, real, imaginary)
      for (let i = 0; i < length; i++) {
        plane[first + i * step] = a[i]
        plane[second + i * step] = b[i]
      }
    }
  }
}

/**
 * Makhoul (1980): even samples forwards, then odd samples backwards, make one Fourier transform V of the same length do:
 * C[k] = Re(exp(−iπk/2N) V[k]). With line a as the real part and b as the imaginary part, V splits by symmetry.
 */
function cosineLines(
  a: Float64Array,
  b: Float64Array,
  turn: HalfTurns,
  real: Float64Array,
  imaginary: Float64Array,
): void {
  const n = a.length
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

/** V[k] = exp(iπk/2N) (C[k] − i C[N − k]), with C[N] = 0. */
function inverseCosineLines(
  a: Float64Array,
  b: Float64Array,
  turn: HalfTurns,
  real: Float64Array,
  imaginary: Float64Array,
): void {
  const n = a.length
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
