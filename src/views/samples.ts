import type { Picture } from '../data/picture.js'
import type { Tensor } from '../tensor/tensor.js'
import { type MosaicOptions, mosaic } from './mosaic.js'

/**
 * Pictures side by side, such as samples of a model: [n, …shape of a picture], zero is black and the brightest number of all is
 * white. Options and errors are those of {@link mosaic}.
 */
export function samples(pictures: Tensor, options: MosaicOptions = {}): Picture {
  return mosaic(pictures, { signed: false, contrast: 'shared', ...options })
}
