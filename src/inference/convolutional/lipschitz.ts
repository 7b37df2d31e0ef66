import type { KernelGeometry } from './geometry.js'

/** Samples of a spectrum for each number of a kernel along an axis. */
const OVERSAMPLING = 16

/**
 * An upper bound of the largest eigenvalue of Z ↦ Σ Kᵢ * Zᵢ composed with its adjoint, for every boundary and mask: the supremum over
 * frequencies of the largest row sum of |Σᵢ K̂ᵢ K̂ᵢᴴ| (over channels). The entries are trigonometric polynomials of degree k − 1; between N
 * equidistant samples such a polynomial exceeds their maximum by at most 1 / cos(π(k − 1) / N) along each axis
 * (Ehlich and Zeller 1964).
 */
export function lipschitzBound(kernels: Float32Array, geometry: KernelGeometry): number {
  const { count, height, width, channels } = geometry
  const rows = height === 1 ? 1 : OVERSAMPLING * height
  const columns = width === 1 ? 1 : OVERSAMPLING * width
  let largest = 0
  const sums = new Float64Array(rows * columns)
  for (let a = 0; a < channels; a++) {
    sums.fill(0)
    for (let b = 0; b < channels; b++) {
      const [real, imaginary] = spectrum(crossCorrelation(kernels, geometry, count, a, b), height, width, rows, columns)
      for (let i = 0; i < sums.length; i++) sums[i] += Math.hypot(real[i], imaginary[i])
    }
    for (const sum of sums) largest = Math.max(largest, sum)
  }
  const excess = (size: number, samples: number) => Math.cos((Math.PI * (size - 1)) / samples)
  return largest / (excess(height, rows) * excess(width, columns))
}

/** Σᵢ of the correlation of channel a with channel b: f64 [2kh − 1, 2kw − 1]. */
function crossCorrelation(
  kernels: Float32Array,
  { height, width, channels }: KernelGeometry,
  count: number,
  a: number,
  b: number,
): Float64Array {
  const across = 2 * width - 1
  const out = new Float64Array((2 * height - 1) * across)
  const at = (i: number, y: number, x: number, channel: number) =>
    kernels[((i * height + y) * width + x) * channels + channel]
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = at(i, y, x, a)
        if (value === 0) continue
        for (let v = 0; v < height; v++) {
          const row = (v - y + height - 1) * across + width - 1 - x
          for (let u = 0; u < width; u++) out[row + u] += value * at(i, v, u, b)
        }
      }
    }
  }
  return out
}

/** Samples of Σ c(d) exp(−2πi d·f): first along rows, then along columns. */
function spectrum(
  values: Float64Array,
  height: number,
  width: number,
  rows: number,
  columns: number,
): [Float64Array, Float64Array] {
  const across = 2 * width - 1
  const down = 2 * height - 1
  const real = new Float64Array(down * columns)
  const imaginary = new Float64Array(down * columns)
  for (let f = 0; f < columns; f++) {
    for (let x = 0; x < across; x++) {
      const angle = (-2 * Math.PI * f * (x - width + 1)) / columns
      const c = Math.cos(angle)
      const s = Math.sin(angle)
      for (let y = 0; y < down; y++) {
        real[y * columns + f] += values[y * across + x] * c
        imaginary[y * columns + f] += values[y * across + x] * s
      }
    }
  }
  const outReal = new Float64Array(rows * columns)
  const outImaginary = new Float64Array(rows * columns)
  for (let g = 0; g < rows; g++) {
    for (let y = 0; y < down; y++) {
      const angle = (-2 * Math.PI * g * (y - height + 1)) / rows
      const c = Math.cos(angle)
      const s = Math.sin(angle)
      for (let f = 0; f < columns; f++) {
        const re = real[y * columns + f]
        const im = imaginary[y * columns + f]
        outReal[g * columns + f] += re * c - im * s
        outImaginary[g * columns + f] += re * s + im * c
      }
    }
  }
  return [outReal, outImaginary]
}
