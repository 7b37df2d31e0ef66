import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { COSINE, FREQUENCY, gaborProblem, LOG_ACROSS, LOG_ALONG, SINE, WAVE_ANGLE, X, Y } from './gaborModel.js'
import { gaborStarts } from './gaborStarts.js'
import { beginDescent, descend } from './levenbergMarquardt.js'

/** A Gabor function: amplitude · exp(−u²/2σ²across − v²/2σ²along) · cos(2π frequency u + phase). */
export interface GaborFit {
  /** Above 0, in the atom's units; 0 for an atom of zeros. */
  readonly amplitude: number
  /** [x, y] in pixels: x to the right, y down; [0, 0] is the middle of the first pixel. Always within the atom. */
  readonly centre: readonly [x: number, y: number]
  /** The direction of the stripes: the angle from the x axis towards the y axis (downwards), in [0, π). */
  readonly orientation: number
  /** Cycles per pixel, across the stripes. */
  readonly frequency: number
  /** Standard deviations of the envelope in pixels. */
  readonly sigmas: readonly [along: number, across: number]
  /** At the centre, in (−π, π]; the wave runs across the stripes in the direction orientation − π/2. 0: a bright line; ±π/2: an edge. */
  readonly phase: number
  /** 1 − Σ(atom − fit)² / Σ(atom − mean)²: 1 is perfect. 0 for a constant atom. */
  readonly r2: number
  /**
   * Full width of the spectrum at half its height, log₂((f + Δ)/(f − Δ)) with Δ = √(2 ln 2)/(2π σacross). Infinite where f ≤ Δ: the
   * spectrum reaches down to 0 with more than half its height.
   */
  readonly bandwidthOctaves: number
  /** Length over width of the envelope, σalong/σacross. */
  readonly aspectRatio: number
}

/** How many starts, steps for each of them, and for the best. */
const STARTS = 8
const FIRST_STEPS = 6
const BEST = 2
const FINAL_STEPS = 60

/**
 * The Gabor function nearest to an atom [h, w] in least squares: Levenberg and Marquardt in double precision from starts at
 * the peaks of the atom's spectrum; all take a few steps, and the best two go on to the end.
 *
 * Bounds: centre within the atom; σ from 0.4 pixels to twice the atom's larger side; frequency from a quarter of a cycle per
 * larger side (a slower wave cannot be told from its envelope) to Nyquist's.
 * Throws {@link ShapeError} unless the atom is [h, w], {@link DataError} where it is not finite.
 */
export function gaborFit(atom: Tensor): GaborFit {
  if (atom.shape.length !== 2 || atom.data.length === 0) {
    throw new ShapeError(
      `A Gabor function is fitted to one grey atom [height, width]; got ${formatShape(atom.shape)}. ` +
        'Make colour atoms grey first, for example by the mean over channels.',
    )
  }
  if (!atom.data.every(Number.isFinite))
    throw new DataError('A Gabor function cannot be fitted to NaN or infinite pixels.')
  const [height, width] = atom.shape
  const norm = Math.sqrt(atom.data.reduce((sum, value) => sum + value * value, 0))
  const side = Math.max(height, width)
  const bounds = { lowestFrequency: 0.25 / side, smallestSigma: 0.4, largestSigma: 2 * side }
  if (norm === 0) return nothing(height, width, bounds.lowestFrequency)

  // At unit norm the fit does not depend on the atom's scale.
  const pixels = Float64Array.from(atom.data, (value) => value / norm)
  const problem = gaborProblem(pixels, height, width, bounds)
  const descents = gaborStarts(pixels, height, width, STARTS).map((start) => beginDescent(problem, start))
  for (const descent of descents) descend(problem, descent, FIRST_STEPS)
  const best = descents.sort((a, b) => a.cost - b.cost).slice(0, BEST)
  for (const descent of best) descend(problem, descent, FINAL_STEPS)
  const { p, cost } = best.reduce((a, b) => (b.cost < a.cost ? b : a))

  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length
  const variation = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const halfTurns = Math.floor(p[WAVE_ANGLE] / Math.PI + 0.5)
  const phase = Math.atan2(-p[SINE], p[COSINE])
  return described({
    amplitude: norm * Math.hypot(p[COSINE], p[SINE]),
    centre: [p[X], p[Y]],
    // Half a turn later the same stripes are seen with the wave running the other way.
    orientation: wrapped(p[WAVE_ANGLE] - halfTurns * Math.PI + Math.PI / 2),
    phase: halfTurns % 2 === 0 ? phase : -phase,
    frequency: p[FREQUENCY],
    sigmas: [Math.exp(p[LOG_ALONG]), Math.exp(p[LOG_ACROSS])],
    r2: variation > 1e-12 ? 1 - cost / variation : 0,
  })
}

/** Rounding may leave an angle just outside [0, π). */
function wrapped(angle: number): number {
  return angle < 0 || angle >= Math.PI ? 0 : angle
}

function described(fit: Omit<GaborFit, 'bandwidthOctaves' | 'aspectRatio'>): GaborFit {
  const [along, across] = fit.sigmas
  const halfWidth = Math.sqrt(2 * Math.LN2) / (2 * Math.PI * across)
  const bandwidthOctaves =
    fit.frequency > halfWidth
      ? Math.log2((fit.frequency + halfWidth) / (fit.frequency - halfWidth))
      : Number.POSITIVE_INFINITY
  return { ...fit, bandwidthOctaves, aspectRatio: along / across }
}

function nothing(height: number, width: number, frequency: number): GaborFit {
  const centre: [number, number] = [(width - 1) / 2, (height - 1) / 2]
  return described({ amplitude: 0, centre, orientation: 0, frequency, sigmas: [1, 1], phase: 0, r2: 0 })
}
