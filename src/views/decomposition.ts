import type { Picture } from '../data/picture.js'
import type { Codes } from '../inference/codes.js'
import type { Tensor } from '../tensor/tensor.js'
import { drawText, textWidth } from './bitmapFont.js'
import { canvas, drawTile, fillRectangle, requireWhole } from './canvas.js'
import { type DecompositionOptions, decompositionTiles } from './decompositionTiles.js'
import { muted } from './palette.js'
import { pictureDataUri } from './pictureSvg.js'
import { escapeXml } from './xml.js'

const PAPER = 255
const INK = [28, 36, 48] as const
const MUTED = [91, 100, 112] as const
const FRAME = 200

/** Room between tiles for a sign, and below them for two lines of text, in pixels. */
const SIGN = 30
const TEXT = 58
const MARGIN = 10

/** Where each tile of an equation stands, its top left corner, and how large the whole is. */
function layout(count: number, width: number, height: number, options: DecompositionOptions) {
  const { columns = 4, scale = Math.max(1, Math.round(112 / Math.max(width, height))) } = options
  requireWhole(columns, 'columns', 1, 1000)
  requireWhole(scale, 'scale', 1, 1000)
  const across = Math.min(columns, count)
  const stepX = Math.max(width * scale, textWidth('sum of 000', 2)) + SIGN
  const stepY = height * scale + TEXT
  const corners = Array.from({ length: count }, (_, i) => ({
    left: MARGIN + SIGN + (i % across) * stepX,
    top: MARGIN + Math.floor(i / across) * stepY,
  }))
  return {
    corners,
    scale,
    width: 2 * MARGIN + SIGN + across * stepX - SIGN,
    height: 2 * MARGIN + Math.ceil(count / across) * stepY,
  }
}

/**
 * An observation as the sum of its strokes, y ≈ Σⱼ zⱼ wⱼ: original, reconstruction, then coefficient times atom in
 * order of |coefficient|, blue where it takes away and red where it adds, with the coefficients written below. `observation` is one
 * observation, `code` one row of codes, `atoms` [k, …shape of the observation].
 * Throws ShapeError where they do not fit together, DataError for NaN and infinity.
 */
export function decomposition(
  observation: Tensor,
  code: Codes,
  atoms: Tensor,
  options: DecompositionOptions = {},
): Picture {
  const tiles = decompositionTiles(observation, code, atoms, options)
  const { width, height } = tiles[0].picture
  const place = layout(tiles.length, width, height, options)
  const picture = canvas(place.width, place.height, 3, PAPER)
  tiles.forEach((tile, i) => {
    const { left, top } = place.corners[i]
    const [tileWidth, tileHeight] = [width * place.scale, height * place.scale]
    const centred = (text: string) => left + Math.round((tileWidth - textWidth(text, 2)) / 2)
    fillRectangle(picture, left - 1, top - 1, tileWidth + 2, tileHeight + 2, FRAME)
    drawTile(picture, left, top, tile.picture, place.scale)
    drawText(picture, left - 23, top + Math.round(tileHeight / 2) - 10, tile.operator, 3, MUTED)
    drawText(picture, centred(tile.label), top + tileHeight + 5, tile.label, 2, INK)
    drawText(picture, centred(tile.detail), top + tileHeight + 23, tile.detail, 2, MUTED)
  })
  return picture
}

/** {@link decomposition} as SVG: the same tiles, with the coefficients as text that can be read aloud and searched. */
export async function decompositionSvg(
  observation: Tensor,
  code: Codes,
  atoms: Tensor,
  options: DecompositionOptions & { readonly title?: string } = {},
): Promise<string> {
  const tiles = decompositionTiles(observation, code, atoms, options)
  const { width, height } = tiles[0].picture
  const place = layout(tiles.length, width, height, options)
  const [tileWidth, tileHeight] = [width * place.scale, height * place.scale]
  const drawn = await Promise.all(
    tiles.map(async (tile, i) => {
      const { left, top } = place.corners[i]
      const middle = left + tileWidth / 2
      return [
        `<image x="${left}" y="${top}" width="${tileWidth}" height="${tileHeight}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${await pictureDataUri(tile.picture)}"/>`,
        `<rect x="${left - 0.5}" y="${top - 0.5}" width="${tileWidth + 1}" height="${tileHeight + 1}" fill="none" stroke="currentColor" stroke-opacity="0.25"/>`,
        tile.operator === ''
          ? ''
          : `<text x="${left - SIGN / 2}" y="${top + tileHeight / 2 + 6}" font-size="20">${tile.operator}</text>`,
        `<text x="${middle}" y="${top + tileHeight + 19}" font-weight="600">${escapeXml(tile.label)}</text>`,
        `<text x="${middle}" y="${top + tileHeight + 37}" fill="${muted}" font-size="13">${escapeXml(tile.detail)}</text>`,
      ].join('')
    }),
  )
  const equation = tiles.map((tile) => [tile.operator, tile.label, tile.detail].filter(Boolean).join(' ')).join(' ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${place.width}" height="${place.height}" viewBox="0 0 ${place.width} ${place.height}" fill="currentColor" font-family="system-ui, sans-serif" font-size="16" text-anchor="middle" style="max-width:100%;height:auto">`,
    `<title>${escapeXml(options.title ?? 'An observation as the sum of its strokes')}</title>`,
    `<desc>${escapeXml(equation)}</desc>`,
    ...drawn,
    '</svg>',
  ].join('\n')
}
