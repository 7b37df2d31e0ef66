import { fourier } from '../preprocess/fourier.js'
import { COSINE, FREQUENCY, LOG_ACROSS, LOG_ALONG, PARAMETERS, SINE, WAVE_ANGLE, X, Y } from './gaborModel.js'

/**
 * Where to start fitting a Gabor function to pixels [h, w]: waves at the peaks of the power spectrum, centred on the
 * centroid of the energy or on its maximum, wide and narrow. The amplitudes of cosine and sine are fitted to each; the `count`
 * starts that explain most are returned, best first.
 */
export function gaborStarts(pixels: Float64Array, height: number, width: number, count: number): Float64Array[] {
  const { centroid, brightest, spread } = energyOf(pixels, height, width)
  const starts: { start: Float64Array; explained: number }[] = []
  for (const { fx, fy } of spectrumPeaks(pixels, height, width)) {
    for (const [x, y] of [centroid, brightest]) {
      for (const [across, along] of [
        [spread, spread],
        [spread / 2, spread],
        [spread / 2, spread / 2],
      ]) {
        const start = new Float64Array(PARAMETERS)
        start[X] = x
        start[Y] = y
        start[WAVE_ANGLE] = Math.atan2(fy, fx)
        start[FREQUENCY] = Math.hypot(fx, fy)
        start[LOG_ACROSS] = Math.log(across)
        start[LOG_ALONG] = Math.log(along)
        starts.push({ start, explained: fitAmplitudes(pixels, height, width, start) })
      }
    }
  }
  starts.sort((a, b) => b.explained - a.explained)
  return starts.slice(0, count).map(({ start }) => start)
}

/** Centroid, brightest spot and standard deviation of the squared pixels; a Gabor's envelope is √2 as wide as its energy. */
function energyOf(pixels: Float64Array, height: number, width: number) {
  const energy = (row: number, column: number): number =>
    row < 0 || column < 0 || row >= height || column >= width ? 0 : pixels[row * width + column] ** 2
  let [total, x, y, most] = [0, 0, 0, -1]
  let brightest: [number, number] = [0, 0]
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      total += energy(row, column)
      x += column * energy(row, column)
      y += row * energy(row, column)
      let near = 0
      for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) near += energy(row + dy, column + dx)
      if (near > most) {
        most = near
        brightest = [column, row]
      }
    }
  }
  const centroid: [number, number] = [x / total, y / total]
  let variance = 0
  for (let i = 0; i < pixels.length; i++) {
    const distance = ((i % width) - centroid[0]) ** 2 + (Math.floor(i / width) - centroid[1]) ** 2
    variance += (distance * pixels[i] ** 2) / (2 * total)
  }
  return { centroid, brightest, spread: Math.SQRT2 * Math.max(0.5, Math.sqrt(variance)) }
}

/** The frequencies (cycles per pixel) of the four highest peaks of the power spectrum, sampled twice as finely as the pixels need. */
function spectrumPeaks(pixels: Float64Array, height: number, width: number): { fx: number; fy: number }[] {
  let size = 8
  while (size < 2 * Math.max(height, width)) size *= 2
  const transform = fourier(size)
  const real = new Float64Array(size * size)
  const imaginary = new Float64Array(size * size)
  for (let row = 0; row < height; row++) {
    real.set(pixels.subarray(row * width, (row + 1) * width), row * size)
    transform.forward(real.subarray(row * size, (row + 1) * size), imaginary.subarray(row * size, (row + 1) * size))
  }
  const columnReal = new Float64Array(size)
  const columnImaginary = new Float64Array(size)
  // A real picture's spectrum is symmetric: half of it is enough.
  const half = size / 2
  const power = new Float64Array(size * (half + 1))
  for (let u = 0; u <= half; u++) {
    for (let row = 0; row < size; row++) {
      columnReal[row] = real[row * size + u]
      columnImaginary[row] = imaginary[row * size + u]
    }
    transform.forward(columnReal, columnImaginary)
    for (let v = 0; v < size; v++) power[u * size + v] = columnReal[v] ** 2 + columnImaginary[v] ** 2
  }
  const at = (u: number, v: number) => power[u * size + ((v + size) % size)]
  const peaks: { fx: number; fy: number; height: number }[] = []
  for (let u = 0; u <= half; u++) {
    for (let v = -half + 1; v <= half; v++) {
      let highest = true
      for (const du of [-1, 0, 1]) {
        for (const dv of [-1, 0, 1]) {
          // Over the edges of the half the spectrum continues by symmetry: (−u, v) is (u, −v).
          const [nu, nv] = u + du < 0 || u + du > half ? [(2 * half - u - du) % size, -v - dv] : [u + du, v + dv]
          if (at(Math.abs(nu), nv) > at(u, v)) highest = false
        }
      }
      if (highest) peaks.push({ fx: u / size, fy: v / size, height: at(u, v) })
    }
  }
  return peaks.sort((a, b) => b.height - a.height).slice(0, 4)
}

/** Least squares for the amplitudes of cosine and sine, everything else given; returns the sum of squares that they explain. */
function fitAmplitudes(pixels: Float64Array, height: number, width: number, p: Float64Array): number {
  const [cos, sin, turn] = [Math.cos(p[WAVE_ANGLE]), Math.sin(p[WAVE_ANGLE]), 2 * Math.PI * p[FREQUENCY]]
  let [cc, cs, ss, cy, sy] = [1e-9, 0, 1e-9, 0, 0]
  for (let i = 0; i < height * width; i++) {
    const dx = (i % width) - p[X]
    const dy = Math.floor(i / width) - p[Y]
    const u = dx * cos + dy * sin
    const v = dy * cos - dx * sin
    const envelope = Math.exp((-u * u * Math.exp(-2 * p[LOG_ACROSS]) - v * v * Math.exp(-2 * p[LOG_ALONG])) / 2)
    const even = envelope * Math.cos(turn * u)
    const odd = envelope * Math.sin(turn * u)
    cc += even * even
    cs += even * odd
    ss += odd * odd
    cy += even * pixels[i]
    sy += odd * pixels[i]
  }
  const determinant = cc * ss - cs * cs
  p[COSINE] = (cy * ss - sy * cs) / determinant
  p[SINE] = (sy * cc - cy * cs) / determinant
  return p[COSINE] * cy + p[SINE] * sy
}
