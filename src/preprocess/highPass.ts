import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { blur, gaussianWindow } from './gaussianBlur.js'
import { fromContext, type ImageStep, imageSize } from './preprocessor.js'
import { tikhonovLowPass } from './tikhonov.js'

/** The low-pass that is taken out: the smooth image of least energy, or a Gaussian blur. */
export type HighPassOptions = (
  | {
      readonly kind?: 'tikhonov'
      /** How much differences of neighbours cost, above 0; 10 by default. */
      readonly strength?: number
      /** Mirrored pixels around the image, before it is taken as periodic; 16 by default. */
      readonly padding?: number
    }
  | {
      readonly kind: 'gaussian'
      /** Standard deviation of the blur in pixels, above 0 and at most 1000; 5 by default. */
      readonly sigma?: number
    }
) & {
  /** Axes that are filtered: 2 for images [h, w] or [h, w, c] (the default), 1 for signals [t] or [t, c]. */
  readonly spatial?: 1 | 2
}

/**
 * High-pass filter of whole images of any size, each channel by itself: y = x − low(x), where low(x) is
 *
 *     argmin ½‖l − x‖² + (strength/2)(‖∂₀l‖² + ‖∂₁l‖²)   (tikhonov)
 *     G ∗ x, G a Gaussian that reaches 4 σ                (gaussian)
 *
 * Borders see mirror images. Kernels of convolutional sparse coding are local, and what is smooth over more than a kernel costs them many
 * coefficients that say little; it is taken out before and put back after. The context holds `low`, of the image's shape;
 * with it `invert` gives the image back, without it y. A constant image gives exactly 0.
 * Throws {@link ConfigurationError} for options out of range, {@link ShapeError} where `spatial` does not fit the shape.
 * Source: SPORCO's `tikhonov_filter` (Wohlberg, SciPy 2017), which this equals.
 */
export function highPass(options: HighPassOptions = {}): ImageStep {
  const { spatial = 2 } = options
  if (spatial !== 1 && spatial !== 2) {
    throw new ConfigurationError(`A high-pass filters images (spatial: 2) or signals (spatial: 1); got ${spatial}.`)
  }
  const { settings, lowOf } = lowPass(options)

  const step: ImageStep = {
    on: 'images',
    config: { kind: 'highPass', ...settings, spatial },
    tensors: {},
    fit: async () => step,
    apply(image) {
      const { height, width, channels } = sizeIn(image, spatial)
      const low = new Float32Array(image.data.length)
      const plane = new Float64Array(height * width)
      for (let channel = 0; channel < channels; channel++) {
        // Without the first pixel's value a constant image is exactly 0 all the way through.
        const offset = image.data[channel]
        for (let i = 0; i < plane.length; i++) plane[i] = image.data[i * channels + channel] - offset
        const smooth = plane.length === 0 ? plane : lowOf(plane, height, width)
        for (let i = 0; i < plane.length; i++) low[i * channels + channel] = smooth[i] + offset
      }
      const data = image.data.map((value, i) => value - low[i])
      return { output: { shape: image.shape, data }, context: { low: { shape: image.shape, data: low } } }
    },
    invert(image, context) {
      sizeIn(image, spatial)
      const low = fromContext(context, 'low', image.shape)
      return { shape: image.shape, data: image.data.map((value, i) => value + (low?.data[i] ?? 0)) }
    },
  }
  return step
}

interface LowPass {
  /** As `config.json` holds them. */
  readonly settings: { readonly [option: string]: string | number }
  /** May change the plane. */
  lowOf(plane: Float64Array, height: number, width: number): Float64Array
}

function lowPass(options: HighPassOptions): LowPass {
  if (options.kind === 'gaussian') {
    const { sigma = 5 } = options
    if (!(sigma > 0 && sigma <= 1000)) {
      throw new ConfigurationError(`A Gaussian high-pass needs sigma above 0 and at most 1000 pixels; got ${sigma}.`)
    }
    const window = gaussianWindow(sigma, 4)
    return {
      settings: { filter: 'gaussian', sigma },
      lowOf(plane, height, width) {
        blur(plane, height, width, window)
        return plane
      },
    }
  }
  const { kind = 'tikhonov', strength = 10, padding = 16 } = options
  if (kind !== 'tikhonov') {
    throw new ConfigurationError(`A high-pass is "tikhonov" or "gaussian"; got ${JSON.stringify(kind)}.`)
  }
  if (!(strength > 0 && Number.isFinite(strength))) {
    throw new ConfigurationError(`A Tikhonov high-pass needs a strength above 0 (usually 10); got ${strength}.`)
  }
  if (!(Number.isInteger(padding) && padding >= 0 && padding <= 4096)) {
    throw new ConfigurationError(`A Tikhonov high-pass needs a padding of 0 to 4096 whole pixels; got ${padding}.`)
  }
  return {
    settings: { filter: 'tikhonov', strength, padding },
    lowOf: (plane, height, width) => tikhonovLowPass(plane, height, width, strength, padding),
  }
}

function sizeIn(image: Tensor, spatial: 1 | 2): { height: number; width: number; channels: number } {
  if (spatial === 2) return imageSize(image)
  if (image.shape.length !== 1 && image.shape.length !== 2) {
    throw new ShapeError(`A signal is [length] or [length, channels]; got ${formatShape(image.shape)}.`)
  }
  const [length, channels = 1] = image.shape
  return { height: length, width: 1, channels }
}
