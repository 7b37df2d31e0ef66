import type { Engine } from '../../kernels/engine.js'
import type { ConvolutionFields } from '../../kernels/structs.js'
import { planeSizes } from './canvas.js'
import type { Geometry, KernelGeometry } from './geometry.js'

/** Allocates memory that lives as long as the problem. */
type Own = (bytes: number, purpose: string) => number

/** Kernels that are correlated together; `TOGETHER` in `assembly/convolutionCorrelate.ts`. */
const KERNELS_TOGETHER = 5

/** Kernels, with those of zeros that fill the last group. */
export function paddedCount(count: number): number {
  return Math.ceil(count / KERNELS_TOGETHER) * KERNELS_TOGETHER
}

/** Lays kernels [m, kh, kw, c] out in padded rows and in panels of five, with their squared norms and their weights (1 by default). */
export function layKernels(
  engine: Engine,
  own: Own,
  { count, height, width, channels }: KernelGeometry,
  values: Float32Array,
  mapWeights: ArrayLike<number> | undefined,
): { fields: Partial<ConvolutionFields>; scales: number; largestNorm: number } {
  const padded = Math.ceil(width / 4) * 4
  const taps = channels * height * width
  const purpose = `${count} kernels of ${taps} numbers`
  const kernels = own(count * channels * height * padded * 4, purpose)
  const panels = own(paddedCount(count) * taps * 4, purpose)
  const curvatures = own(count * 4, purpose)
  const weights = own(count * 4, purpose)
  const scales = own(paddedCount(count) * 4, purpose)
  const row = engine.f32(kernels, count * channels * height * padded).fill(0)
  const panel = engine.f32(panels, paddedCount(count) * taps).fill(0)
  const curvature = engine.f32(curvatures, count)
  const weight = engine.f32(weights, count)
  let largestNorm = 0
  for (let k = 0; k < count; k++) {
    let squares = 0
    const group = Math.floor(k / KERNELS_TOGETHER)
    const lane = k - group * KERNELS_TOGETHER
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const value = values[((k * height + y) * width + x) * channels + channel]
          squares += value * value
          row[((k * channels + channel) * height + y) * padded + x] = value
          const tap = (channel * height + y) * width + x
          panel[(group * taps + tap) * KERNELS_TOGETHER + lane] = value
        }
      }
    }
    curvature[k] = squares
    weight[k] = mapWeights?.[k] ?? 1
    largestNorm = Math.max(largestNorm, Math.sqrt(squares))
  }
  return { fields: { kernels, panels, curvatures, weights, scales }, scales, largestNorm }
}

/** Lays weights [h′, w′] or [m, h′, w′] out in rows of the canvas' stride, with their inverses. */
export function layPositionWeights(
  engine: Engine,
  own: Own,
  geometry: Geometry,
  given: Float32Array,
): Partial<ConvolutionFields> {
  const { mapHeight, mapWidth, kernels } = geometry
  const { stride, plane } = planeSizes(geometry)
  const positions = mapHeight * mapWidth
  const each = given.length > positions
  const planes = each ? kernels.count : 1
  const bytes = (each ? paddedCount(planes) : 1) * plane * 4 + 1024
  const purpose = `${given.length} weights of coefficients`
  const positionWeights = own(bytes, purpose)
  const positionScales = own(bytes, purpose)
  const largestScales = own(plane * 4 + 1024, purpose)
  const weights = engine.f32(positionWeights, bytes / 4).fill(1)
  const scales = engine.f32(positionScales, bytes / 4).fill(1)
  const largest = engine.f32(largestScales, plane).fill(0)
  for (let k = 0; k < planes; k++) {
    for (let y = 0; y < mapHeight; y++) {
      for (let x = 0; x < mapWidth; x++) {
        const at = y * stride + x
        const weight = given[k * positions + y * mapWidth + x]
        weights[k * plane + at] = weight
        scales[k * plane + at] = 1 / weight
        largest[at] = Math.max(largest[at], 1 / weight)
      }
    }
  }
  return { positionWeights, positionScales, largestScales, weightPlane: each ? plane : 0 }
}
