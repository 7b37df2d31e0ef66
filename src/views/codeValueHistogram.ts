import type { Codes } from '../inference/codes.js'
import { DataError } from '../tensor/errors.js'
import { renderChart } from './chart.js'
import { formatNumber, formatShare } from './formatNumber.js'
import { logAxis } from './logAxis.js'
import { seriesStyle } from './palette.js'

const BINS = 60

/** Counts of values in equal bins. */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** Values in equal bins: from −max to max, a boundary at 0, or from 0 to max where none is negative. */
export function valueBins(values: ArrayLike<number>): Bin[] {
  let largest = 0
  let negative = false
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new DataError(`The codes hold ${values[i]} at ${i}; only finite numbers can be counted.`)
    largest = Math.max(largest, Math.abs(values[i]))
    negative ||= values[i] < 0
  }
  if (largest === 0) return []
  const low = negative ? -largest : 0
  const step = (largest - low) / BINS
  const counts = new Float64Array(BINS)
  for (let i = 0; i < values.length; i++) counts[Math.min(BINS - 1, Math.floor((values[i] - low) / step))]++
  return Array.from(counts, (count, i) => ({ from: low + i * step, to: low + (i + 1) * step, count }))
}

/**
 * Histogram of the code values that are not zero, counts on a log scale, as SVG; the share of zeros is stated above it.
 * Throws DataError for NaN and infinity.
 */
export async function codeValueHistogram(codes: Codes, options: { readonly title?: string } = {}): Promise<string> {
  const [count, atoms] = codes.shape
  const values = codes.values.filter((value) => value !== 0)
  const bins = valueBins(values).filter((bin) => bin.count > 0)
  const all = count * atoms
  const zeros =
    all === 0
      ? 'no codes'
      : `${formatShare((all - values.length) / all)} of ${formatNumber(all)} values are zero, left out here`
  const range =
    bins.length === 0
      ? ''
      : ` The others lie from ${formatNumber(bins[0].from, 3)} to ${formatNumber(bins[bins.length - 1].to, 3)}.`
  return renderChart(
    {
      title: options.title ?? 'Values of the codes',
      description: `Histogram of code values: ${zeros}.${range}`,
      xLabel: 'code value',
      yLabel: 'values per bin',
      note: zeros,
    },
    (plot) => ({
      x: { nice: true, ticks: 7 },
      y: { grid: true, ...logAxis(0.7, Math.max(10, ...bins.map((bin) => bin.count))) },
      marks: [
        plot.rect(bins, { x1: 'from', x2: 'to', y1: () => 0.7, y2: 'count', fill: seriesStyle(0).colour, inset: 0.5 }),
      ],
    }),
  )
}
