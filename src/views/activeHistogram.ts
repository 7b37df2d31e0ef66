import type { Codes } from '../inference/codes.js'
import { renderChart } from './chart.js'
import { formatNumber } from './formatNumber.js'
import { seriesStyle } from './palette.js'

/** How many codes have 0, 1, 2, … active coefficients; the last entry is the densest code's. */
export function activeCounts(codes: Codes): Float64Array {
  const active: number[] = []
  let most = 0
  for (let i = 0; i < codes.shape[0]; i++) {
    let here = 0
    for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++) if (codes.values[at] !== 0) here++
    active.push(here)
    most = Math.max(most, here)
  }
  const counts = new Float64Array(active.length === 0 ? 0 : most + 1)
  for (const here of active) counts[here]++
  return counts
}

/** Histogram of active coefficients per code, as SVG, with mean and median. */
export async function activeHistogram(codes: Codes, options: { readonly title?: string } = {}): Promise<string> {
  const counts = activeCounts(codes)
  const [total, atoms] = codes.shape
  const mean = counts.reduce((sum, count, active) => sum + active * count, 0) / total
  let below = 0
  const median = counts.findIndex((count) => {
    below += count
    return below * 2 >= total
  })
  const note =
    total === 0
      ? 'no codes'
      : `mean ${formatNumber(mean, 3)}, median ${median}, most ${counts.length - 1} of ${formatNumber(atoms)} atoms`
  const width = Math.max(1, Math.ceil(counts.length / 64))
  const bins = Array.from({ length: Math.ceil(counts.length / width) }, (_, i) => ({
    from: i * width - 0.5,
    to: (i + 1) * width - 0.5,
    count: counts.subarray(i * width, (i + 1) * width).reduce((sum, count) => sum + count, 0),
  }))
  return renderChart(
    {
      title: options.title ?? 'Active coefficients per code',
      description: `Histogram of how many coefficients of a code are not zero: ${note}.`,
      xLabel: 'active coefficients',
      yLabel: 'codes',
      note,
    },
    (plot) => ({
      x: { domain: [-0.5, Math.max(1, bins.length) * width - 0.5], tickFormat: wholeOnly },
      y: { grid: true, nice: true, zero: true, ...(total === 0 ? { domain: [0, 1] } : {}) },
      marks: [
        plot.rect(bins, {
          x1: 'from',
          x2: 'to',
          y1: 0,
          y2: 'count',
          fill: seriesStyle(0).colour,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        plot.ruleY([0], { stroke: 'currentColor' }),
      ],
    }),
  )
}

const wholeOnly = (value: number) => (Number.isInteger(value) ? String(value) : '')
