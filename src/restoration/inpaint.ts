import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { formatShape, givenTensor, sameShape, type Tensor } from '../tensor/tensor.js'
import { inpaintConvolutional } from './inpaintConvolutional.js'
import { inpaintPatches } from './inpaintPatches.js'
import {
  checkedImage,
  checkRestoration,
  checkSigma,
  type Restoration,
  type RestorationOptions,
  restorationOptions,
} from './restoration.js'

export interface InpaintOptions extends RestorationOptions {
  /** Standard deviation of noise in what was observed, in the image's units; 0 by default, and then observed pixels are kept. */
  readonly sigma?: number
  /** How often dictionary and codes are found anew, each time with means (or a low-pass) from the image filled so far; 4 by default. */
  readonly passes?: number
}

const PASSES = 4

/**
 * Fills the missing pixels of an image [h, w] or [h, w, c] with pixels in [0, 1]; `mask` is 1 where a pixel was observed and 0 where it is
 * missing, [h, w] or of the image's shape, and what stands at missing pixels does not count.
 *
 * By patches: every patch y, with its mask m, is coded from what was observed of it,
 *
 *     min ‖z‖₀ with ‖m ⊙ (y − Wz)‖² ≤ |m|ε²,
 *
 * greedily, with as many atoms as a third of what was observed, and its missing pixels are those of Wz, kept near the range of what was observed of the image. W is learned from the incomplete patches themselves, unless it is given, and once more
 * in each later pass from the image as it then stands.
 *
 * Convolutionally: min ½‖M ⊙ (Y − ΣKᵢ * Zᵢ)‖² + λΣ‖Zᵢ‖₁ for the image less the low-pass of the image filled so far,
 * on which K is learned anew in each pass, unless it is given.
 *
 * What is further from anything observed than a patch reaches is filled smoothly. Throws ShapeError for what is no image and for a mask of another
 * shape, DataError for pixels that are not finite where they count, masks that are not of 0 and 1 or hide everything, and images smaller
 * than a patch, ConfigurationError for options out of range, CancelledError where the signal fires.
 */
export async function inpaint(image: Tensor, mask: Tensor, options: InpaintOptions = {}): Promise<Restoration> {
  checkOptions('inpaint', options, { ...restorationOptions, sigma: true, passes: true })
  const whole = wholeMask(image, mask)
  const clean = checkedImage({
    shape: image.shape,
    data: image.data.map((value, at) => (whole.data[at] === 0 ? 0 : value)),
  })
  checkRestoration(options)
  const { sigma = 0, passes = PASSES } = options
  checkSigma(sigma, { zero: true })
  if (!(Number.isInteger(passes) && passes >= 1 && passes <= 100)) {
    throw new ConfigurationError(`passes must be a whole number from 1 to 100; got ${passes}.`)
  }
  const inpainting = { mask: whole, sigma, passes }
  return options.method === 'convolutional'
    ? inpaintConvolutional(clean, inpainting, options)
    : inpaintPatches(clean, inpainting, options)
}

/** The mask in the image's shape. */
function wholeMask(image: Tensor, mask: Tensor): Tensor {
  givenTensor(image, 'The image')
  givenTensor(mask, 'mask')
  const plane = image.shape.slice(0, 2)
  if (!sameShape(mask.shape, image.shape) && !sameShape(mask.shape, plane)) {
    throw new ShapeError(
      `A mask of ${formatShape(mask.shape)} was given for an image of ${formatShape(image.shape)}; give one of ${formatShape(plane)}, 1 where a pixel was observed and 0 where it is missing.`,
    )
  }
  const wrong = mask.data.find((value) => value !== 0 && value !== 1)
  if (wrong !== undefined) {
    throw new DataError(`The mask holds ${wrong}; a mask is 1 where a pixel was observed and 0 where it is missing.`)
  }
  const channels = image.data.length / mask.data.length
  const data = Float32Array.from(image.data, (_, at) => mask.data[Math.floor(at / channels)])
  for (let channel = 0, all = image.shape[2] ?? 1; channel < all; channel++) {
    let observed = false
    for (let at = channel; at < data.length; at += all) observed ||= data[at] === 1
    if (!observed && data.length > 0) {
      throw new DataError('The mask says that nothing of the image was observed; there is nothing to fill it from.')
    }
  }
  return { shape: image.shape, data }
}
