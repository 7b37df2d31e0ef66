import { ConfigurationError, DataError } from '../tensor/errors.js'
import { renderChart } from './chart.js'
import { formatNumber, formatShare } from './formatNumber.js'
import { seriesStyle } from './palette.js'

export interface AtomUsageOptions {
  /** How many codes were counted: usage is then shown as a share of them. */
  readonly observations?: number
  readonly title?: string
}

/**
 * How often each atom is used, from the most to the least, as SVG; how many are never used is stated above it.
 * `usage[j]` counts the codes in which atom j is active. Throws DataError unless all are finite and 0 or more.
 */
export async function atomUsage(usage: ArrayLike<number>, options: AtomUsageOptions = {}): Promise<string> {
  const { observations, title = 'Use of the atoms' } = options
  if (observations !== undefined && !(observations > 0 && Number.isFinite(observations))) {
    throw new ConfigurationError(`observations must be above 0; got ${observations}.`)
  }
  const counts = Array.from(usage)
  const broken = counts.findIndex((count) => !(count >= 0 && Number.isFinite(count)))
  if (broken >= 0)
    throw new DataError(`The usage of atom ${broken} is ${counts[broken]}; a finite count, 0 or more, is needed.`)

  const heights = counts
    .map((count) => (observations === undefined ? count : (100 * count) / observations))
    .sort((a, b) => b - a)
  const used = counts.filter((count) => count > 0).length
  const written = (height: number) => (observations === undefined ? formatNumber(height, 3) : formatShare(height / 100))
  const note =
    counts.length === 0
      ? 'no atoms'
      : `${formatNumber(used)} of ${formatNumber(counts.length)} in use, the median in ${written(heights[Math.floor(heights.length / 2)])}${observations === undefined ? ' codes' : ' of the codes'}`
  const { colour } = seriesStyle(0)
  const stairs = heights.flatMap((height, i) => [
    { x: i, height },
    { x: i + 1, height },
  ])
  const frame = {
    title,
    description: `Atoms by use, from the most to the least used: ${note}.`,
    xLabel: 'atoms, the most used first',
    yLabel: observations === undefined ? 'codes that use it' : '% of codes that use it',
    note,
  }
  return renderChart(frame, (plot) => ({
    x: { domain: [0, Math.max(1, heights.length)], ticks: 6 },
    y: { grid: true, nice: true, zero: true, ...(used === 0 ? { domain: [0, 1] } : {}) },
    marks: [
      plot.areaY(stairs, { x: 'x', y1: 0, y2: 'height', fill: colour }),
      plot.ruleY([0], { stroke: 'currentColor' }),
    ],
  }))
}
