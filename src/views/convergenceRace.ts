import { DataError } from '../tensor/errors.js'
import { renderChart, requireSeries, span, thinned } from './chart.js'
import { formatNumber } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

/** The duality gap of one solver as it goes. */
export interface Racer {
  /** The solver's name. */
  readonly name: string
  /** Steps done, or seconds, when each gap was measured. */
  readonly at: ArrayLike<number>
  /** Relative duality gap, 0 or more. */
  readonly gap: ArrayLike<number>
}

export interface ConvergenceRaceOptions {
  /** What `at` counts; "steps" by default. */
  readonly unit?: string
  /** Scale of `at`; linear by default. On a log scale what stands at 0 is left out. */
  readonly scale?: 'linear' | 'log'
  readonly title?: string
}

/**
 * Duality gap against steps, a line a solver, gaps on a log scale, as SVG. A gap of 0 is drawn at the foot of the
 * chart. Throws DataError for NaN, infinity and negative gaps, ShapeError for columns of unequal length.
 */
export async function convergenceRace(racers: readonly Racer[], options: ConvergenceRaceOptions = {}): Promise<string> {
  const { unit = 'steps', scale = 'linear', title = 'Convergence' } = options
  let smallest = 1
  let largest = 1
  for (const { name, at, gap } of racers) {
    requireSeries(name, at, gap, 'the gap')
    for (const value of Array.from(gap)) {
      if (value < 0) throw new DataError(`The series "${name}" holds a gap of ${value}; a duality gap is 0 or more.`)
      if (value > 0) smallest = Math.min(smallest, value)
      largest = Math.max(largest, value)
    }
  }
  const foot = 10 ** Math.floor(Math.log10(smallest) - 0.01)
  const lines = racers.map(({ name, at, gap }, i) => ({
    style: seriesStyle(i),
    name,
    points: thinned(
      at,
      Array.from(gap, (value) => Math.max(value, foot)),
    ).filter(({ x }) => scale === 'linear' || x > 0),
  }))
  const places = lines.flatMap(({ points }) => points.map(({ x }) => x))
  const ends = racers
    .filter(({ gap }) => gap.length > 0)
    .map(
      ({ name, at, gap }) =>
        `${name} reaches ${formatNumber(gap[gap.length - 1], 2)} after ${formatNumber(at[at.length - 1])} ${unit}`,
    )
  return renderChart(
    {
      title,
      description:
        ends.length === 0 ? 'Nothing was measured.' : `Relative duality gap against ${unit}: ${ends.join('; ')}.`,
      xLabel: unit,
      yLabel: 'relative duality gap',
      legend: lines.map(({ name, style }) => ({ name, ...style })),
    },
    (plot) => ({
      x: scale === 'log' && places.length > 0 ? logAxis(...span(places)) : { nice: true, ticks: 6 },
      y: { grid: true, ...logAxis(foot, largest) },
      marks: [
        ...lines.flatMap(({ points, style }) => [
          plot.lineY(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
          plot.dot(points.slice(-1), { x: 'x', y: 'y', fill: style.colour, symbol: style.symbol, r: 4 }),
        ]),
      ],
    }),
  )
}
