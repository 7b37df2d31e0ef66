import type { Tensor } from '../tensor/tensor.js'
import { beginDescent, descend, type LeastSquares } from './levenbergMarquardt.js'

/** A difference of Gaussians round one middle: centre · exp(−r²/2s²) + surround · exp(−r²/2t²), s < t. */
export interface CentreSurroundFit {
  readonly centre: number
  readonly surround: number
  /** [x, y] in pixels, within the filter. */
  readonly middle: readonly [x: number, y: number]
  /** s and t, in pixels. */
  readonly sigmas: readonly [centre: number, surround: number]
  /** 1 − Σ(filter − fit)² / Σ(filter − mean)²; 0 for a constant filter. */
  readonly r2: number
}

const [CENTRE, SURROUND, X, Y, LOG_S, LOG_T] = [0, 1, 2, 3, 4, 5]
const PARAMETERS = 6
const STEPS = 60
const STARTS = [
  [1, 2],
  [1.5, 3],
  [2.5, 5],
] as const

/** The difference of Gaussians nearest to a filter [h, w] in least squares, by Levenberg and Marquardt from several widths. */
export function centreSurroundFit({ shape: [height, width], data }: Tensor): CentreSurroundFit {
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0))
  const none = { centre: 0, surround: 0, middle: [0, 0], sigmas: [1, 2], r2: 0 } as const
  if (norm === 0) return none
  const pixels = Float64Array.from(data, (value) => value / norm)
  const problem = problemOf(pixels, height, width)
  let strongest = 0
  for (let i = 0; i < pixels.length; i++) if (Math.abs(pixels[i]) > Math.abs(pixels[strongest])) strongest = i
  const middles = [
    [(width - 1) / 2, (height - 1) / 2],
    [strongest % width, Math.floor(strongest / width)],
  ]
  let best: { p: Float64Array; cost: number } | undefined
  for (const [x, y] of middles) {
    for (const [s, t] of STARTS) {
      const start = Float64Array.of(pixels[strongest], -pixels[strongest] / 2, x, y, Math.log(s), Math.log(t))
      const descent = beginDescent(problem, start)
      descend(problem, descent, STEPS)
      if (!best || descent.cost < best.cost) best = descent
    }
  }
  if (!best) return none
  const { p, cost } = best
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length
  const variation = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return {
    centre: norm * p[CENTRE],
    surround: norm * p[SURROUND],
    middle: [p[X], p[Y]],
    sigmas: [Math.exp(p[LOG_S]), Math.exp(p[LOG_T])],
    r2: variation > 1e-12 ? 1 - cost / variation : 0,
  }
}

function problemOf(pixels: Float64Array, height: number, width: number): LeastSquares {
  const slopes = new Float64Array(PARAMETERS)
  const largest = Math.max(height, width)
  const at = (p: Float64Array, i: number) => {
    const [dx, dy] = [(i % width) - p[X], Math.floor(i / width) - p[Y]]
    const squared = dx * dx + dy * dy
    return {
      dx,
      dy,
      squared,
      inner: Math.exp((-squared / 2) * Math.exp(-2 * p[LOG_S])),
      outer: Math.exp((-squared / 2) * Math.exp(-2 * p[LOG_T])),
    }
  }
  return {
    parameters: PARAMETERS,
    cost(p) {
      let sum = 0
      for (let i = 0; i < pixels.length; i++) {
        const { inner, outer } = at(p, i)
        sum += (p[CENTRE] * inner + p[SURROUND] * outer - pixels[i]) ** 2
      }
      return sum
    },
    linearize(p, normal, gradient) {
      normal.fill(0)
      gradient.fill(0)
      const [s, t] = [Math.exp(-2 * p[LOG_S]), Math.exp(-2 * p[LOG_T])]
      for (let i = 0; i < pixels.length; i++) {
        const { dx, dy, squared, inner, outer } = at(p, i)
        const [a, b] = [p[CENTRE] * inner, p[SURROUND] * outer]
        slopes[CENTRE] = inner
        slopes[SURROUND] = outer
        slopes[X] = dx * (a * s + b * t)
        slopes[Y] = dy * (a * s + b * t)
        slopes[LOG_S] = a * squared * s
        slopes[LOG_T] = b * squared * t
        const rest = a + b - pixels[i]
        for (let j = 0; j < PARAMETERS; j++) {
          gradient[j] += slopes[j] * rest
          for (let k = 0; k <= j; k++) normal[j * PARAMETERS + k] += slopes[j] * slopes[k]
        }
      }
    },
    project(p) {
      p[X] = Math.min(Math.max(p[X], 0), width - 1)
      p[Y] = Math.min(Math.max(p[Y], 0), height - 1)
      p[LOG_S] = Math.min(Math.max(p[LOG_S], Math.log(0.4)), Math.log(largest))
      // A surround that is hardly wider than the centre would make any blob of two that cancel.
      p[LOG_T] = Math.min(Math.max(p[LOG_T], p[LOG_S] + 0.2), Math.log(2 * largest))
    },
  }
}
