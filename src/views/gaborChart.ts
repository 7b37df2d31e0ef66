import { DataError } from '../tensor/errors.js'
import { renderChart, span } from './chart.js'
import { formatNumber, formatShare } from './formatNumber.js'
import { muted, seriesStyle } from './palette.js'

/** What a Gabor fit says about one atom. */
export interface GaborPoint {
  /** Orientation in radians; taken modulo π. */
  readonly orientation: number
  /** Cycles per pixel, 0 or more. */
  readonly frequency: number
  /** Share of the atom's variance that the fit explains, at most 1. */
  readonly r2: number
}

export interface GaborChartOptions {
  /** Fits below this R² are drawn hollow and are not counted in the sectors; 0.7 by default. */
  readonly goodFit?: number
  readonly title?: string
}

/** Sectors of orientation whose atoms are counted, each π/8 wide, the first from 0. */
const SECTORS = 8

/** Well-fitted atoms in each of eight equal sectors of orientation, the first from 0 to π/8. */
export function orientationCounts(fits: readonly GaborPoint[], goodFit = 0.7): number[] {
  const counts = new Array<number>(SECTORS).fill(0)
  for (const { orientation, r2 } of fits)
    if (r2 >= goodFit) counts[Math.min(SECTORS - 1, Math.floor((halfTurn(orientation) / Math.PI) * SECTORS))]++
  return counts
}

/**
 * Orientation and frequency of fitted Gabor functions on a half-plane, as SVG: the angle is the orientation, the
 * distance from the centre the frequency in cycles per pixel; at the rim stands how many well-fitted atoms each sector
 * of 22.5° holds. Throws DataError for NaN, infinity and negative frequencies.
 */
export async function gaborChart(fits: readonly GaborPoint[], options: GaborChartOptions = {}): Promise<string> {
  const { goodFit = 0.7, title = 'Orientation and frequency of the atoms' } = options
  fits.forEach(({ orientation, frequency, r2 }, i) => {
    if (!Number.isFinite(orientation) || !Number.isFinite(r2) || !(frequency >= 0 && Number.isFinite(frequency))) {
      throw new DataError(
        `Gabor fit ${i} has orientation ${orientation}, frequency ${frequency} and R² ${r2}; all must be finite, the frequency 0 or more.`,
      )
    }
  })
  const good = fits.filter(({ r2 }) => r2 >= goodFit).length
  const counts = orientationCounts(fits, goodFit)
  const rim = Math.max(0.1, Math.ceil(10 * span([0.25, ...fits.map(({ frequency }) => frequency)])[1]) / 10)
  const rings = Array.from({ length: Math.round(rim * 10) }, (_, i) => (i + 1) / 10)
  const step = rings.length > 10 ? Math.ceil(rings.length / 5) : 1
  const shownRings = rings.filter((_, i) => (rings.length - 1 - i) % step === 0)
  const { colour } = seriesStyle(0)
  const points = fits.map(({ orientation, frequency, r2 }) => ({
    ...polar(frequency, halfTurn(orientation)),
    good: r2 >= goodFit,
  }))

  return renderChart(
    {
      title,
      description: `Half-plane of ${formatNumber(fits.length)} Gabor fits, ${good} of them with R² of ${goodFit} or more; in the eight sectors from 0° to 180°: ${counts.join(', ')}.`,
      xLabel: 'frequency in cycles per pixel',
      legend: [
        { name: `R² ≥ ${goodFit}`, colour, mark: 'filled' },
        { name: 'worse fits', colour, mark: 'hollow' },
      ],
      note:
        fits.length === 0
          ? 'no fits'
          : `${formatNumber(good)} of ${formatNumber(fits.length)} atoms (${formatShare(good / fits.length)}); at the rim: atoms in each sector`,
    },
    (plot) => ({
      height: 300,
      marginLeft: 20,
      marginRight: 20,
      marginTop: 14,
      marginBottom: 52,
      x: { axis: null, domain: [-1.16 * rim, 1.16 * rim] },
      y: { axis: null, domain: [0, 1.16 * rim] },
      marks: [
        shownRings.map((ring) =>
          plot.line(arc(ring), { x: 'x', y: 'y', stroke: 'currentColor', strokeOpacity: ring === rim ? 0.5 : 0.18 }),
        ),
        plot.link(spokes(rim), {
          x1: () => 0,
          y1: () => 0,
          x2: 'x',
          y2: 'y',
          stroke: 'currentColor',
          strokeOpacity: 0.18,
        }),
        plot.dot(
          points.filter((point) => !point.good),
          { x: 'x', y: 'y', r: 3.2, stroke: colour, strokeOpacity: 0.75 },
        ),
        plot.dot(
          points.filter((point) => point.good),
          { x: 'x', y: 'y', r: 3.2, fill: colour, fillOpacity: 0.75 },
        ),
        plot.text(
          counts.map((count, i) => ({ ...polar(1.08 * rim, ((i + 0.5) * Math.PI) / SECTORS), count })),
          { x: 'x', y: 'y', text: (sector) => String(sector.count), fontWeight: 'bold' },
        ),
        plot.text(
          [0, 45, 90, 135, 180].map((degrees) => ({ ...polar(1.08 * rim, (degrees * Math.PI) / 180), degrees })),
          { x: 'x', y: 'y', text: (mark) => `${mark.degrees}°`, fill: muted },
        ),
        plot.text(
          [0, ...shownRings].flatMap((ring) => (ring === 0 ? [0] : [-ring, ring])),
          { x: (ring) => ring, y: () => 0, dy: 14, text: (ring) => formatNumber(Math.abs(ring), 2), fill: muted },
        ),
      ],
    }),
  )
}

const halfTurn = (angle: number) => ((angle % Math.PI) + Math.PI) % Math.PI
const polar = (radius: number, angle: number) => ({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
const arc = (radius: number) => Array.from({ length: 73 }, (_, i) => polar(radius, (i * Math.PI) / 72))
const spokes = (radius: number) => Array.from({ length: SECTORS + 1 }, (_, i) => polar(radius, (i * Math.PI) / SECTORS))
