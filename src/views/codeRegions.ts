import type { Picture } from '../data/picture.js'
import type { Codes } from '../inference/codes.js'
import { ShapeError } from '../tensor/errors.js'
import { canvas, fillRectangle, requireWhole } from './canvas.js'

/** Fills by how many atoms are active: none is nearly white, more are darker, four and more alike. */
const FILLS = [
  [247, 247, 245],
  [189, 215, 238],
  [120, 169, 220],
  [66, 121, 187],
  [28, 73, 140],
] as const
const LINE = [28, 36, 48] as const

/**
 * The pieces of the plane on which the code is linear in y: fills tell how many atoms are active, lines part places whose atoms or signs
 * differ. `codes` are those of `landscapeGrid({ side })`, rows from the top; `scale` enlarges each place. Throws {@link ShapeError} unless
 * there is a code for each of side² places.
 */
export function codeRegions(codes: Codes, options: { readonly scale?: number } = {}): Picture {
  const { scale = 2 } = options
  requireWhole(scale, 'scale', 1, 100)
  const side = Math.round(Math.sqrt(codes.shape[0]))
  if (side < 2 || side * side !== codes.shape[0]) {
    throw new ShapeError(`${codes.shape[0]} codes make no square of 2×2 or more; give those of landscapeGrid().`)
  }
  const pieces = piecesOf(codes)
  const picture = canvas(side * scale, side * scale, 3, LINE)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = row * side + column
      const edge =
        (column + 1 < side && pieces[at] !== pieces[at + 1]) || (row + 1 < side && pieces[at] !== pieces[at + side])
      if (edge) continue
      const active = codes.indptr[at + 1] - codes.indptr[at]
      fillRectangle(picture, column * scale, row * scale, scale, scale, FILLS[Math.min(active, FILLS.length - 1)])
    }
  }
  return picture
}

/** For each code, its piece: the active atoms with their signs, as text. Where two codes are of one piece, so are those between them. */
export function piecesOf({ shape, indptr, indices, values }: Codes): string[] {
  return Array.from({ length: shape[0] }, (_, i) => {
    const signed: string[] = []
    for (let at = indptr[i]; at < indptr[i + 1]; at++) signed.push(`${values[at] < 0 ? '-' : '+'}${indices[at]}`)
    return signed.join('')
  })
}
