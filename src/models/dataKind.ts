import type { Images } from '../data/observations.js'
import type { Tensor } from '../tensor/tensor.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Whether data is a batch in memory. */
export function isTensor(data: SparseCodingData): data is Tensor {
  return 'data' in data
}

/** Whether data is a collection of images. */
export function isImages(data: SparseCodingData): data is Images {
  return 'image' in data
}
