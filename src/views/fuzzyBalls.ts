import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { requireWhole } from './canvas.js'
import { formatNumber } from './formatNumber.js'
import { classColour, classesOf, drawPlane, requirePlane, round } from './latentPlane.js'

export interface FuzzyBallsOptions {
  /** The class of each ball, a whole number; by colour. */
  readonly labels?: ArrayLike<number>
  /** Balls drawn, the first ones; 200 by default. */
  readonly most?: number
  /** Half the side of the plane, in units of the codes; by default all balls drawn fit. */
  readonly extent?: number
  readonly title?: string
}

/**
 * Codes with their noise as balls: an ellipse with half axes σ at each z̄, denser in the middle, translucent, so that overlaps
 * show, as SVG. `means` and `deviations` are [n, 2]. Throws ShapeError where the two are not alike or labels not as many, DataError
 * for NaN, infinity and deviations below 0.
 */
export function fuzzyBalls(means: Tensor, deviations: Tensor, options: FuzzyBallsOptions = {}): string {
  const { labels, most = 200, title = 'Fuzzy balls' } = options
  requirePlane('Means', means, labels)
  requirePlane('Deviations', deviations)
  requireWhole(most, 'most', 1, 100_000)
  if (!sameShape(means.shape, deviations.shape)) {
    throw new ShapeError(
      `Means of ${formatShape(means.shape)} and deviations of ${formatShape(deviations.shape)} were given; give one for each.`,
    )
  }
  const negative = deviations.data.find((value) => value < 0)
  if (negative !== undefined) throw new DataError(`Deviations are 0 or more; got ${negative}.`)

  const count = Math.min(most, means.shape[0])
  let reach = 1e-6
  let distance = 0
  let size = 0
  for (let i = 0; i < 2 * count; i++) {
    reach = Math.max(reach, Math.abs(means.data[i]) + deviations.data[i])
    distance += means.data[i] ** 2 / Math.max(1, count)
    size += deviations.data[i] / Math.max(1, 2 * count)
  }
  const { extent = reach * 1.04 } = options
  if (!(extent > 0 && extent < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`extent must be a finite number above 0; got ${extent}.`)
  }
  const note = `‖z̄‖ about ${formatNumber(Math.sqrt(distance), 2)}, σ about ${formatNumber(size, 2)}`
  const classes = classesOf(labels, count)
  // Gradients are named by their content, since those of several pictures meet in one page.
  const gradient = (colour: string) => `energia-ball-${colour.slice(1)}`
  const colours = [...new Set(Array.from({ length: count }, (_, i) => classColour(labels ? labels[i] : 0)))]
  return drawPlane(
    {
      title,
      description: `${count} codes as balls of radius σ around their means: ${note}.`,
      note,
      extent,
      classes,
    },
    (at, unit) =>
      [
        '<defs>',
        ...colours.map(
          (colour) =>
            `<radialGradient id="${gradient(colour)}"><stop offset="0" stop-color="${colour}" stop-opacity="0.5"/><stop offset="1" stop-color="${colour}" stop-opacity="0.12"/></radialGradient>`,
        ),
        '</defs>',
        ...Array.from({ length: count }, (_, i) => {
          const colour = classColour(labels ? labels[i] : 0)
          const [x, y] = at(means.data[2 * i], means.data[2 * i + 1])
          const [rx, ry] = [0, 1].map((axis) => round(deviations.data[2 * i + axis] * unit))
          return `<ellipse cx="${x}" cy="${y}" rx="${Math.max(rx, 0.5)}" ry="${Math.max(ry, 0.5)}" fill="url(#${gradient(colour)})"/><circle cx="${x}" cy="${y}" r="1.6" fill="${colour}"/>`
        }),
      ].join('\n'),
  )
}
