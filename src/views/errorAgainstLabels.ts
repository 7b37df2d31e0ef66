import { ConfigurationError, DataError } from '../tensor/errors.js'
import { renderChart, requireSeries, span } from './chart.js'
import { formatShare } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

/** The errors of one way of learning. */
export interface LabelSeries {
  readonly name: string
  /** Labels a class, above 0. */
  readonly labels: readonly number[]
  /** The mean share of errors, from 0 to 1, and its spread: one standard deviation each way. */
  readonly error: readonly number[]
  readonly spread: readonly number[]
}

/** How far the series of one number of labels stand apart, as a share of that number, so that their spreads can be told apart. */
const APART = 0.035
/** Errors below are drawn here: a log axis has no 0. */
const LEAST = 1e-4

/**
 * Share of errors against labels a class, both on log scales, a line a way of learning, with a bar of one standard deviation each way, as SVG.
 * Throws DataError for numbers out of range, ShapeError for columns of unequal length, ConfigurationError without a series.
 */
export async function errorAgainstLabels(
  series: readonly LabelSeries[],
  options: { readonly title?: string } = {},
): Promise<string> {
  const { title = 'Errors with few and with many labels' } = options
  if (series.every(({ labels }) => labels.length === 0)) {
    throw new ConfigurationError('There is nothing to draw; give errors for some numbers of labels.')
  }
  for (const { name, labels, error, spread } of series) {
    requireSeries(name, labels, error, 'the error')
    requireSeries(name, labels, spread, 'the spread')
    const wrong = labels.findIndex((count, i) => !(count > 0 && error[i] >= 0 && error[i] <= 1 && spread[i] >= 0))
    if (wrong >= 0) {
      throw new DataError(
        `The series "${name}" holds an error of ${error[wrong]} ± ${spread[wrong]} at ${labels[wrong]} labels; errors are shares from 0 to 1, labels above 0.`,
      )
    }
  }
  const lines = series.map(({ name, labels, error, spread }, i) => {
    const shift = (1 + APART) ** (i - (series.length - 1) / 2)
    const points = labels.map((count, at) => ({
      x: Math.log10(count * shift),
      y: Math.max(LEAST, error[at]),
      low: Math.max(LEAST, error[at] - spread[at]),
      high: Math.max(LEAST, Math.min(1, error[at] + spread[at])),
    }))
    return { name, style: seriesStyle(i), points }
  })
  const counts = [...new Set(series.flatMap(({ labels }) => labels))].sort((a, b) => a - b)
  const heights = lines.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high]))
  const drawn = series.filter(({ labels }) => labels.length > 0)
  const ends = drawn.map(({ name, labels, error }) => {
    const part = (at: number) => `${formatShare(error[at])} at ${labels[at]}`
    return `${name} ${part(0)}${labels.length > 1 ? `, ${part(labels.length - 1)}` : ''}`
  })
  const [least, most] = span(lines.flatMap(({ points }) => points.map(({ x }) => x)))
  const domain = logAxis(10 ** least, 10 ** most).domain.map(Math.log10)
  return renderChart(
    {
      title,
      description: `Share of errors on unseen observations against labels a class: ${ends.join('; ')}.`,
      xLabel: 'labels a class',
      yLabel: 'errors on unseen observations',
      legend: lines.map(({ name, style }) => ({ name, ...style })),
    },
    (plot) => ({
      height: 320,
      // Logarithms on a linear scale: a log scale leaves out the names of ticks such as 800.
      x: {
        domain,
        ticks: counts.map(Math.log10),
        tickFormat: (exponent: number) => String(Math.round(10 ** exponent)),
      },
      y: { grid: true, ...logAxis(...span(heights)), tickFormat: formatShare },
      marks: lines.flatMap(({ points, style }) => [
        plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: style.colour, strokeWidth: 1.5 }),
        plot.lineY(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
        plot.dot(points, { x: 'x', y: 'y', fill: style.colour, symbol: style.symbol, r: 3.5 }),
      ]),
    }),
  )
}
