import { fourier } from './fourier.js'

/**
 * The cosine transform of an image (DCT-II along both axes), which is the Fourier transform of the image continued by its
 * mirror images: C[k] = Σₙ x[n] cos(πk(2n + 1)/(2N)). Coefficient k of N stands for k/(2N) cycles per pixel.
 * Changes `plane` [height, width] in place.
 */
export function cosineForward(plane: Float64Array, height: number, width: number): void {
  alongLines(plane, height, width, cosineLine)
}

/** Undoes {@link cosineForward}. */
export function cosineInverse(plane: Float64Array, height: number, width: number): void {
  alongLines(plane, height, width, inverseCosineLine)
}

type Line = (line: Float64Array, real: Float64Array, imaginary: Float64Array) => void

function alongLines(plane: Float64Array, height: number, width: number, transform: Line): void {
  const rowReal = new Float64Array(width)
  const rowImaginary = new Float64Array(width)
  for (let y = 0; y < height; y++) transform(plane.subarray(y * width, (y + 1) * width), rowReal, rowImaginary)
  const column = new Float64Array(height)
  const columnReal = new Float64Array(height)
  const columnImaginary = new Float64Array(height)
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) column[y] = plane[y * width + x]
    transform(column, columnReal, columnImaginary)
    for (let y = 0; y < height; y++) plane[y * width + x] = column[y]
  }
}

/** Makhoul (1980): even samples forwards, then odd samples backwards, make one Fourier transform of the same length do. */
function cosineLine(line: Float64Array, real: Float64Array, imaginary: Float64Array): void {
  const n = line.length
  for (let i = 0; 2 * i < n; i++) real[i] = line[2 * i]
  for (let i = 0; 2 * i + 1 < n; i++) real[n - 1 - i] = line[2 * i + 1]
  imaginary.fill(0)
  fourier(n).forward(real, imaginary)
  for (let k = 0; k < n; k++) {
    const angle = (Math.PI * k) / (2 * n)
    line[k] = real[k] * Math.cos(angle) + imaginary[k] * Math.sin(angle)
  }
}

function inverseCosineLine(line: Float64Array, real: Float64Array, imaginary: Float64Array): void {
  const n = line.length
  real[0] = line[0]
  imaginary[0] = 0
  // V[k] = exp(iπk/2N) (C[k] − i C[N − k])
  for (let k = 1; k < n; k++) {
    const angle = (Math.PI * k) / (2 * n)
    const cos = Math.cos(angle)
    const sin = Math.sin(angle)
    real[k] = line[k] * cos + line[n - k] * sin
    imaginary[k] = line[k] * sin - line[n - k] * cos
  }
  fourier(n).inverse(real, imaginary)
  for (let i = 0; 2 * i < n; i++) line[2 * i] = real[i]
  for (let i = 0; 2 * i + 1 < n; i++) line[2 * i + 1] = real[n - 1 - i]
}
