import { DataError } from '../tensor/errors.js'
import { renderChart, requireSeries, span, thinned } from './chart.js'
import { formatNumber } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

/** How far a way to find codes is from the least energy as its steps go. */
export interface EnergyRacer {
  /** What it is called: "FISTA", "LISTA". */
  readonly name: string
  /** Steps done. */
  readonly at: ArrayLike<number>
  /** Energy above the least one, 0 or more; in what unit, the axis says. */
  readonly gap: ArrayLike<number>
}

export interface EnergyGapRaceOptions {
  readonly title?: string
  /** What is drawn upwards; "energy above the least, relative to it" by default. */
  readonly measure?: string
}

/**
 * Energy gap against steps as SVG, both on log scales: a line a solver, a dot at each measurement, so that encoders of a fixed
 * number of steps stand beside solvers. A gap of 0 is drawn at the foot. Throws DataError for NaN, infinity and negative
 * gaps, ShapeError for columns of unequal length.
 */
export async function energyGapRace(
  racers: readonly EnergyRacer[],
  options: EnergyGapRaceOptions = {},
): Promise<string> {
  const { title = 'Energy gap', measure = 'energy above the least, relative to it' } = options
  const gaps: number[] = []
  for (const { name, at, gap } of racers) {
    requireSeries(name, at, gap, 'the energy gap')
    const bad = Array.from(gap).find((value) => value < 0)
    if (bad !== undefined) throw new DataError(`The series "${name}" holds an energy gap of ${bad}; it is 0 or more.`)
    gaps.push(...Array.from(gap).filter((value) => value > 0))
  }
  const [smallest, largest] = gaps.length > 0 ? span(gaps) : [0.1, 1]
  const foot = 10 ** Math.floor(Math.log10(smallest) - 0.01)
  const lines = racers.map(({ name, at, gap }, i) => ({
    name,
    style: seriesStyle(i),
    points: thinned(
      at,
      Array.from(gap, (value) => Math.max(value, foot)),
    ).filter(({ x }) => x > 0),
  }))
  const places = lines.flatMap(({ points }) => points.map(({ x }) => x))
  const ends = lines
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => {
      const last = points[points.length - 1]
      return `${name} reaches ${formatNumber(last.y, 2)} after ${formatNumber(last.x)} steps`
    })
  return renderChart(
    {
      title,
      description: ends.length === 0 ? 'Nothing was measured.' : `${measure} against steps: ${ends.join('; ')}.`,
      xLabel: 'steps',
      yLabel: measure,
      legend: lines.map(({ name, style }) => ({ name, ...style })),
    },
    (plot) => ({
      x: places.length > 0 ? logAxis(...span(places)) : { nice: true, ticks: 6 },
      y: { grid: true, ...logAxis(foot, largest) },
      marks: lines.flatMap(({ points, style }) => [
        plot.lineY(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
        plot.dot(points, { x: 'x', y: 'y', fill: style.colour, symbol: style.symbol, r: 3 }),
      ]),
    }),
  )
}
