import type { LeastSquares } from './levenbergMarquardt.js'

/** Positions in a parameter vector. `waveAngle` is the direction in which the wave runs, across the stripes. */
export const COSINE = 0
export const SINE = 1
export const X = 2
export const Y = 3
export const WAVE_ANGLE = 4
export const FREQUENCY = 5
export const LOG_ACROSS = 6
export const LOG_ALONG = 7
export const PARAMETERS = 8

/** What a fit may not leave. */
export interface GaborBounds {
  readonly lowestFrequency: number
  readonly smallestSigma: number
  readonly largestSigma: number
}

/**
 * The squared distance of pixels [h, w] to exp(−u²/2σ²across − v²/2σ²along) · (c cos 2πfu + s sin 2πfu), where u runs across the
 * stripes and v along them, both from the centre.
 */
export function gaborProblem(pixels: Float64Array, height: number, width: number, bounds: GaborBounds): LeastSquares {
  const slopes = new Float64Array(PARAMETERS)

  return {
    parameters: PARAMETERS,
    cost(p) {
      const [c, s, x, y, angle, frequency, logAcross, logAlong] = p
      const [cos, sin, turn] = [Math.cos(angle), Math.sin(angle), 2 * Math.PI * frequency]
      const across = Math.exp(-2 * logAcross) / 2
      const along = Math.exp(-2 * logAlong) / 2
      let sum = 0
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const u = (column - x) * cos + (row - y) * sin
          const v = (row - y) * cos - (column - x) * sin
          const envelope = Math.exp(-u * u * across - v * v * along)
          const rest = envelope * (c * Math.cos(turn * u) + s * Math.sin(turn * u)) - pixels[row * width + column]
          sum += rest * rest
        }
      }
      return sum
    },
    linearize(p, normal, gradient) {
      const [c, s, x, y, angle, frequency, logAcross, logAlong] = p
      const [cos, sin, turn] = [Math.cos(angle), Math.sin(angle), 2 * Math.PI * frequency]
      const across = Math.exp(-2 * logAcross)
      const along = Math.exp(-2 * logAlong)
      normal.fill(0)
      gradient.fill(0)
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const u = (column - x) * cos + (row - y) * sin
          const v = (row - y) * cos - (column - x) * sin
          const envelope = Math.exp((-u * u * across - v * v * along) / 2)
          const even = envelope * Math.cos(turn * u)
          const odd = envelope * Math.sin(turn * u)
          const value = c * even + s * odd
          const quadrature = s * even - c * odd
          const alongU = turn * quadrature - value * u * across
          const alongV = -value * v * along
          slopes[COSINE] = even
          slopes[SINE] = odd
          slopes[X] = sin * alongV - cos * alongU
          slopes[Y] = -sin * alongU - cos * alongV
          slopes[WAVE_ANGLE] = v * alongU - u * alongV
          slopes[FREQUENCY] = 2 * Math.PI * u * quadrature
          slopes[LOG_ACROSS] = value * u * u * across
          slopes[LOG_ALONG] = value * v * v * along
          const rest = value - pixels[row * width + column]
          for (let i = 0; i < PARAMETERS; i++) {
            gradient[i] += slopes[i] * rest
            for (let j = 0; j <= i; j++) normal[i * PARAMETERS + j] += slopes[i] * slopes[j]
          }
        }
      }
    },
    project(p) {
      p[X] = clamp(p[X], 0, width - 1)
      p[Y] = clamp(p[Y], 0, height - 1)
      // Beyond Nyquist a wave looks like a slower one.
      const steepest = Math.max(Math.abs(Math.cos(p[WAVE_ANGLE])), Math.abs(Math.sin(p[WAVE_ANGLE])))
      p[FREQUENCY] = clamp(p[FREQUENCY], bounds.lowestFrequency, 0.5 / steepest)
      for (const i of [LOG_ACROSS, LOG_ALONG]) {
        p[i] = clamp(p[i], Math.log(bounds.smallestSigma), Math.log(bounds.largestSigma))
      }
    },
  }
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), Math.max(lowest, highest))
}
