import type { Picture } from '../data/picture.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { drawText, textWidth } from './bitmapFont.js'
import { canvas, drawTile } from './canvas.js'
import { largestMagnitude } from './imageShape.js'
import { type MosaicOptions, mosaic } from './mosaic.js'

/** What an auto-encoder has learned, or one of several of different sizes. */
export interface FilterPair {
  /** The encoder's filters and the decoder's kernels, [m, h, w] or [m, h, w, 3], those of one map at one place. */
  readonly filters: Tensor
  readonly kernels: Tensor
}

const MARGIN = 12
const HEAD = 26
const INK = [28, 36, 48] as const
const COLUMNS = 8
/** Share of an encoder's filters that may exceed the scale of all: one strong filter would make the others look empty. */
const EXCEEDING = 0.1

/**
 * Encoder filters on the left and the decoder's kernels on the right, at the same places, as in the lecture's figure 6; several
 * auto-encoders one below the other. Zero is mid-grey; kernels have a scale each, and the filters of an encoder one together, so that those
 * that do little look so: the scale of the strongest but a tenth, which are cut off at it. `columns` are 8 by default. Throws {@link ShapeError} where filters and kernels do not fit together,
 * {@link ConfigurationError} where there are none, DataError for NaN and infinity.
 */
export function encoderBesideDecoder(
  pairs: readonly FilterPair[],
  options: Pick<MosaicOptions, 'columns' | 'scale' | 'usage'> = {},
): Picture {
  if (pairs.length === 0) throw new ConfigurationError('There are no filters to draw; give one pair at least.')
  const { columns = COLUMNS, scale = 4, usage } = options
  const rows = pairs.map(({ filters, kernels }) => {
    if (!sameShape(filters.shape, kernels.shape)) {
      throw new ShapeError(
        `Filters of ${formatShape(filters.shape)} stand beside kernels of ${formatShape(kernels.shape)}; give those of one auto-encoder.`,
      )
    }
    const shared = { columns, scale, border: [74, 86, 200], ...(usage ? { usage } : {}) } as const
    return [mosaic(cut(drawn(filters)), { ...shared, contrast: 'shared' }), mosaic(drawn(kernels), shared)] as const
  })
  const titles = ['encoder filters', 'decoder kernels']
  const half = Math.max(...rows.map(([left]) => left.width), ...titles.map((title) => textWidth(title, 2)))
  const height = rows.reduce((sum, [left]) => sum + left.height + MARGIN, HEAD + MARGIN)
  const picture = canvas(2 * half + 3 * MARGIN, height, 3, 255)
  for (const [side, title] of titles.entries()) {
    drawText(picture, MARGIN + side * (half + MARGIN), MARGIN, title, 2, INK)
  }
  let top = HEAD + MARGIN
  for (const pair of rows) {
    for (const [side, tile] of pair.entries()) drawTile(picture, MARGIN + side * (half + MARGIN), top, tile, 1)
    top += pair[0].height + MARGIN
  }
  return picture
}

/** One channel is drawn as none. */
const drawn = ({ shape, data }: Tensor): Tensor => ({
  shape: shape.length === 4 && shape[3] === 1 ? shape.slice(0, 3) : shape,
  data,
})

/** Filters cut off at the largest magnitude that a tenth of them at most exceeds. */
function cut({ shape, data }: Tensor): Tensor {
  const length = data.length / shape[0]
  const magnitudes = Float64Array.from({ length: shape[0] }, (_, i) =>
    largestMagnitude(data.subarray(i * length, (i + 1) * length)),
  ).sort()
  const most = magnitudes[shape[0] - 1 - Math.floor(EXCEEDING * shape[0])]
  return { shape, data: data.map((value) => Math.min(most, Math.max(-most, value))) }
}
