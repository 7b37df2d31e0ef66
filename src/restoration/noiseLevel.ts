import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'

/** The median of |N(0, 1)|. */
const HALF_NORMAL_MEDIAN = 0.6744897501960817
/** Squares that tell enough; of larger images some rows are looked at. */
const ENOUGH = 1e6

/**
 * An estimate of the standard deviation of white noise in an image [h, w] or [h, w, c]: the median magnitude of its finest diagonal
 * Haar coefficients, ½(a − b − c + d) over squares of four pixels, divided by that of unit noise. Images hold little at that scale, and
 * the median does not mind the edges; fine texture counts as noise, however. With `mask`, of the image's shape, squares that are not wholly observed are left out.
 * Throws {@link DataError} where there is no square, {@link ShapeError} for a mask of another shape.
 * Source: Donoho, Johnstone, "Ideal spatial adaptation by wavelet shrinkage" (1994).
 */
export function noiseLevel(image: Tensor, mask?: Tensor): number {
  if (mask && !sameShape(mask.shape, image.shape)) {
    throw new ShapeError(
      `A mask of ${formatShape(mask.shape)} was given for an image of ${formatShape(image.shape)}; give one of the same shape.`,
    )
  }
  const [height, width, channels = 1] = image.shape
  const line = width * channels
  const squares = Math.max(0, height - 1) * Math.max(0, line - channels)
  const step = Math.max(1, Math.ceil(squares / ENOUGH))
  const sizes = new Float32Array(Math.ceil(Math.max(0, height - 1) / step) * Math.max(0, line - channels))
  let count = 0
  for (let y = 0; y + 1 < height; y += step) {
    for (let at = y * line; at < (y + 1) * line - channels; at++) {
      const right = at + channels
      const below = at + line
      const across = below + channels
      if (mask && mask.data[at] + mask.data[right] + mask.data[below] + mask.data[across] < 4) continue
      sizes[count++] = Math.abs(0.5 * (image.data[at] - image.data[right] - image.data[below] + image.data[across]))
    }
  }
  if (count === 0) {
    throw new DataError(
      `The noise of an image of ${formatShape(image.shape)} cannot be estimated: there is no square of four pixels. Say how strong it is (sigma, or --sigma 25).`,
    )
  }
  return sizes.subarray(0, count).sort()[count >> 1] / HALF_NORMAL_MEDIAN
}
