import { DataError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { denoiseConvolutional } from './denoiseConvolutional.js'
import { denoisePatches } from './denoisePatches.js'
import { noiseLevel } from './noiseLevel.js'
import {
  checkedImage,
  checkRestoration,
  checkSigma,
  type Restoration,
  type RestorationOptions,
  restorationOptions,
} from './restoration.js'

export interface DenoiseOptions extends RestorationOptions {
  /** Standard deviation of the noise in the image's units (25/255 for σ = 25 of 8 bits); estimated from the image by default. */
  readonly sigma?: number
}

/**
 * Removes white noise of standard deviation σ from an image [h, w] or [h, w, c] with pixels in [0, 1].
 *
 * By patches: every patch y of n numbers, less its mean, is coded with as few atoms as leave no more than noise,
 *
 *     min ‖z‖₀ with ‖y − Wz‖² ≤ n(Cσ)²,
 *
 * greedily (orthogonal matching pursuit), C being what noise reaches (1.10 for 8×8); pixels are the weighted mean of what the
 * patches that cover them say. W is learned on the patches themselves by the lasso, unless it is given.
 *
 * Convolutionally: the image less its low-pass is coded as a whole, min ½‖Y − ΣKᵢ * Zᵢ‖² + λΣ‖Zᵢ‖₁, with λ in proportion to σ.
 *
 * Throws ShapeError for what is no image, DataError for pixels that are not finite and images smaller than a patch, ConfigurationError for
 * options out of range, CancelledError where the signal fires.
 * Source: Elad, Aharon, "Image denoising via sparse and redundant representations over learned dictionaries" (2006).
 */
export async function denoise(image: Tensor, options: DenoiseOptions = {}): Promise<Restoration> {
  checkOptions('denoise', options, { ...restorationOptions, sigma: true })
  checkedImage(image)
  checkRestoration(options)
  const { sigma = noiseLevel(image) } = options
  if (options.sigma !== undefined) checkSigma(options.sigma, { zero: false })
  if (!Number.isFinite(sigma)) throw new DataError('The pixels of the image are too large to tell its noise; scale it.')
  if (!(sigma > 0))
    throw new DataError('No noise is to be seen in the image; say how strong it is (sigma, or --sigma 25).')
  return options.method === 'convolutional'
    ? denoiseConvolutional(image, sigma, options)
    : denoisePatches(image, sigma, options)
}
