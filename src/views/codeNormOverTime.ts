import { renderChart, requireSeries, span, thinned } from './chart.js'
import { formatNumber } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

/** How far from the origin the codes of a model lie while it learns. */
export interface CodeNormTrace {
  readonly name: string
  /** When each was measured, in the unit of the chart. */
  readonly at: ArrayLike<number>
  /** √mean ‖z̄‖², above 0. */
  readonly norm: ArrayLike<number>
}

/**
 * ‖z̄‖, or another norm that `measure` names, while models learn, a line a trace, norms on a log scale, as SVG: without springs it grows without bound. Throws DataError for
 * NaN and infinity, ShapeError for columns of unequal length. Norms of 0 are left out.
 */
export async function codeNormOverTime(
  traces: readonly CodeNormTrace[],
  options: { readonly unit?: string; readonly title?: string; readonly measure?: string } = {},
): Promise<string> {
  const {
    unit = 'epochs',
    title = 'Distance of codes from the origin',
    measure = '‖z̄‖, root of the mean square',
  } = options
  const lines = traces.map(({ name, at, norm }, i) => {
    requireSeries(name, at, norm, 'the norm')
    return { name, style: seriesStyle(i), points: thinned(at, norm).filter(({ y }) => y > 0) }
  })
  const all = lines.flatMap(({ points }) => points.map(({ y }) => y))
  const ends = lines
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => `${name} from ${formatNumber(points[0].y, 3)} to ${formatNumber(points.at(-1)!.y, 3)}`)
  return renderChart(
    {
      title,
      description: ends.length === 0 ? 'Nothing was measured.' : `${measure} over ${unit}: ${ends.join('; ')}.`,
      xLabel: unit,
      yLabel: measure,
      legend: lines.map(({ name, style }) => ({ name, ...style })),
    },
    (plot) => ({
      x: { nice: true, ticks: 6, ...(all.length > 0 ? {} : { domain: [0, 1] }) },
      y: { grid: true, ...(all.length > 0 ? logAxis(...span(all)) : { domain: [0, 1] }) },
      marks: lines.flatMap(({ points, style }) => [
        plot.lineY(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
        plot.dot(points.slice(-1), { x: 'x', y: 'y', fill: style.colour, r: 3.5 }),
      ]),
    }),
  )
}
