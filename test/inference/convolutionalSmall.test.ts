import { expect, test } from 'vitest'
import {
  type Codes,
  type ConvolutionalEncoderOptions,
  convolutionalEncoder,
  rng,
  type Tensor,
  toDense,
} from '../../src/index.js'
import { columnsOf, measureTwin, solveTwin } from '../reference/convolutionalTwin.js'

const random = rng(2)
const whole = (from: number, to: number) => from + Math.floor(random.uniform() * (to - from + 1))
const one = <T>(of: readonly T[]): T => of[whole(0, of.length - 1)]
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
const filled = (shape: readonly number[], value: () => number): Tensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, value),
})

/** A problem hardly larger than its kernels, often with more coefficients than numbers: the Gram matrix is singular. */
function smallProblem() {
  const spatial = one([1, 2] as const)
  const boundary = one(['valid', 'same', 'circular', 'circular'] as const)
  const kernel = spatial === 1 ? [whole(1, 17)] : [whole(1, 5), one([1, 2, 5, 9])]
  const sides = kernel.map((side) => side + one([0, 1, 2, 6, ...(spatial === 1 ? [50] : [])]))
  const channels = one([[], [], [1], [3]])
  const maps = boundary === 'valid' ? sides.map((side, axis) => side - kernel[axis] + 1) : sides
  const count = one([1, 2, 3, 6])
  const kernels = filled([count, ...kernel, ...channels], () => random.normal())
  const taps = kernels.data.length / count
  for (let k = 0; k < count; k++) {
    const numbers = kernels.data.subarray(k * taps, (k + 1) * taps)
    const norm = Math.hypot(...numbers)
    for (let p = 0; p < taps; p++) numbers[p] /= norm
  }
  const weight = () => 0.3 + 2 * random.uniform()
  const options: Omit<ConvolutionalEncoderOptions, 'lambda'> = {
    kernels,
    spatial,
    boundary,
    nonNegative: one([false, false, true]),
    threads: one([1, 2]),
    ...one([{}, { mapWeights: Array.from({ length: count }, weight) }]),
    ...one([{}, {}, { positionWeights: filled(maps, weight) }, { positionWeights: filled([count, ...maps], weight) }]),
  }
  const observation = filled([...sides, ...channels], () => random.normal())
  const mask = one([undefined, sides, observation.shape])
  const masked = mask ? { mask: filled(mask, () => +(random.uniform() > 0.4)) } : {}
  if (masked.mask) masked.mask.data[0] = 1
  return { options, observation, masked, ratio: one([0.9, 0.3, 0.1, 0.04]) }
}

test('random problems hardly larger than their kernels are solved and certified', async () => {
  for (let n = 0; n < 150; n++) {
    const { options, observation, masked, ratio } = smallProblem()
    const largest = await (await convolutionalEncoder({ ...options, lambda: 1 })).lambdaMax(observation, masked)
    if (largest === 0) continue
    const lambda = ratio * largest
    const { codes, energy, gap, status } = await (await convolutionalEncoder({ ...options, lambda })).encode(
      observation,
      { tolerance: 3e-5, ...masked },
    )
    const problem = { observation, ...masked, ...options, boundary: options.boundary!, lambda }
    const about = `problem ${n}: ${options.boundary} ${options.kernels.shape} in ${observation.shape}, ratio ${ratio}`
    const measured = measureTwin(problem, columnsOf(problem), toDense(codes).data)
    expect(status, about).toEqual(['converged'])
    expect(energy[0] / measured.energy, about).toBeCloseTo(1, 7)
    expect(measured.energy - solveTwin(problem, 500).energy, about).toBeLessThanOrEqual(gap![0] + 1e-8 * energy[0])
  }
})

test('codes to start from that are negative, or where nothing is observed, lead to the optimum', async () => {
  const kernels = filled([3, 3, 3], () => random.normal() / 3)
  kernels.data.fill(0, 0, 9)
  const observation = filled([12, 12], () => random.normal())
  const mask = { shape: [12, 12], data: observation.data.map((_, i) => +(i < 40)) }
  const options = { kernels, spatial: 2, lambda: 0.3 } as const
  const signed = await convolutionalEncoder(options)
  const warmStart: Codes = {
    shape: [1, 432],
    indptr: Int32Array.of(0, 432),
    indices: Int32Array.from({ length: 432 }, (_, i) => i),
    values: Float32Array.from({ length: 432 }, () => random.normal()),
  }
  const best = await signed.encode(observation, { mask })
  const { status, energy, gap } = await signed.encode(observation, { mask, warmStart })
  expect(status).toEqual(['converged'])
  expect(energy[0] - gap![0]).toBeLessThanOrEqual(best.energy[0])

  const nonNegative = await convolutionalEncoder({ ...options, nonNegative: true })
  const least = await nonNegative.encode(observation, { tolerance: 1e-6 })
  const { codes } = await signed.encode(observation)
  for (const start of [warmStart, codes]) {
    const result = await nonNegative.encode(observation, { warmStart: start, maxSteps: 0 })
    expect(Math.min(...result.codes.values)).toBeGreaterThanOrEqual(0)
    expect(result.energy[0] - result.gap![0]).toBeLessThanOrEqual(least.energy[0])
  }
})

test('certificates hold at the ends of single precision, or an error says what to scale', async () => {
  const kernels = filled([3, 4, 4], () => random.normal() / 4)
  const observation = filled([18, 18], () => random.normal())
  const encode = async (scale: number, options: Partial<ConvolutionalEncoderOptions>) => {
    const scaled = { shape: [18, 18], data: observation.data.map((value) => value * scale) }
    const encoder = await convolutionalEncoder({ kernels, spatial: 2, lambdaRatio: 0.3, ...options })
    const lambda = options.lambda ?? 0.3 * (await encoder.lambdaMax(scaled))
    const { codes, gap, energy, status } = await encoder.encode(scaled, { tolerance: 1e-5 })
    const problem = { observation: scaled, kernels, spatial: 2, boundary: 'same', ...options, lambda } as const
    const twin = measureTwin(problem, columnsOf(problem), toDense(codes).data)
    expect(status).toEqual(['converged'])
    expect(gap![0] / energy[0]).toBeCloseTo((twin.energy - twin.dual) / twin.energy, 6)
  }
  for (const scale of [1e-11, 1e-3, 1e14]) await encode(scale, {})
  const uneven = { shape: [18, 18], data: observation.data.map((_, i) => (i % 7 === 0 ? 1e-3 : 1e3)) }
  await encode(1, { positionWeights: uneven, lambdaRatio: undefined as never, lambda: 100 })
  await expect(encode(1e-22, {})).rejects.toThrow(/e-2[12]; scale it to numbers above 1e-12/)
  const faint = { lambdaRatio: undefined as never, lambda: 1e-30, mapWeights: [1e-15, 1, 1] }
  await expect(encode(1, faint)).rejects.toThrow(/beyond single precision.*scale kernels/)
})
