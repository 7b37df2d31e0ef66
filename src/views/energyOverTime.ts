import { ConfigurationError } from '../tensor/errors.js'
import { renderChart, requireSeries, span, thinned } from './chart.js'
import { formatNumber } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

/** Energy of one set of observations while learning. */
export interface EnergyTrace {
  /** "training", "held-out" */
  readonly name: string
  /** When each energy was measured, in the unit of the chart. */
  readonly at: ArrayLike<number>
  /** Energy per observation. */
  readonly energy: ArrayLike<number>
}

export interface EnergyOverTimeOptions {
  /** What `at` counts; "seconds" by default. */
  readonly unit?: string
  /** Scale of the energies; linear by default. */
  readonly scale?: 'linear' | 'log'
  readonly title?: string
}

/**
 * Energy per observation while a model learns, one line a trace, as SVG. Throws DataError for NaN and infinity,
 * ShapeError for columns of unequal length, ConfigurationError where a log scale meets an energy of 0 or less.
 */
export function energyOverTime(traces: readonly EnergyTrace[], options: EnergyOverTimeOptions = {}): Promise<string> {
  const { unit = 'seconds', scale = 'linear', title = 'Energy while learning' } = options
  for (const { name, at, energy } of traces) {
    requireSeries(name, at, energy, 'energy')
    if (scale === 'log' && Array.from(energy).some((value) => value <= 0)) {
      throw new ConfigurationError(
        `The trace "${name}" holds energies of 0 or less, which a log scale cannot show; use scale: 'linear'.`,
      )
    }
  }
  const legend = traces.map(({ name }, i) => ({ name, ...seriesStyle(i) }))
  const ends = traces
    .filter(({ energy }) => energy.length > 0)
    .map(({ name, energy }) => `${name} from ${formatNumber(energy[0])} to ${formatNumber(energy[energy.length - 1])}`)
  const all = traces.flatMap(({ energy }) => Array.from(energy))
  return renderChart(
    {
      title,
      description:
        ends.length === 0 ? 'Nothing was measured.' : `Energy per observation over ${unit}: ${ends.join('; ')}.`,
      xLabel: unit,
      yLabel: 'energy per observation',
      legend,
    },
    (plot) => ({
      x: { nice: true, ticks: 6, ...unless(all.length > 0) },
      y: {
        grid: true,
        ...(scale === 'log' && all.length > 0 ? logAxis(...span(all)) : { nice: true, ...unless(all.length > 0) }),
      },
      marks: [
        ...traces.flatMap(({ at, energy }, i) => {
          const points = thinned(at, energy)
          const { colour, dash } = seriesStyle(i)
          return [
            plot.lineY(points, { x: 'x', y: 'y', stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
            plot.dot(points.slice(-1), { x: 'x', y: 'y', fill: colour, r: 3.5 }),
          ]
        }),
      ],
    }),
  )
}

/** An axis from 0 to 1 unless there is something to show. */
const unless = (something: boolean) => (something ? {} : { domain: [0, 1] })
