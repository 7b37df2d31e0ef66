import { describe, expect, it } from 'vitest'
import {
  type ConvolutionalProblem,
  convolutionalEnergy,
  convolutionalGap,
  convolutionalLambdaMax,
  decibels,
  decoded,
  sparseMaps,
} from '../../bench/lib/convolutionalObjective.js'
import { rng } from '../../src/tensor/random.js'
import { sizeOf, type Tensor } from '../../src/tensor/tensor.js'

const random = rng(3)
const normal = (...shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
})

const nothing = { indices: [], values: [] }

/** Σᵢ Σ_q Zᵢ(q) Kᵢ(p − q) as it is written: every pixel asks every coefficient. */
function slowDecode({ observation, kernels, boundary }: ConvolutionalProblem, maps: Tensor): number[] {
  const [height, width, channels] = observation.shape
  const [, kernelHeight, kernelWidth] = kernels.shape
  const [count, mapHeight, mapWidth] = maps.shape
  const result: number[] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let i = 0; i < count; i++)
          for (let v = 0; v < mapHeight; v++)
            for (let u = 0; u < mapWidth; u++) {
              const dy = boundary === 'circular' ? (y - v + height) % height : y - v
              const dx = boundary === 'circular' ? (x - u + width) % width : x - u
              if (dy < 0 || dy >= kernelHeight || dx < 0 || dx >= kernelWidth) continue
              const kernel = kernels.data[((i * kernelHeight + dy) * kernelWidth + dx) * channels + c]
              sum += maps.data[(i * mapHeight + v) * mapWidth + u] * kernel
            }
        result.push(sum)
      }
  return result
}

describe.each(['valid', 'circular'] as const)('the judge of convolutional codes, %s', (boundary) => {
  const shape = boundary === 'valid' ? [2, 5, 4] : [2, 7, 5]
  const problem: ConvolutionalProblem = {
    observation: normal(7, 5, 2),
    kernels: normal(2, 3, 2, 2),
    spatial: 2,
    lambda: 0.7,
    boundary,
    mask: { shape: [7, 5], data: Float32Array.from({ length: 35 }, (_, p) => (p % 4 === 0 ? 0 : 1)) },
    weights: { shape, data: normal(...shape).data.map((value) => 0.5 + Math.abs(value)) },
  }
  const maps = normal(...shape)
  for (let at = 0; at < maps.data.length; at += 3) maps.data[at] = 0

  it('decodes as the definition says', () => {
    const slow = slowDecode(problem, maps)
    const fast = decoded(problem, sparseMaps(maps))
    for (let p = 0; p < slow.length; p++) expect(fast[p]).toBeCloseTo(slow[p], 10)
  })

  it('weighs what is observed and what is active', () => {
    const missing = problem.mask?.data ?? []
    const weights = problem.weights?.data ?? []
    const square = slowDecode(problem, maps).reduce(
      (sum, value, p) => sum + missing[p >> 1] * (problem.observation.data[p] - value) ** 2,
      0,
    )
    const penalty = maps.data.reduce((sum, value, at) => sum + weights[at] * Math.abs(value), 0)
    expect(convolutionalEnergy(problem, sparseMaps(maps))).toBeCloseTo(0.5 * square + 0.7 * penalty, 8)
  })

  it('certifies the empty code from the largest λ on, and not below', () => {
    const largest = convolutionalLambdaMax(problem)
    expect(convolutionalGap({ ...problem, lambda: largest * 1.0001 }, nothing)).toBeCloseTo(0, 8)
    expect(convolutionalGap({ ...problem, lambda: largest * 0.9 }, nothing)).toBeGreaterThan(1e-3)
  })
})

it('takes signals as images of one row', () => {
  const signal: ConvolutionalProblem = {
    observation: normal(9, 2),
    kernels: normal(3, 4, 2),
    spatial: 1,
    lambda: 0.1,
    boundary: 'valid',
  }
  const image: ConvolutionalProblem = {
    ...signal,
    spatial: 2,
    observation: { shape: [1, 9, 2], data: signal.observation.data },
    kernels: { shape: [3, 1, 4, 2], data: signal.kernels.data },
  }
  const maps = sparseMaps(normal(3, 1, 6))
  expect(convolutionalEnergy(signal, maps)).toBe(convolutionalEnergy(image, maps))
  expect(convolutionalGap(signal, maps)).toBe(convolutionalGap(image, maps))
})

it('measures an error of a tenth as 20 dB', () => {
  expect(decibels([0.5, 0.5], [0.6, 0.4])).toBeCloseTo(20, 6)
  expect(decibels([0.5, 0.5], [0.6, 0.4], 0.1)).toBeCloseTo(0, 6)
})
