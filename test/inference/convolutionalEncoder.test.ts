import { describe, expect, test } from 'vitest'
import {
  CancelledError,
  type ConvolutionalEncodeOptions,
  type ConvolutionalEncoderOptions,
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
  const side = boundary === 'valid' ? 10 : 12
  for (const shape of [
    [side, side],
    [3, side, side],
  ]) {
    problems[`weights ${shape.join('×')}, ${boundary}`] = {
      observation: normal([12, 12]),
      kernels: kernelsOf([3, 3, 3]),
      spatial: 2,
      boundary,
      lambda: 0.4,
      mapWeights: [0.5, 1, 2],
      positionWeights: { shape, data: normal(shape).data.map((value) => 0.5 + Math.abs(value)) },
    }
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

  test('sweeps over a code that is given lower its energy within its support, down to the least there is', async () => {
    const { observation, mask, ...rest } = problem
    const { codes } = await solve(problem)
    const rough = { ...codes, values: codes.values.map((value, i) => value * [0.3, 1.6, 0.8][i % 3]) }
    const encoder = await convolutionalEncoder(rest)
    const energies: number[] = []
    for (const sweeps of [0, 1, 2, 500]) {
      const polished = await encoder.polish(observation, rough, { sweeps, ...(mask ? { mask } : {}) })
      const z = toDense(polished.codes).data
      expect(polished.energy[0]).toBeCloseTo(measureTwin(problem, columns, z).energy, 9)
      expect(polished).not.toHaveProperty('gap')
      if (sweeps === 0) expect(polished.codes).toBe(rough)
      expect(polished.codes.indices.every((index) => rough.indices.includes(index))).toBe(true)
      if (problem.nonNegative) expect(Math.min(...z)).toBeGreaterThanOrEqual(0)
      energies.push(polished.energy[0])
    }
    encoder.dispose()
    const [given, once, twice, settled] = energies
    expect(once).toBeLessThan(given)
    expect(twice).toBeLessThan(once)
    expect(settled / optimum.energy).toBeCloseTo(1, 5)
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

describe('observations of many tiles', () => {
  const kernels = kernelsOf([6, 5, 4])
  const observation = normal([103, 91])
  const certified = async (boundary: 'valid' | 'same' | 'circular', threads: number, warmStart?: Inference) => {
    const encoder = await convolutionalEncoder({ kernels, spatial: 2, boundary, lambda: 0.9, threads })
    const result = await encoder.encode(observation, {
      tolerance: 1e-5,
      ...(warmStart ? { warmStart: warmStart.codes } : {}),
    })
    return { result, codeShape: encoder.codeShape(observation.shape) }
  }

  test.each(['valid', 'same', 'circular'] as const)('give the optimum of the whole: %s', async (boundary) => {
    const { result, codeShape } = await certified(boundary, 1)
    expect(result.status).toEqual(['converged'])
    const { shape } = observation
    const decoded = decodeConvolutional(result.codes, kernels, { boundary, shape, spatial: 2 })
    const residual = observation.data.map((value, p) => value - decoded.data[p])
    let level = 1
    const [, mapHeight, mapWidth] = codeShape
    for (let k = 0; k < 6; k++) {
      for (let y = 0; y < mapHeight; y++) {
        for (let x = 0; x < mapWidth; x++) {
          let pull = 0
          for (let dy = 0; dy < 5; dy++) {
            for (let dx = 0; dx < 4; dx++) {
              let [row, column] = boundary === 'same' ? [y + dy - 2, x + dx - 1] : [y + dy, x + dx]
              if (boundary === 'circular') [row, column] = [row % 103, column % 91]
              if (row < 0 || row >= 103 || column < 0 || column >= 91) continue
              pull += kernels.data[(k * 5 + dy) * 4 + dx] * residual[row * 91 + column]
            }
          }
          level = Math.max(level, Math.abs(pull) / 0.9)
        }
      }
    }
    const squares = residual.reduce((sum, value) => sum + value * value, 0)
    const agreement = residual.reduce((sum, value, p) => sum + value * observation.data[p], 0)
    const l1 = result.codes.values.reduce((sum, value) => sum + Math.abs(value), 0)
    const energy = squares / 2 + 0.9 * l1
    expect(result.energy[0] / energy).toBeCloseTo(1, 6)
    const dual = agreement / level - squares / (2 * level * level)
    expect(energy - dual).toBeLessThan(3e-5 * energy)
  })

  test('give the same bits on any number of threads', async () => {
    const [one, two] = [await certified('same', 1), await certified('same', 2)]
    expect(two.result).toEqual(one.result)
  })

  test('start from a code and stay at the optimum', async () => {
    const { result } = await certified('circular', 1)
    const again = (await certified('circular', 1, result)).result
    expect(again.steps[0]).toBe(0)
    expect(again.codes).toEqual(result.codes)
  })

  test('are the same where kernels are so large that their scans are cut into strips', async () => {
    const small = kernelsOf([2, 9, 9])
    const side = 129
    const large = { shape: [2, side, side], data: new Float32Array(2 * side * side) }
    const margin = (side - 9) / 2
    for (let k = 0; k < 2; k++) {
      for (let y = 0; y < 9; y++) {
        const row = small.data.subarray((k * 9 + y) * 9, (k * 9 + y + 1) * 9)
        large.data.set(row, (k * side + y + margin) * side + margin)
      }
    }
    const problem = { observation: normal([140, 131]), spatial: 2, boundary: 'same', lambda: 1.5 } as const
    const expected = await solve({ ...problem, kernels: small })
    const result = await solve({ ...problem, kernels: large })
    expect([expected.status[0], result.status[0]]).toEqual(['converged', 'converged'])
    expect(Math.abs(result.energy[0] - expected.energy[0])).toBeLessThan(2e-5 * expected.energy[0])
    expect(toDense(result.codes).data.length).toBe(toDense(expected.codes).data.length)
  })

  test('are returned certified where a budget ends', async () => {
    const encoder = await convolutionalEncoder({ kernels, spatial: 2, lambda: 0.5 })
    for (const [options, status] of [
      [{ maxSteps: 3 }, 'maxSteps'],
      [{ seconds: 0 }, 'timeBudget'],
    ] as const) {
      const result = await encoder.encode(observation, { tolerance: 0, ...options })
      expect(result.status).toEqual([status])
      expect(result.gap![0]).toBeGreaterThan(0)
      const decoded = decodeConvolutional(result.codes, kernels, { boundary: 'same', shape: [103, 91], spatial: 2 })
      const squares = observation.data.reduce((sum, value, p) => sum + (value - decoded.data[p]) ** 2, 0)
      const l1 = result.codes.values.reduce((sum, value) => sum + Math.abs(value), 0)
      expect(result.energy[0]).toBeCloseTo(squares / 2 + 0.5 * l1, 3)
    }
  })

  test('tell of progress, and stop when told to', async () => {
    const encoder = await convolutionalEncoder({ kernels, spatial: 2, lambda: 0.5 })
    const stop = new AbortController()
    const gaps: number[] = []
    const work = encoder.encode(normal([700, 600]), {
      tolerance: 0,
      signal: stop.signal,
      onProgress: ({ gap }) => {
        gaps.push(gap)
        if (gaps.length === 2) stop.abort()
      },
    })
    await expect(work).rejects.toThrow(CancelledError)
    expect(gaps.length).toBe(2)
  })
})

describe('what cannot be coded', () => {
  const kernels = kernelsOf([2, 3, 3])
  const image = normal([8, 8])
  const of = (options: Partial<ConvolutionalEncoderOptions> = {}) =>
    convolutionalEncoder({ kernels, spatial: 2, lambda: 0.5, ...options })

  test.each<[string, Tensor, ConvolutionalEncodeOptions, RegExp]>([
    ['a small image', normal([2, 8]), {}, /Kernels of 3×3 do not fit into an image of 2×8/],
    ['another number of channels', normal([8, 8, 3]), {}, /3 channels, the kernels have 1/],
    ['a batch', normal([2, 8, 8, 1]), {}, /images \[height, width\]/],
    [
      'a NaN',
      { shape: [8, 8], data: image.data.map((v, i) => (i === 19 ? Number.NaN : v)) },
      {},
      /NaN at \[2, 3\].*mask/,
    ],
    ['a mask of another shape', image, { mask: normal([8, 7]) }, /mask is .*8.*7/],
    ['a mask of other numbers', image, { mask: { shape: [8, 8], data: new Float32Array(64).fill(0.5) } }, /got 0\.5/],
    ['a negative tolerance', image, { tolerance: -1 }, /tolerance/],
    ['another solver', image, { solver: 'ista' as 'fista' }, /active-set, fista/],
  ])('%s', async (_, observation, options, message) => {
    await expect((await of()).encode(observation, options)).rejects.toThrow(message)
  })

  test.each<[string, Partial<ConvolutionalEncoderOptions>, RegExp]>([
    ['λ = 0', { lambda: 0 }, /lambda must be above 0/],
    ['no λ', { lambda: undefined as never }, /either lambda or lambdaRatio/],
    ['weights of another number', { mapWeights: [1] }, /1 mapWeights were given for 2 kernels/],
    ['a weight of 0', { mapWeights: [1, 0] }, /number 1 is 0/],
    ['another boundary', { boundary: 'full' as 'same' }, /valid, same, circular/],
    ['kernels that are not finite', { kernels: { shape: [1, 1, 1], data: Float32Array.of(Number.NaN) } }, /finite/],
    ['kernels for signals', { spatial: 1, kernels: normal([2, 3, 3, 3]) }, /\[m, length\]/],
  ])('%s', async (_, options, message) => {
    await expect(of(options)).rejects.toThrow(message)
  })

  test('zero and constant observations have codes and certificates', async () => {
    for (const value of [0, 3]) {
      const flat = { shape: [8, 8], data: new Float32Array(64).fill(value) }
      for (const options of [{ lambda: 0.5 }, { lambda: undefined as never, lambdaRatio: 0.5 }]) {
        const result = await (await of(options)).encode(flat)
        expect(result.status).toEqual(['converged'])
        expect(Number.isFinite(result.energy[0])).toBe(true)
        if (value === 0) expect([result.energy[0], result.codes.indices.length]).toEqual([0, 0])
      }
    }
  })

  test('kernels of nothing, and extreme scales', async () => {
    const nothing = { shape: [2, 3, 3], data: kernels.data.map((value, i) => (i < 9 ? 0 : value)) }
    const result = await (await of({ kernels: nothing })).encode(image)
    expect(result.status).toEqual(['converged'])
    for (const scale of [1e-10, 1e10]) {
      const scaled = { shape: [8, 8], data: image.data.map((value) => value * scale) }
      const { status, gap, energy } = await (await of({ lambda: 0.5 * scale })).encode(scaled, { tolerance: 1e-4 })
      expect(status).toEqual(['converged'])
      expect(gap![0]).toBeLessThanOrEqual(1e-4 * energy[0])
    }
  })
})
