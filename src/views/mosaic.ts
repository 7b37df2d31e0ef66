import type { Picture } from '../data/picture.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Colour, canvas, drawTile, requireColour, requireWhole } from './canvas.js'
import { greyTile, positiveGrey, signedGrey } from './colourMap.js'
import { imageShape, largestMagnitude, requireFinite } from './imageShape.js'

export interface MosaicOptions {
  /** How much each atom is used [k]: the most used comes first. Without it the stored order. */
  readonly usage?: ArrayLike<number>
  /** Atoms a row; near the square root of k by default, and a divisor of k where one is near. */
  readonly columns?: number
  /** Width of the lines between atoms and around them, in pixels of the picture; 1 by default. */
  readonly gap?: number
  /** Pixels of the picture to a side of an atom's pixel; by default an atom becomes about 48 pixels wide. */
  readonly scale?: number
  /** Colour of the lines; white by default. */
  readonly border?: Colour
  /** Whether zero is mid-grey (the default). Otherwise zero is black: for atoms that are never negative. */
  readonly signed?: boolean
  /** Whether each atom has the whole range of greys to itself (the default) or all share the largest |value|. */
  readonly contrast?: 'each' | 'shared'
}

/**
 * A dictionary as a picture: pixel = 128 + 127 · w / max |w|, so that zero is mid-grey and both signs show alike, the
 * atoms in rows with thin light lines between them. `atoms` is [k, h, w], [k, h, w, 3], or [k, m] with m a perfect
 * square. Throws ShapeError for other shapes and no atoms, DataError for NaN and infinity, ConfigurationError for
 * options out of range.
 */
export function mosaic(atoms: Tensor, options: MosaicOptions = {}): Picture {
  const count = atoms.shape[0] ?? 0
  if (count === 0) throw new ShapeError('There are no atoms to draw; a mosaic needs one at least.')
  const shape = imageShape(atoms.shape.slice(1), 'Atoms')
  requireFinite(atoms, 'Atom')

  const {
    columns = tidyColumns(count),
    gap = 1,
    scale = Math.max(1, Math.round(48 / Math.max(shape.width, shape.height))),
    border = 255,
    signed = true,
    contrast = 'each',
  } = options
  requireWhole(columns, 'columns', 1, 1e6)
  requireWhole(gap, 'gap', 0, 1000)
  requireWhole(scale, 'scale', 1, 1000)
  requireColour(border, 'border')

  const across = Math.min(columns, count)
  const stepX = shape.width * scale + gap
  const stepY = shape.height * scale + gap
  const channels = shape.channels === 3 || typeof border !== 'number' ? 3 : 1
  const picture = canvas(across * stepX + gap, Math.ceil(count / across) * stepY + gap, channels, border)

  const shared = contrast === 'shared' ? largestMagnitude(atoms.data) : undefined
  const grey = signed ? signedGrey : positiveGrey
  const length = shape.height * shape.width * shape.channels
  orderByUse(count, options.usage).forEach((atom, place) => {
    const values = atoms.data.subarray(atom * length, (atom + 1) * length)
    const largest = shared ?? largestMagnitude(values)
    const tile = greyTile(values, shape, (value) => grey(value, largest))
    drawTile(picture, gap + (place % across) * stepX, gap + Math.floor(place / across) * stepY, tile, scale)
  })
  return picture
}

/** The atoms' numbers from the most to the least used; equals stay in their order. */
export function orderByUse(count: number, usage?: ArrayLike<number>): number[] {
  const order = Array.from({ length: count }, (_, atom) => atom)
  if (usage === undefined) return order
  if (usage.length !== count) {
    throw new ShapeError(`The usage of ${usage.length} atoms was given for a dictionary of ${count}.`)
  }
  const broken = Array.from(usage).findIndex(Number.isNaN)
  if (broken >= 0) throw new ConfigurationError(`The usage of atom ${broken} is NaN; atoms cannot be ordered by it.`)
  return order.sort((a, b) => usage[b] - usage[a] || a - b)
}

/** Enough columns for a picture about as wide as high, or up to twice as wide where that leaves no row unfilled. */
function tidyColumns(count: number): number {
  const square = Math.ceil(Math.sqrt(count))
  for (let columns = square; columns <= 2 * square; columns++) if (count % columns === 0) return columns
  return square
}
