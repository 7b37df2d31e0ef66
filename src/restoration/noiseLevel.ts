import { DataError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'

/** The median of |N(0, 1)|. */
const HALF_NORMAL_MEDIAN = 0.6744897501960817

/**
 * An estimate of the standard deviation of white noise in an image [h, w] or [h, w, c]: the median magnitude of its finest diagonal
 * Haar coefficients, ½(a − b − c + d) over squares of four pixels, divided by that of unit noise. Images hold little at that scale, and
 * the median does not mind the edges; fine texture counts as noise, however. With `mask`, squares that are not wholly observed are left out.
 * Throws {@link DataError} where there is no square.
 * Source: Donoho, Johnstone, "Ideal spatial adaptation by wavelet shrinkage" (1994).
 */
export function noiseLevel(image: Tensor, mask?: Tensor): number {
  const [height, width, channels = 1] = image.shape
  const sizes: number[] = []
  const line = width * channels
  for (let y = 0; y + 1 < height; y++) {
    for (let at = y * line; at < (y + 1) * line - channels; at++) {
      const corners = [at, at + channels, at + line, at + line + channels]
      if (mask && corners.some((corner) => mask.data[corner] === 0)) continue
      const [a, b, c, d] = corners.map((corner) => image.data[corner])
      sizes.push(Math.abs(0.5 * (a - b - c + d)))
    }
  }
  if (sizes.length === 0) {
    throw new DataError(
      `The noise of an image of ${formatShape(image.shape)} cannot be estimated: there is no square of four pixels. Say how strong it is (sigma).`,
    )
  }
  const sorted = Float64Array.from(sizes).sort()
  return sorted[sorted.length >> 1] / HALF_NORMAL_MEDIAN
}
