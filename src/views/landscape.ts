import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { requireWhole } from './canvas.js'
import { renderChart } from './chart.js'
import { formatNumber, formatShare } from './formatNumber.js'
import { seriesStyle } from './palette.js'

/** A rectangle of the plane. */
export interface PlaneRegion {
  /** From left to right; [−1, 1] by default. */
  readonly x?: readonly [number, number]
  /** From bottom to top; as `x` by default. */
  readonly y?: readonly [number, number]
}

export interface LandscapeOptions extends PlaneRegion {
  /** The small energy whose contour is drawn, and below which the share of the plane is counted. */
  readonly threshold: number
  /** Observations to draw on top, [n, 2]. */
  readonly points?: Tensor
  readonly title?: string
}

/** Contours below and above the threshold: the energies of neighbours differ by a factor of two. */
const BELOW = 2
const ABOVE = 5
const LAYER = 0.16
const SIDE = 61
/** Most points drawn: more only darken the picture. */
const DRAWN = 400

/**
 * Points [side², 2] on a grid that covers a rectangle of the plane, its edges included: rows from the top, each from left to
 * right. Their free energies are what {@link landscape} draws.
 */
export function landscapeGrid(options: PlaneRegion & { readonly side?: number } = {}): Tensor {
  const { side = SIDE } = options
  requireWhole(side, 'side', 2, 2000)
  const { x, y } = regionOf(options)
  const data = new Float32Array(2 * side * side)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = 2 * (row * side + column)
      data[at] = x[0] + ((x[1] - x[0]) * column) / (side - 1)
      data[at + 1] = y[1] - ((y[1] - y[0]) * row) / (side - 1)
    }
  }
  return { shape: [side * side, 2], data }
}

/** The share of energies that are at most `threshold`, from 0 to 1; 0 of none. */
export function shareBelow(energies: ArrayLike<number>, threshold: number): number {
  let count = 0
  for (let i = 0; i < energies.length; i++) if (energies[i] <= threshold) count++
  return energies.length === 0 ? 0 : count / energies.length
}

/**
 * The landscape F(y) over the plane as SVG: the lower the energy, the stronger the colour, each contour half the energy of the next one
 * outwards; the contour at `threshold` as a line, observations as dots. `energies` are those of {@link landscapeGrid} for the same
 * rectangle; infinite ones are the highest. Throws ShapeError unless they make a square and points are [n, 2], DataError for NaN,
 * ConfigurationError for an empty rectangle or a threshold that is not above 0.
 */
export async function landscape(energies: ArrayLike<number>, options: LandscapeOptions): Promise<string> {
  const { threshold, points, title = 'Landscape' } = options
  const { x, y } = regionOf(options)
  const side = Math.round(Math.sqrt(energies.length))
  if (side < 2 || side * side !== energies.length) {
    throw new ShapeError(`${energies.length} energies make no square of 2×2 or more; give those of landscapeGrid().`)
  }
  if (!(threshold > 0 && threshold < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`threshold must be a finite number above 0; got ${threshold}.`)
  }
  const nan = Array.from(energies).findIndex(Number.isNaN)
  if (nan >= 0) throw new DataError(`The energy of point ${nan} is NaN; a landscape needs numbers.`)
  const seen = points === undefined ? [] : dots(points)

  const levels = Array.from({ length: BELOW + ABOVE + 1 }, (_, i) => threshold * 2 ** (ABOVE - i))
  // Contours enclose what is high; the logarithm makes their steps even, and rows begin below.
  const ceiling = levels[0] * 8
  const heights = new Float64Array(energies.length)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const energy = Math.min(Math.max(energies[row * side + column], levels[levels.length - 1] / 8), ceiling)
      heights[(side - 1 - row) * side + column] = -Math.log2(energy)
    }
  }
  const share = formatShare(shareBelow(energies, threshold))
  const [fill, mark] = [seriesStyle(0).colour, seriesStyle(1).colour]
  return renderChart(
    {
      title,
      description: `Free energy over the plane${seen.length > 0 ? ', with observations as dots' : ''}: ${share} of it lies at ${formatNumber(threshold)} or below.`,
      xLabel: 'y₁',
      yLabel: 'y₂',
      legend: [
        { name: `F = ${formatNumber(threshold)}`, colour: 'currentColor' },
        ...(seen.length > 0 ? [{ name: 'data', colour: mark, mark: 'filled' as const }] : []),
      ],
      note: `${share} of the plane at or below it; each band inwards is half the energy`,
    },
    (plot) => {
      const [[x1, x2], [y1, y2]] = [around(x, side), around(y, side)]
      const place = { width: side, height: side, x1, x2, y1, y2 }
      return {
        height: 484,
        x: { domain: [x1, x2], ticks: 5 },
        y: { domain: [y1, y2], ticks: 5 },
        marks: [
          ...levels.map((level) =>
            plot.contour(heights, {
              ...place,
              thresholds: [-Math.log2(level)],
              fill,
              fillOpacity: LAYER,
              stroke: 'none',
            }),
          ),
          plot.dot(seen, { x: '0', y: '1', r: 1.5, fill: mark, fillOpacity: 0.75 }),
          plot.contour(heights, {
            ...place,
            thresholds: [-Math.log2(threshold)],
            fill: 'none',
            stroke: 'currentColor',
            strokeWidth: 1.75,
          }),
          plot.frame({ stroke: 'currentColor', strokeOpacity: 0.3 }),
        ],
      }
    },
  )
}

/** An interval with the half steps around its first and last points, which stand in the middle of their cells. */
function around([low, high]: readonly [number, number], side: number): [number, number] {
  const half = (high - low) / (side - 1) / 2
  return [low - half, high + half]
}

function regionOf({ x = [-1, 1], y = x }: PlaneRegion): Required<PlaneRegion> {
  for (const [name, [low, high]] of [
    ['x', x],
    ['y', y],
  ] as const) {
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
      throw new ConfigurationError(`${name} must be two finite numbers, the lower first; got [${low}, ${high}].`)
    }
  }
  return { x, y }
}

/** Observations as pairs, evenly thinned where they are many. */
function dots({ shape, data }: Tensor): [number, number][] {
  if (shape.length !== 2 || shape[1] !== 2) {
    throw new ShapeError(`Points of the plane must be [n, 2]; got ${formatShape(shape)}.`)
  }
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw new DataError(`Point ${Math.floor(bad / 2)} holds ${data[bad]}; only finite numbers can be drawn.`)
  const every = Math.max(1, Math.ceil(shape[0] / DRAWN))
  return Array.from({ length: Math.ceil(shape[0] / every) }, (_, i) => [data[2 * i * every], data[2 * i * every + 1]])
}
