import type { Picture } from '../data/picture.js'
import type { Codes } from '../inference/codes.js'
import { ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { requireWhole } from './canvas.js'
import { greyTile, positiveGrey, signedGrey, signedTile } from './colourMap.js'
import { imageShape, largestMagnitude, type Reals, requireFinite } from './imageShape.js'

export interface DecompositionOptions {
  /** Strokes drawn one by one, the largest |coefficient| first; what remains is one tile. 9 by default. */
  readonly top?: number
  /** Tiles a row; 4 by default. */
  readonly columns?: number
  /** Pixels of the picture to a side of a pixel of the observation; by default a tile is about 112 pixels wide. */
  readonly scale?: number
  /** Whether each term has the whole range of colours to itself (the default) or all share the largest |value|. */
  readonly contrast?: 'each' | 'shared'
}

/** One term of the equation "observation ≈ sum = stroke + stroke + …". */
export interface DecompositionTile {
  /** The sign that stands before the tile. */
  readonly operator: '' | '≈' | '=' | '+'
  /** The tile in its own pixels, not enlarged. */
  readonly picture: Picture
  /** "original", "sum of 12", or the coefficient. */
  readonly label: string
  /** Which atom, or what else is in the tile. */
  readonly detail: string
}

/**
 * The terms of y ≈ Σⱼ zⱼ wⱼ as tiles: the observation, its reconstruction, then coefficient times atom in order of
 * |coefficient|, then the sum of what remains. The first two share one range of greys; the terms share one range of
 * signed colours unless each has its own (colour images keep their colours around mid-grey). `code` is one row.
 * Throws ShapeError where the three do not fit together, DataError for NaN and infinity.
 */
export function decompositionTiles(
  observation: Tensor,
  code: Codes,
  atoms: Tensor,
  options: DecompositionOptions,
): DecompositionTile[] {
  const { top = 9, contrast = 'each' } = options
  requireWhole(top, 'top', 0, 10_000)
  const shape = checkedShape(observation, code, atoms)
  const terms = Array.from(code.indices, (atom, i) => ({ atom, coefficient: code.values[i] }))
    .filter((term) => term.coefficient !== 0)
    .sort((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient) || a.atom - b.atom)

  const length = observation.data.length
  const sumOf = (some: typeof terms): Float64Array => {
    const sum = new Float64Array(length)
    for (const { atom, coefficient } of some) {
      for (let i = 0; i < length; i++) sum[i] += coefficient * atoms.data[atom * length + i]
    }
    return sum
  }

  const shown = terms.slice(0, top)
  const rest = terms.slice(top)
  const strokes = shown.map((term) => ({
    values: sumOf([term]),
    label: written(term.coefficient),
    detail: `× atom ${term.atom}`,
  }))
  if (rest.length > 0) {
    strokes.push({
      values: sumOf(rest),
      label: 'the rest',
      detail: `${rest.length} ${rest.length === 1 ? 'atom' : 'atoms'}`,
    })
  }
  const largest = (values: Float64Array) => (contrast === 'each' ? largestMagnitude(values) : shared)
  const shared = Math.max(0, ...strokes.map(({ values }) => largestMagnitude(values)))
  const brightest = largestMagnitude(observation.data)
  const grey = observation.data.every((value) => value >= 0) ? positiveGrey : signedGrey
  const plain = (values: Reals) => greyTile(values, shape, (value) => grey(value, brightest))

  return [
    { operator: '', picture: plain(observation.data), label: 'original', detail: '' },
    {
      operator: '≈',
      picture: plain(sumOf(terms)),
      label: `sum of ${terms.length}`,
      detail: terms.length === 1 ? 'stroke' : 'strokes',
    },
    ...strokes.map(({ values, label, detail }, i) => ({
      operator: i === 0 ? ('=' as const) : ('+' as const),
      picture: signedTile(values, shape, largest(values)),
      label,
      detail,
    })),
  ]
}

function checkedShape(observation: Tensor, code: Codes, atoms: Tensor) {
  if (code.shape[0] !== 1) {
    throw new ShapeError(
      `A decomposition shows one code; ${code.shape[0]} were given. Choose one with codeRows(codes, i, i + 1).`,
    )
  }
  if (atoms.shape[0] !== code.shape[1]) {
    throw new ShapeError(`The code is over ${code.shape[1]} atoms, the dictionary holds ${atoms.shape[0]}.`)
  }
  if (!sameShape(atoms.shape.slice(1), observation.shape)) {
    throw new ShapeError(
      `An observation of shape ${formatShape(observation.shape)} is not a sum of atoms of shape ${formatShape(atoms.shape.slice(1))}.`,
    )
  }
  const shape = imageShape(observation.shape, 'An observation')
  requireFinite({ shape: [1, ...observation.shape], data: observation.data }, 'Observation')
  requireFinite(atoms, 'Atom')
  requireFinite({ shape: [1, code.values.length], data: code.values }, 'Code')
  const stray = code.indices.find((atom) => !(atom >= 0 && atom < code.shape[1]))
  if (stray !== undefined) throw new ShapeError(`The code uses atom ${stray} of a dictionary of ${code.shape[1]}.`)
  return shape
}

/** A coefficient: three significant digits, two decimals below 1. */
function written(value: number): string {
  const size = Math.abs(value)
  const plain = size >= 0.995 ? size.toPrecision(3) : size.toFixed(2)
  const digits = size >= 0.005 && size < 999.5 ? plain : size.toExponential(1).replace('e+', 'e').replace('e-', 'e−')
  return (value < 0 ? '−' : '') + digits
}
