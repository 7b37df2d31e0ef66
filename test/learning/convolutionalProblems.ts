import { type Codes, fromDense } from '../../src/inference/codes.js'
import {
  type Boundary,
  codeSize,
  type Geometry,
  geometry,
  type KernelGeometry,
} from '../../src/inference/convolutional/geometry.js'
import { fillTarget, reconstructCanvas } from '../../src/learning/convolutional/canvas.js'
import type { Rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { type DenseObservation, denseMaps, nestedCanvas } from '../reference/convolutionalLearning.js'

export function kernelsOf(count: number, height: number, width: number, channels: number): KernelGeometry {
  return { spatial: 2, count, height, width, channels, channelled: channels > 1 }
}

/** Planar kernels of norm 1. */
export function randomKernels(random: Rng, { count, height, width, channels }: KernelGeometry): Float64Array {
  const size = channels * height * width
  const kernels = Float64Array.from({ length: count * size }, () => random.normal())
  for (let k = 0; k < count; k++) {
    const kernel = kernels.subarray(k * size, (k + 1) * size)
    const norm = Math.hypot(...kernel)
    for (let i = 0; i < size; i++) kernel[i] /= norm
  }
  return kernels
}

/** A code whose coefficients are other than 0 with a probability. */
export function randomCode(random: Rng, place: Geometry, share: number): Codes {
  const size = codeSize(place)
  return fromDense({
    shape: [1, size],
    data: Float32Array.from({ length: size }, () => (random.uniform() < share ? random.normal() : 0)),
  })
}

export interface RandomObservation extends DenseObservation {
  readonly codes: Codes
  readonly observation: Tensor
  readonly mask: Tensor | undefined
  readonly canvas: Float32Array
}

/** A random image with a random code, and its canvas under `kernels`. */
export function randomObservation(
  random: Rng,
  kernels: Float64Array,
  geometryOfKernels: KernelGeometry,
  boundary: Boundary,
  [height, width]: readonly [number, number],
  masked: boolean,
): RandomObservation {
  const { channels } = geometryOfKernels
  const shape = channels > 1 ? [height, width, channels] : [height, width]
  const place = geometry(geometryOfKernels, boundary, shape)
  const observation = { shape, data: Float32Array.from({ length: height * width * channels }, () => random.normal()) }
  const mask = masked
    ? {
        shape: [height, width],
        data: Float32Array.from({ length: height * width }, () => (random.uniform() < 0.7 ? 1 : 0)),
      }
    : undefined
  const codes = randomCode(random, place, 0.15)
  const canvas = fillTarget(observation, mask, reconstructCanvas(codes, kernels, place), place)
  return { codes, observation, mask, canvas, place, maps: denseMaps(codes, place), target: nestedCanvas(canvas, place) }
}
