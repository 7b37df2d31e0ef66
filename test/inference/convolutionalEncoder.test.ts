import { describe, expect, test } from 'vitest'
import {
  type ConvolutionalEncodeOptions,
  convolutionalEncoder,
  convolutionalSolvers,
  decodeConvolutional,
  type Inference,
  rng,
  type Tensor,
  toDense,
} from '../../src/index.js'
import { columnsOf, measureTwin, solveTwin, type TwinProblem } from '../reference/convolutionalTwin.js'

const random = rng(7)
const normal = (shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
})

/** Kernels of norm 1, smooth enough that neighbouring coefficients overlap. */
function kernelsOf(shape: number[]): Tensor {
  const kernels = normal(shape)
  const size = kernels.data.length / shape[0]
  for (let k = 0; k < shape[0]; k++) {
    const kernel = kernels.data.subarray(k * size, (k + 1) * size)
    for (let p = 1; p < size; p++) kernel[p] += 0.7 * kernel[p - 1]
    const norm = Math.hypot(...kernel)
    for (let p = 0; p < size; p++) kernel[p] /= norm
  }
  return kernels
}

function maskOf(shape: number[], share: number): Tensor {
  return {
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => +(random.uniform() > share)),
  }
}

async function solve(problem: TwinProblem, encode: ConvolutionalEncodeOptions = {}): Promise<Inference> {
  const { observation, mask, ...rest } = problem
  const encoder = await convolutionalEncoder(rest)
  const result = await encoder.encode(observation, { tolerance: 1e-5, ...(mask ? { mask } : {}), ...encode })
  encoder.dispose()
  return result
}

/** Every kind of problem, small enough to be solved densely. */
const problems: Record<string, TwinProblem> = {}
for (const boundary of ['valid', 'same', 'circular'] as const) {
  problems[`image, ${boundary}`] = {
    observation: normal([14, 11]),
    kernels: kernelsOf([4, 3, 5]),
    spatial: 2,
    boundary,
    lambda: 0.6,
  }
  problems[`colour, ${boundary}`] = {
    observation: normal([9, 10, 3]),
    kernels: kernelsOf([6, 4, 4, 3]),
    spatial: 2,
    boundary,
    lambda: 0.8,
  }
  problems[`signal, ${boundary}`] = {
    observation: normal([90]),
    kernels: kernelsOf([3, 9]),
    spatial: 1,
    boundary,
    lambda: 0.5,
  }
  problems[`channels, ${boundary}`] = {
    observation: normal([60, 2]),
    kernels: kernelsOf([2, 6, 2]),
    spatial: 1,
    boundary,
    lambda: 0.5,
  }
  problems[`mask, non-negative, ${boundary}`] = {
    observation: normal([13, 12]),
    kernels: kernelsOf([5, 4, 3]),
    spatial: 2,
    boundary,
    lambda: 0.3,
    nonNegative: true,
    mask: maskOf([13, 12], 0.4),
  }
  problems[`mask of channels, ${boundary}`] = {
    observation: normal([8, 9, 2]),
    kernels: kernelsOf([3, 3, 3, 2]),
    spatial: 2,
    boundary,
    lambda: 0.3,
    mask: maskOf([8, 9, 2], 0.3),
  }
  problems[`weights, ${boundary}`] = {
    observation: normal([12, 12]),
    kernels: kernelsOf([3, 3, 3]),
    spatial: 2,
    boundary,
    lambda: 0.4,
    mapWeights: [0.5, 1, 2],
    positionWeights: {
      shape: boundary === 'valid' ? [10, 10] : [12, 12],
      data: Float32Array.from({ length: boundary === 'valid' ? 100 : 144 }, () => 0.5 + random.uniform()),
    },
  }
}

describe.each(Object.entries(problems))('%s', (_, problem) => {
  const columns = columnsOf(problem)
  const optimum = solveTwin(problem)

  test.each(convolutionalSolvers)('%s finds the optimum, and certifies it', async (solver) => {
    const { codes, energy, gap, status } = await solve(problem, { solver })
    const z = toDense(codes).data
    const twin = measureTwin(problem, columns, z)
    expect(status).toEqual(['converged'])
    expect(energy[0]).toBeCloseTo(twin.energy, 9)
    expect(energy[0] - optimum.energy).toBeLessThanOrEqual(gap![0] + 1e-9)
    expect(gap![0]).toBeLessThanOrEqual(1e-5 * energy[0])
    // The certificate is no better than what duality gives, up to the best scale of the residual.
    expect(gap![0]).toBeGreaterThanOrEqual(-1e-12)
    if (problem.nonNegative) expect(Math.min(...z)).toBeGreaterThanOrEqual(0)
  })

  test('decoding is what the columns say', async () => {
    const { codes } = await solve(problem)
    const { shape } = problem.observation
    const { kernels, boundary, spatial } = problem
    const decoded = decodeConvolutional(codes, kernels, { boundary, shape, spatial })
    const whole = columnsOf({ kernels, boundary, spatial, observation: problem.observation, lambda: 1 })
    const expected = new Float64Array(decoded.data.length)
    toDense(codes).data.forEach((z, j) => {
      if (z !== 0)
        whole[j].forEach((value, p) => {
          expected[p] += z * value
        })
    })
    decoded.data.forEach((value, p) => {
      expect(value).toBeCloseTo(expected[p], 5)
    })
  })

  test('λmax is the smallest λ whose code is zero', async () => {
    const { observation, mask, ...rest } = problem
    const encoder = await convolutionalEncoder(rest)
    const largest = await encoder.lambdaMax(observation, mask ? { mask } : {})
    for (const [factor, active] of [
      [1.001, false],
      [0.99, true],
    ] as const) {
      const other = await convolutionalEncoder({ ...rest, lambda: largest * factor })
      const { codes } = await other.encode(observation, { tolerance: 1e-7, maxSteps: 50, ...(mask ? { mask } : {}) })
      expect(codes.indices.length > 0).toBe(active)
    }
  })
})
