import { ConfigurationError } from '../tensor/errors.js'
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
  const window = gaussianWindow(sigma)

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

/** One half of the window and its centre, [0 … radius]; the whole sums to 1. */
function gaussianWindow(sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma)
  const half = Float64Array.from({ length: radius + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)))
  const sum = half.reduce((total, weight, distance) => total + (distance === 0 ? weight : 2 * weight), 0)
  return half.map((weight) => weight / sum)
}

/** Blurs a plane in place, along rows and then along columns. */
function blur(plane: Float64Array, height: number, width: number, window: Float64Array): void {
  const passes = [
    { lines: height, lineStep: width, length: width, step: 1 },
    { lines: width, lineStep: 1, length: height, step: width },
  ]
  const radius = window.length - 1
  for (const { lines, lineStep, length, step } of passes) {
    const padded = new Float64Array(length + 2 * radius)
    for (let line = 0; line < lines; line++) {
      const start = line * lineStep
      for (let i = 0; i < padded.length; i++) padded[i] = plane[start + mirror(i - radius, length) * step]
      for (let i = 0; i < length; i++) {
        let sum = window[0] * padded[i + radius]
        for (let d = 1; d <= radius; d++) sum += window[d] * (padded[i + radius - d] + padded[i + radius + d])
        plane[start + i * step] = sum
      }
    }
  }
}

/** Where position `i` of an endless row of mirror images lies in the first: … 1 0 | 0 1 2 | 2 1 … */
function mirror(i: number, length: number): number {
  const period = 2 * length
  const at = ((i % period) + period) % period
  return at < length ? at : period - 1 - at
}
