import { checkData } from '../data/checkData.js'
import type { Images } from '../data/observations.js'
import type { Tensor } from '../tensor/tensor.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Whether data is a batch in memory. Throws ConfigurationError where it is no data at all. */
export function isTensor(data: SparseCodingData): data is Tensor {
  checkData(data)
  return 'data' in data
}

/** Whether data is a collection of images. Throws ConfigurationError where it is no data at all. */
export function isImages(data: SparseCodingData): data is Images {
  checkData(data)
  return 'image' in data
}
