import { type Codes, toDense } from '../inference/codes.js'
import { ConfigurationError, DataError } from '../tensor/errors.js'
import { renderChart } from './chart.js'
import { piecesOf } from './codeRegions.js'
import { muted, seriesStyle } from './palette.js'

/** How many coefficients have a line of their own in the legend. */
const NAMED = 4

/**
 * Coefficients along a straight path from one observation to another, as SVG: a line an atom, in pieces that are straight between the
 * places where an atom joins or leaves, which stand as ticks at the foot. `codes` are those of observations at equal steps from t = 0 to
 * t = 1. Throws ConfigurationError for fewer than two codes, DataError for NaN and infinity.
 */
export async function codesAlongPath(codes: Codes, options: { readonly title?: string } = {}): Promise<string> {
  const { title = 'Coefficients along a path' } = options
  const [count, atoms] = codes.shape
  if (count < 2) throw new ConfigurationError(`A path needs two codes or more; got ${count}.`)
  if (codes.values.some((value) => !Number.isFinite(value))) {
    throw new DataError('A code holds NaN or infinity; only finite numbers can be drawn.')
  }
  const { data } = toDense(codes)
  const lines = Array.from({ length: atoms }, (_, j) => {
    const values = Array.from({ length: count }, (_, i) => ({ t: i / (count - 1), z: data[i * atoms + j] }))
    return { atom: j, values, largest: values.reduce((most, { z }) => Math.max(most, Math.abs(z)), 0) }
  }).filter(({ largest }) => largest > 0)
  lines.sort((a, b) => b.largest - a.largest || a.atom - b.atom)
  const pieces = piecesOf(codes)
  const kinks = pieces.flatMap((piece, i) => (i > 0 && piece !== pieces[i - 1] ? [(i - 0.5) / (count - 1)] : []))
  const named = lines.slice(0, NAMED).map((line, i) => ({ ...line, style: seriesStyle(i) }))
  return renderChart(
    {
      title,
      description: `${lines.length} of ${atoms} coefficients are not zero somewhere on the path; atoms join or leave at ${kinks.length} places, and between them every coefficient is a straight line.`,
      xLabel: 't, from the first observation to the second',
      yLabel: 'coefficient',
      legend: named.map(({ atom, style }) => ({ name: `atom ${atom}`, colour: style.colour, dash: style.dash })),
      note: `${lines.length} of ${atoms} atoms, ${kinks.length + 1} pieces; ticks: an atom joins or leaves`,
    },
    (plot) => ({
      x: { domain: [0, 1], ticks: 5 },
      y: { grid: true, nice: true },
      marks: [
        ...lines
          .slice(NAMED)
          .map(({ values }) =>
            plot.lineY(values, { x: 't', y: 'z', stroke: muted, strokeWidth: 1, strokeOpacity: 0.6 }),
          ),
        plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.4 }),
        ...named.map(({ values, style }) =>
          plot.lineY(values, { x: 't', y: 'z', stroke: style.colour, strokeWidth: 2, strokeDasharray: style.dash }),
        ),
        plot.tickX(kinks, { x: (at: number) => at, stroke: 'currentColor', strokeOpacity: 0.5, insetTop: 182 }),
      ],
    }),
  )
}
