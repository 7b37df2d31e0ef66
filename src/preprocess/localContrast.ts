import { ConfigurationError } from '../tensor/errors.js'
import { blur, gaussianWindow } from './gaussianBlur.js'
import { fromContext, type ImageStep, imageSize, type NamedTensors } from './preprocessor.js'

export interface LocalContrastOptions {
  /** Standard deviation of the Gaussian window in pixels, above 0; 2 by default. The window reaches 3 of them each way. */
  readonly sigma?: number
  /**
   * The smallest local deviation that is divided by, besides the image's own mean of local deviations; in the image's
   * units, above 0; 0.001 by default (a quarter of a grey level of 256, for pixels in [0, 1]).
   */
  readonly floor?: number
}

/**
 * Local contrast normalization of whole images [h, w] or [h, w, c]. With G a Gaussian window that sums to 1 over space and
 * channels:
 *
 *     v = x − G∗x                          (subtractive)
 *     s = √(G∗v²),  y = v / max(s, mean(s), floor)     (divisive)
 *
 * mean(s) is taken over the image, so regions flatter than the image's average are not blown up. Borders see mirror images.
 * The context holds the local `mean` and `scale`, both [h, w]; without them `invert` returns y.
 * A constant image gives 0. Throws {@link ConfigurationError} for options out of range.
 * Source: Jarrett, Kavukcuoglu, Ranzato and LeCun, ICCV 2009, section 2.1.
 */
export function localContrast(options: LocalContrastOptions = {}): ImageStep {
  const { sigma = 2, floor = 1e-3 } = options
  if (!(sigma > 0 && sigma <= 1000)) {
    throw new ConfigurationError(
      `Local contrast normalization needs sigma above 0 and at most 1000 pixels; got ${sigma}.`,
    )
  }
  if (!(floor > 0 && Number.isFinite(floor))) {
    throw new ConfigurationError(`The floor of local contrast normalization must be above 0; got ${floor}.`)
  }
  const window = gaussianWindow(sigma, 3)

  const step: ImageStep = {
    on: 'images',
    config: { kind: 'localContrast', sigma, floor },
    tensors: {},
    fit: async () => step,
    apply(image) {
      const { height, width, channels } = imageSize(image)
      const pixels = height * width
      const mean = new Float64Array(pixels)
      const offset = image.data[0]
      for (let i = 0; i < image.data.length; i++) mean[Math.floor(i / channels)] += (image.data[i] - offset) / channels
      blur(mean, height, width, window)

      const deviation = new Float64Array(pixels)
      for (let i = 0; i < image.data.length; i++) {
        const at = Math.floor(i / channels)
        const centred = image.data[i] - offset - mean[at]
        deviation[at] += (centred * centred) / channels
      }
      blur(deviation, height, width, window)
      let total = 0
      for (let i = 0; i < pixels; i++) total += deviation[i] = Math.sqrt(Math.max(0, deviation[i]))
      const smallest = Math.max(floor, total / Math.max(1, pixels))

      const data = new Float32Array(image.data.length)
      for (let i = 0; i < data.length; i++) {
        const at = Math.floor(i / channels)
        data[i] = (image.data[i] - offset - mean[at]) / Math.max(deviation[at], smallest)
      }
      const shape = [height, width]
      const context: NamedTensors = {
        mean: { shape, data: Float32Array.from(mean, (value) => value + offset) },
        scale: { shape, data: Float32Array.from(deviation, (value) => Math.max(value, smallest)) },
      }
      return { output: { shape: image.shape, data }, context }
    },
    invert(image, context) {
      const { height, width, channels } = imageSize(image)
      const mean = fromContext(context, 'mean', [height, width])
      const scale = fromContext(context, 'scale', [height, width])
      const data = new Float32Array(image.data.length)
      for (let i = 0; i < data.length; i++) {
        const at = Math.floor(i / channels)
        data[i] = image.data[i] * (scale?.data[at] ?? 1) + (mean?.data[at] ?? 0)
      }
      return { shape: image.shape, data }
    },
  }
  return step
}
