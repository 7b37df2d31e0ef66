import type { Parameters } from '../energy/module.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor, tensor } from '../tensor/tensor.js'
import type { ClassifierSettings } from './classifierSettings.js'

/** The kernels of the first convolution in a body of `convolutionalClassifier`, for pictures in grey and in colour. */
export const kernelName = (colour: boolean): string => `${colour ? 1 : 0}.kernel`

/**
 * Filters [k, s, s] or [k, s, s, c] as kernels of a network, [k, c, s, s], each of norm 1. Throws {@link ShapeError} unless they are
 * square and have the `channels` of the images, {@link DataError} where one is 0 or not finite.
 */
export function kernelsOfFilters({ shape, data }: Tensor, channels: number): Tensor {
  tensor(shape, data)
  const [count, height, width, depth = 1] = shape
  if (shape.length < 3 || shape.length > 4 || height !== width || count < 1) {
    throw new ShapeError(`Filters must be square, [k, s, s] or [k, s, s, c]; got [${shape.join(', ')}].`)
  }
  if (depth !== channels) {
    throw new ShapeError(
      `Filters of ${formatShape(shape.slice(1))} have ${depth} ${depth === 1 ? 'channel' : 'channels'}, and the images ${channels}; learn filters from such images.`,
    )
  }
  const pixels = height * width
  const kernels = new Float32Array(data.length)
  for (let k = 0; k < count; k++) {
    const begin = k * pixels * depth
    const norm = Math.hypot(...data.subarray(begin, begin + pixels * depth))
    if (!(norm > 0 && Number.isFinite(norm))) {
      throw new DataError(`Filter ${k} is ${norm === 0 ? '0 everywhere' : 'not of finite numbers'}; leave it out.`)
    }
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < depth; c++) kernels[begin + c * pixels + p] = data[begin + p * depth + c] / norm
    }
  }
  return { shape: [count, depth, height, width], data: kernels }
}

/** The filters of a classifier as pictures, [k, s, s] or [k, s, s, c]; undefined where it has none. */
export function filtersOf({ filters, observation }: ClassifierSettings, parameters: Parameters): Tensor | undefined {
  if (filters === 'none') return undefined
  const name = `body.0.${kernelName(observation.length === 3)}`
  if (!Object.hasOwn(parameters, name)) {
    throw new ConfigurationError(
      `The classifier has no parameter ${name}; its body is none of convolutionalClassifier.`,
    )
  }
  const { shape, data } = parameters[name]
  const [count, depth, height, width] = shape
  if (observation.length === 2) return { shape: [count, height, width], data }
  const pixels = height * width
  const pictures = new Float32Array(data.length)
  for (let k = 0; k < count; k++) {
    for (let c = 0; c < depth; c++) {
      for (let p = 0; p < pixels; p++) {
        pictures[(k * pixels + p) * depth + c] = data[(k * depth + c) * pixels + p]
      }
    }
  }
  return { shape: [count, height, width, depth], data: pictures }
}
