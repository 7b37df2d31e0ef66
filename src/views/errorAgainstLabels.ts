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
/** The smallest ratio between the ends of the axis of errors: below it the axis would show differences that mean nothing. */
const LEAST_SPAN = 3

/**
 * The axis of errors. A log axis has no 0, so 0 stands at `floor`, below the smallest error that is not 0, where anything reaches
 * it, and is called 0 there.
 */
function errorAxis(errors: readonly number[], lowest: number, highest: number) {
  const positive = errors.filter((error) => error > 0)
  const floor = positive.length === 0 ? 0.01 : Math.min(...positive) / LEAST_SPAN
  const reached = lowest < floor
  const least = Math.max(floor, lowest)
  const widen = Math.max(1, LEAST_SPAN / (Math.max(highest, least) / least))
  const most = Math.max(highest, least) * (reached ? widen : Math.sqrt(widen))
  const axis = logAxis(reached ? least : least / Math.sqrt(widen), Math.min(1, most))
  const ticks = reached ? [floor, ...axis.ticks.filter((tick) => tick > 1.2 * floor)] : axis.ticks
  const names = new Map(ticks.map((tick) => [Math.log10(tick), formatShare(reached && tick === floor ? 0 : tick)]))
  // Logarithms on a linear scale: a log scale leaves out the names of ticks such as 800.
  return {
    floor,
    options: {
      domain: axis.domain.map(Math.log10),
      ticks: [...names.keys()],
      tickFormat: (exponent: number) => names.get(exponent) ?? '',
    },
  }
}

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
  const bars = series.flatMap(({ error, spread }) =>
    error.flatMap((each, at) => [each - spread[at], each + spread[at]]),
  )
  const [lowest, highest] = span(bars)
  const { floor, options: errors } = errorAxis(
    series.flatMap(({ error }) => error),
    lowest,
    Math.min(1, highest),
  )
  const lines = series.map(({ name, labels, error, spread }, i) => {
    const shift = (1 + APART) ** (i - (series.length - 1) / 2)
    const points = labels.map((count, at) => ({
      x: Math.log10(count * shift),
      y: Math.log10(Math.max(floor, error[at])),
      low: Math.log10(Math.max(floor, error[at] - spread[at])),
      high: Math.log10(Math.max(floor, Math.min(1, error[at] + spread[at]))),
    }))
    return { name, style: seriesStyle(i), points }
  })
  const counts = [...new Set(series.flatMap(({ labels }) => labels))].sort((a, b) => a - b)
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
      x: {
        domain,
        ticks: counts.map(Math.log10),
        tickFormat: (exponent: number) => String(Math.round(10 ** exponent)),
      },
      y: { grid: true, ...errors },
      marks: lines.flatMap(({ points, style }) => [
        plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: style.colour, strokeWidth: 1.5 }),
        plot.lineY(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
        plot.dot(points, { x: 'x', y: 'y', fill: style.colour, symbol: style.symbol, r: 3.5 }),
      ]),
    }),
  )
}
