import { GOOD_FIT } from '../diagnostics/gaborStatistics.js'
import { DataError } from '../tensor/errors.js'
import { renderChart, span } from './chart.js'
import { formatNumber, formatShare } from './formatNumber.js'
import { muted, seriesStyle } from './palette.js'

/** What a Gabor fit says about one atom; a `GaborFit` of diagnostics is one. */
export interface GaborPoint {
  /** Direction of the stripes in radians, from the x axis towards the y axis, which points down; taken modulo π. */
  readonly orientation: number
  /** Cycles per pixel, 0 or more. */
  readonly frequency: number
  /** Share of the atom's variance that the fit explains, at most 1. */
  readonly r2: number
}

export interface GaborChartOptions {
  /** Fits with an R² above this are drawn filled and counted; 0.7 by default. */
  readonly goodFit?: number
  readonly title?: string
}

/** Sectors of orientation whose atoms are counted, each π/8 wide. */
const SECTORS = 8

/** Well-fitted atoms in each eighth of [0, π), the first centred on 0 (horizontal stripes). */
export function orientationCounts(fits: readonly GaborPoint[], goodFit = GOOD_FIT): number[] {
  const counts = new Array<number>(SECTORS).fill(0)
  for (const { orientation, r2 } of fits) {
    if (r2 > goodFit) counts[Math.round((SECTORS * halfTurn(orientation)) / Math.PI) % SECTORS]++
  }
  return counts
}

/**
 * Orientation and frequency of fitted Gabor functions on a half-plane, as SVG. A point lies in the direction in which
 * its atom's stripes are seen to run (those that rise to the right lie on the upper right), its distance from the
 * centre is the frequency in cycles per pixel. At the rim stands how many well-fitted atoms each sector of 22.5°
 * around a direction holds; 0° and 180° are one. Throws DataError for NaN, infinity and negative frequencies.
 */
export async function gaborChart(fits: readonly GaborPoint[], options: GaborChartOptions = {}): Promise<string> {
  const { goodFit = GOOD_FIT, title = 'Orientation and frequency of the atoms' } = options
  fits.forEach(({ orientation, frequency, r2 }, i) => {
    if (!Number.isFinite(orientation) || !Number.isFinite(r2) || !(frequency >= 0 && Number.isFinite(frequency))) {
      throw new DataError(
        `Gabor fit ${i} has orientation ${orientation}, frequency ${frequency} and R² ${r2}; all must be finite, the frequency 0 or more.`,
      )
    }
  })
  const good = fits.filter(({ r2 }) => r2 > goodFit).length
  const counts = orientationCounts(fits, goodFit)
  const seen = Array.from({ length: SECTORS }, (_, i) => counts[(SECTORS - i) % SECTORS])
  const rim = Math.ceil(10 * span([0.25, ...fits.map(({ frequency }) => frequency)])[1]) / 10
  const rings = ringsTo(rim)
  const { colour } = seriesStyle(0)
  const points = fits.map(({ orientation, frequency, r2 }) => ({
    ...polar(frequency, Math.PI - halfTurn(orientation)),
    good: r2 > goodFit,
  }))
  const directions = Array.from({ length: SECTORS + 1 }, (_, i) => ({
    ...polar(1.1 * rim, (i * Math.PI) / SECTORS),
    degrees: `${(i * 180) / SECTORS}°`,
    count: i === SECTORS ? '' : String(seen[i]),
  }))
  const atEnds = directions.filter((_, i) => i % SECTORS === 0)
  const between = directions.filter((_, i) => i % SECTORS !== 0)

  return renderChart(
    {
      title,
      description: `Half-plane of ${formatNumber(fits.length)} Gabor fits, ${good} of them with R² above ${goodFit}; around the eight directions from 0° to 157.5°, counted against the clock: ${seen.join(', ')}.`,
      xLabel: 'frequency in cycles per pixel',
      legend: [
        { name: `R² above ${goodFit}`, colour, mark: 'filled' },
        { name: 'worse fits', colour, mark: 'hollow' },
      ],
      note:
        fits.length === 0
          ? 'no fits'
          : `${formatNumber(good)} of ${formatNumber(fits.length)} atoms fit well (${formatShare(good / fits.length)}), by direction:`,
    },
    (plot) => ({
      height: 298,
      marginLeft: 20,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 52,
      x: { axis: null, domain: [-1.18 * rim, 1.18 * rim] },
      y: { axis: null, domain: [0, 1.18 * rim] },
      marks: [
        rings.map((ring) =>
          plot.line(arc(ring), {
            x: 'x',
            y: 'y',
            stroke: 'currentColor',
            strokeOpacity: ring === rim ? 0.5 : 0.18,
          }),
        ),
        plot.ruleY([0], { x1: -rim, x2: rim, stroke: 'currentColor', strokeOpacity: 0.5 }),
        plot.link(boundaries(rim), { x1: 0, y1: 0, x2: 'x', y2: 'y', stroke: 'currentColor', strokeOpacity: 0.18 }),
        plot.dot(
          points.filter((point) => !point.good),
          { x: 'x', y: 'y', r: 3.2, stroke: colour, strokeOpacity: 0.75 },
        ),
        plot.dot(
          points.filter((point) => point.good),
          { x: 'x', y: 'y', r: 3.2, fill: colour, fillOpacity: 0.75 },
        ),
        plot.text(between, { x: 'x', y: 'y', dy: -8, text: 'degrees', fill: muted }),
        plot.text(between, { x: 'x', y: 'y', dy: 7, text: 'count', fontWeight: 'bold' }),
        plot.text(atEnds, { x: 'x', y: 'y', dy: -16, text: 'degrees', fill: muted }),
        plot.text(atEnds, { x: 'x', y: 'y', dy: -1, text: 'count', fontWeight: 'bold' }),
        plot.text([0, ...rings, ...rings.map((ring) => -ring)], {
          x: (ring) => ring,
          y: 0,
          dy: 15,
          text: (ring) => formatNumber(Math.abs(ring), 2),
          fill: muted,
        }),
      ],
    }),
  )
}

/** Rings at equal distances, from the rim inwards, six at most. */
function ringsTo(rim: number): number[] {
  const tenths = Math.round(rim * 10)
  const every = Math.ceil(tenths / 6)
  return Array.from({ length: Math.floor((tenths - 1) / every) + 1 }, (_, i) => (tenths - i * every) / 10)
}

const halfTurn = (angle: number) => ((angle % Math.PI) + Math.PI) % Math.PI
const polar = (radius: number, angle: number) => ({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
const arc = (radius: number) => Array.from({ length: 73 }, (_, i) => polar(radius, (i * Math.PI) / 72))
const boundaries = (radius: number) =>
  Array.from({ length: SECTORS }, (_, i) => polar(radius, ((i + 0.5) * Math.PI) / SECTORS))
