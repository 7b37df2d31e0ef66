import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'

/**
 * Peak signal-to-noise ratio in decibels: 10 log₁₀(peak² / mean((a − b)²)). Infinite for equal tensors. `peak` is the
 * largest value a pixel can have: 1 by default, for pixels in [0, 1].
 * Throws {@link ShapeError} for different shapes, {@link DataError} for no or non-finite pixels, {@link ConfigurationError}
 * for a peak that is not above 0.
 */
export function psnr(a: Tensor, b: Tensor, peak = 1): number {
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError(
      `PSNR compares two pictures of one shape; got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
    )
  }
  if (!(peak > 0 && Number.isFinite(peak)))
    throw new ConfigurationError(`The peak of a PSNR must be above 0; got ${peak}.`)
  if (a.data.length === 0) throw new DataError(`PSNR needs at least one pixel; got ${formatShape(a.shape)}.`)
  let sum = 0
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2
  if (!Number.isFinite(sum)) throw new DataError('PSNR was asked of NaN or infinite pixels.')
  return sum === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((peak * peak * a.data.length) / sum)
}
