import type { Tensor } from '../tensor/tensor.js'
import { formatNumber } from './formatNumber.js'
import { classColour, classesOf, drawPlane, requirePlane } from './latentPlane.js'

export interface LatentScatterOptions {
  /** The class of each code, a whole number; by colour. */
  readonly labels?: ArrayLike<number>
  readonly title?: string
}

/**
 * Codes [n, 2] as dots on the plane, coloured by label, as SVG. Throws ShapeError for codes of other sizes and labels that are not
 * as many, DataError for NaN and infinity.
 */
export function latentScatter(codes: Tensor, options: LatentScatterOptions = {}): string {
  const { labels, title = 'Codes' } = options
  requirePlane('Codes', codes, labels)
  const [count] = codes.shape
  const extent =
    Math.max(
      1e-6,
      codes.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    ) * 1.05
  const note = `${formatNumber(count)} codes`
  return drawPlane(
    {
      title,
      description: `${note} of two numbers as dots${labels ? ', coloured by class' : ''}; the furthest number from 0 is ${formatNumber(extent / 1.05, 3)}.`,
      note,
      extent,
      classes: classesOf(labels, count),
    },
    (at) => {
      // One path a colour keeps the file small: a line of no length with round ends is a dot.
      const dots = new Map<string, string[]>()
      for (let i = 0; i < count; i++) {
        const colour = classColour(labels ? labels[i] : 0)
        const [x, y] = at(codes.data[2 * i], codes.data[2 * i + 1])
        const path = dots.get(colour) ?? []
        path.push(`M${x} ${y}h0`)
        dots.set(colour, path)
      }
      return [...dots]
        .map(
          ([colour, path]) =>
            `<path d="${path.join('')}" stroke="${colour}" stroke-opacity="0.65" stroke-width="3.5" stroke-linecap="round" fill="none"/>`,
        )
        .join('')
    },
  )
}
