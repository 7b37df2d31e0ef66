import type { Picture } from '../data/picture.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { drawText, textWidth } from './bitmapFont.js'
import { canvas, drawTile, requireWhole } from './canvas.js'
import { greyTile } from './colourMap.js'
import { imageShape, requireFinite } from './imageShape.js'

/** One picture of a row of pictures. */
export interface Panel {
  /** [h, w] or [h, w, 3], 0 for black and 1 for white; what lies beyond is cut off. */
  readonly image: Tensor
  /** What it is, in a few words of small letters: "noisy". */
  readonly label: string
  /** A second line, such as its PSNR: "20.17 dB". */
  readonly detail?: string
}

const GAP = 12
const LINE = 22
const INK = [28, 36, 48] as const
const MUTED = [91, 100, 112] as const

/**
 * Images of one height side by side, in the order of what was done to them (original, noisy, restored), each with its label and detail below.
 * `scale` enlarges pixels; by default an image becomes at least 200 pixels wide. Throws {@link ConfigurationError} without panels, {@link ShapeError} for
 * images of different heights and other shapes, DataError for NaN and infinity.
 */
export function beforeAfter(panels: readonly Panel[], options: { readonly scale?: number } = {}): Picture {
  if (panels.length === 0) throw new ConfigurationError('There is no image to draw; give one panel at least.')
  const tiles = panels.map(({ image, label }) => {
    const shape = imageShape(image.shape, `The image "${label}"`)
    requireFinite({ shape: [1, ...image.shape], data: image.data }, `The image "${label}",`)
    return greyTile(image.data, shape, (value) => Math.round(255 * Math.max(0, Math.min(1, value))))
  })
  const [{ width, height }] = tiles
  const odd = tiles.findIndex((tile) => tile.height !== height)
  if (odd >= 0) {
    throw new ShapeError(
      `Images side by side must be of one height; "${panels[0].label}" has ${height} rows and "${panels[odd].label}" ${tiles[odd].height}.`,
    )
  }
  const { scale = Math.max(1, Math.ceil(200 / width)) } = options
  requireWhole(scale, 'scale', 1, 1000)
  const lines = panels.some(({ detail }) => detail !== undefined) ? 2 : 1
  const widths = tiles.map((tile, i) =>
    Math.max(tile.width * scale, textWidth(panels[i].label, 2), textWidth(panels[i].detail ?? '', 2)),
  )
  const total = widths.reduce((sum, each) => sum + each + GAP, GAP)
  const picture = canvas(total, 2 * GAP + height * scale + lines * LINE, 3, 255)
  let left = GAP
  for (const [i, tile] of tiles.entries()) {
    const centred = (size: number) => left + Math.floor((widths[i] - size) / 2)
    drawTile(picture, centred(tile.width * scale), GAP, tile, scale)
    const below = 2 * GAP - 4 + height * scale
    const { label, detail = '' } = panels[i]
    drawText(picture, centred(textWidth(label, 2)), below, label, 2, INK)
    drawText(picture, centred(textWidth(detail, 2)), below + LINE, detail, 2, MUTED)
    left += widths[i] + GAP
  }
  return picture
}
