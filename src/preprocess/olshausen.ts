import { ConfigurationError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { cosineForward, cosineInverse } from './cosine.js'
import { fromContext, type ImageStep, imageSize } from './preprocessor.js'

export interface OlshausenOptions {
  /**
   * f₀ in cycles per pixel, above 0; 0.4 by default: f₀ = 0.4 N cycles per picture on a picture N pixels wide (about 200 at
   * N = 512), whatever N is.
   */
  readonly cutoff?: number
  /**
   * `invert` divides frequencies above the filter's peak by max(gain, floor); 0.005 by default, which touches only the
   * corners of the spectrum (above 0.64 cycles per pixel), where dividing would amplify rounding and coding error
   * without bound. 0 divides exactly.
   */
  readonly floor?: number
}

/**
 * The gain of Olshausen's whitening filter at `frequency` (cycles per pixel): proportional to f·exp(−(f/f₀)⁴), scaled so
 * that its peak, at f₀/√2, is 1. The rise undoes the 1/f amplitude spectrum of natural images; the fall removes the corners
 * of the spectrum, where there is little but noise.
 */
export function olshausenGain(frequency: number, cutoff = 0.4): number {
  const relative = frequency / cutoff
  return Math.SQRT2 * relative * Math.exp(0.25 - relative ** 4)
}

/**
 * Olshausen's whitening of whole images [h, w] or [h, w, c] of any size: each channel is filtered in the frequency domain, in
 * double precision, with {@link olshausenGain}; frequency is f = √(fx² + fy²) in cycles per pixel, so it means the same on every picture.
 *
 * An image is continued by its mirror images, not periodically: a periodic image jumps at its borders, and a filter that
 * raises high frequencies turns that jump into strong false edges. The mirrored image has no jump, and since the filter has
 * no phase, its output has the same symmetry: `invert` is exact (above `floor`).
 *
 * The mean of each channel is removed (gain 0 at f = 0); the context holds it as `mean` [c].
 * Throws {@link ConfigurationError} for a cutoff that is not above 0 or a negative floor.
 * Source: Olshausen and Field, Vision Research 37 (1997), section 3.
 */
export function olshausen(options: OlshausenOptions = {}): ImageStep {
  const { cutoff = 0.4, floor = 0.005 } = options
  if (!(cutoff > 0 && Number.isFinite(cutoff))) {
    throw new ConfigurationError(
      `Olshausen's filter needs a cutoff above 0 (cycles per pixel, usually 0.4); got ${cutoff}.`,
    )
  }
  if (!(floor >= 0 && floor < 1)) {
    throw new ConfigurationError(`The floor of Olshausen's filter must be 0 or more and below 1; got ${floor}.`)
  }
  const peak = cutoff / Math.SQRT2

  const filter = (image: Tensor, factor: (frequency: number) => number, means: Float32Array | undefined): Tensor => {
    const { height, width, channels } = imageSize(image)
    const data = new Float32Array(image.data.length)
    const plane = new Float64Array(height * width)
    for (let channel = 0; channel < channels; channel++) {
      // The mean is lost either way; without the first pixel's value a constant image is exactly 0 all the way through.
      const offset = image.data[channel]
      for (let i = 0; i < plane.length; i++) plane[i] = image.data[i * channels + channel] - offset
      cosineForward(plane, height, width)
      for (let v = 0; v < height; v++) {
        const fy = v / (2 * height)
        for (let u = 0; u < width; u++) {
          const fx = u / (2 * width)
          plane[v * width + u] *= factor(Math.sqrt(fx * fx + fy * fy))
        }
      }
      cosineInverse(plane, height, width)
      const mean = means?.[channel] ?? 0
      for (let i = 0; i < plane.length; i++) data[i * channels + channel] = plane[i] + mean
    }
    return { shape: image.shape, data }
  }

  const inverseGain = (frequency: number): number => {
    if (frequency === 0) return 0
    const gain = olshausenGain(frequency, cutoff)
    const divisor = frequency > peak ? Math.max(gain, floor) : gain
    return divisor === 0 ? 0 : 1 / divisor
  }

  const step: ImageStep = {
    on: 'images',
    config: { kind: 'olshausen', cutoff, floor },
    tensors: {},
    fit: async () => step,
    apply(image) {
      return {
        output: filter(image, (f) => olshausenGain(f, cutoff), undefined),
        context: { mean: channelMeans(image) },
      }
    },
    invert(image, context) {
      const { channels } = imageSize(image)
      return filter(image, inverseGain, fromContext(context, 'mean', [channels])?.data)
    },
  }
  return step
}

function channelMeans(image: Tensor): Tensor {
  const { height, width, channels } = imageSize(image)
  const sums = new Float64Array(channels)
  for (let i = 0; i < image.data.length; i++) sums[i % channels] += image.data[i]
  return { shape: [channels], data: Float32Array.from(sums, (sum) => sum / Math.max(1, height * width)) }
}
