import { describe, expect, it } from 'vitest'
import {
  bernoulli,
  centre,
  elasticNet,
  fromDense,
  graph,
  l1,
  l2,
  latentVariableModel,
  linear,
  lista,
  mlp,
  plantedCodes,
  predictiveSparseDecomposition,
  type Regularizer,
  runtime,
  sparseCoding,
  type Tensor,
  takeRows,
  toDense,
  topK,
  toTensor,
  variationalAutoEncoder,
} from '../../src/index.js'
import { exportOnnx } from '../../src/models/exportOnnx.js'
import type { AnyModel } from '../../src/models/loadModel.js'
import { normalBatch, rng } from '../inference/problems.js'

const planted = plantedCodes({ atoms: 12, dimension: 9, active: 3, count: 300, noise: 0.02, seed: 0 })
const observations = await toTensor(planted.observations)
const machine = await runtime({ threads: 1 })
const batches = [1, 2, 7, 33]

const first = (tensor: Tensor, count: number): Tensor =>
  takeRows(
    tensor,
    Array.from({ length: count }, (_, i) => i),
  )

/** Runs an exported part. */
async function ran(model: AnyModel, part: string, feeds: Record<string, Tensor>, options = {}) {
  const program = await machine.compile(exportOnnx(model, options).graphs[part])
  const found = await program.run(feeds)
  program.dispose()
  return found
}

const flat = (found: { readonly data: ArrayLike<number | bigint> }): number[] => Array.from(found.data, Number)

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, digits = 4): void {
  expect(found.length).toBe(wanted.length)
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(wanted[i], digits)
}

describe('sparse coding', () => {
  const regularizers: Record<string, Regularizer> = {
    l1: l1({ lambda: 0.1 }),
    'a share of λmax': l1({ lambdaRatio: 0.2 }),
    'an elastic net': elasticNet({ lambda: 0.1, ridge: 0.1 }),
  }
  it.each(Object.entries(regularizers))('infers what the exact solver finds: %s', async (_, regularizer) => {
    const model = await sparseCoding({ atoms: 12, regularizer, seed: 1 }).fit(observations, { epochs: 1 })
    for (const count of batches) {
      const y = first(observations, count)
      const best = await model.encode(y, { tolerance: 1e-9 })
      const found = await ran(model, 'inference', { y })
      expect(found.z.shape).toEqual([count, 12])
      for (let i = 0; i < count; i++) {
        expect(Number(found.status.data[i])).toBe(1)
        expect(Number(found.energy.data[i])).toBeLessThanOrEqual(best.energy[i] * (1 + 1e-4))
        expect(Number(found.gap.data[i])).toBeLessThanOrEqual(2e-5 * best.energy[i])
      }
      const { y: decoded } = await ran(model, 'decoder', { z: toDense(best.codes) })
      expectNear(flat(decoded), (await model.decode(best.codes)).data)
    }
    model.dispose()
  })

  it('takes as many steps as it is told', async () => {
    const model = await sparseCoding({ atoms: 12, lambda: 0.1, seed: 1 }).fit(observations, { epochs: 1 })
    const y = first(observations, 20)
    const mean = async (steps: number) => {
      const { energy } = await ran(model, 'inference', { y }, { steps })
      return flat(energy).reduce((sum, value) => sum + value, 0)
    }
    const energies = await Promise.all([1, 2, 3, 9, 10, 11, 20, 40].map(mean))
    for (const [i, value] of energies.slice(1).entries()) expect(value).toBeLessThan(energies[i])
    model.dispose()
  })

  it('exports what is not convex, and says which preprocessing is left out', async () => {
    const model = await sparseCoding({ atoms: 12, regularizer: topK({ active: 3 }), preprocess: [centre()] }).fit(
      observations,
      { epochs: 1 },
    )
    const { z } = await ran(model, 'inference', { y: first(observations, 5) })
    for (let i = 0; i < 5; i++) {
      expect(
        flat(z)
          .slice(12 * i, 12 * (i + 1))
          .filter((value) => value !== 0).length,
      ).toBeLessThanOrEqual(3)
    }
    expect(exportOnnx(model).readme).toMatch(/Preprocessing is not in these graphs.*after centre/)
    expect(exportOnnx(model, { steps: 7 }).readme).toContain('It takes 7 steps.')
    expect(() => exportOnnx(model, { steps: 7, tolerance: 0.1 })).toThrow(/one of the two/)
    model.dispose()
  })
})

describe('encoders', () => {
  const dictionary = { dictionary: planted.dictionary, lambda: 0.1, trainingSteps: 3, batchSize: 50 }
  it.each([
    ['lista', lista({ ...dictionary, steps: 2 })],
    ['lista, untied', lista({ ...dictionary, steps: 2, tied: false })],
    ['psd', predictiveSparseDecomposition({ ...dictionary, gamma: 0.5 })],
  ])('%s: gives the encoder’s codes, and those of least energy', async (_, learning) => {
    const model = await learning.fit(observations)
    for (const count of batches) {
      const y = first(observations, count)
      const guess = await model.encode(y)
      const { z } = await ran(model, 'encoder', { y })
      expectNear(flat(z), toDense(guess.codes).data)
      const best = await model.encode(y, { refine: 1e-9 })
      const found = await ran(model, 'inference', { y }, { tolerance: 1e-5 })
      for (let i = 0; i < count; i++) {
        expect(Number(found.energy.data[i])).toBeLessThanOrEqual(best.energy[i] * (1 + 1e-4))
        expect(Number(found.energy.data[i])).toBeGreaterThanOrEqual(best.energy[i] * (1 - 1e-4))
      }
      const { y: decoded } = await ran(model, 'decoder', { z: toDense(best.codes) })
      expectNear(flat(decoded), (await model.decode(best.codes)).data)
    }
    model.dispose()
  })
})

describe('variational auto-encoder', () => {
  const pixels = { shape: [40, 4, 4], data: Float32Array.from({ length: 640 }, (_, i) => (Math.sin(i) + 1) / 2) }
  it.each([
    ['mlp', { hidden: [6] }],
    ['conv', { hidden: [6], channels: [3] }],
    ['fixed σ', { hidden: [6], deviation: 0.5 }],
  ])('%s: gives balls and what they stand for', async (_, networks) => {
    const model = await variationalAutoEncoder({ latent: 3, batchSize: 20, ...networks }).fit(pixels, { epochs: 1 })
    for (const count of [1, 3, 17]) {
      const y = first(pixels, count)
      const { means, deviations } = await model.encode(y)
      const { mean, deviation } = await ran(model, 'encoder', { y })
      expectNear(flat(mean), means.data)
      expectNear(flat(deviation), deviations.data)
      const { y: decoded } = await ran(model, 'decoder', { z: means })
      expect(decoded.shape).toEqual([count, 4, 4])
      expectNear(flat(decoded), (await model.decode(means)).data)
    }
    expect(() => exportOnnx(model, { steps: 3 })).toThrow(/come from its encoder/)
    model.dispose()
  })

  it('given x', async () => {
    const data = { x: normalBatch(rng(1), 30, 2), y: { shape: [30, 5], data: pixels.data.slice(0, 150) } }
    const model = await variationalAutoEncoder({ latent: 2, hidden: [4], batchSize: 10 }).fit(data, { epochs: 1 })
    for (const count of [1, 6]) {
      const some = { x: first(data.x, count), y: first(data.y, count) }
      const { means } = await model.encode(some)
      expectNear(flat((await ran(model, 'encoder', some)).mean), means.data)
      const { y } = await ran(model, 'decoder', { x: some.x, z: means })
      expectNear(flat(y), (await model.decode(means, { x: some.x })).data)
    }
    model.dispose()
  })
})

describe('latent-variable models', () => {
  it('give their parts; an encoder only where there is one', async () => {
    const model = await latentVariableModel({
      shapes: { x: 2, y: 5, z: 3 },
      predictor: linear({ inputs: 2, outputs: 4, activation: 'tanh' }),
      decoder: mlp({ inputs: 7, hidden: [6], outputs: 5, activation: 'tanh' }),
      cost: bernoulli(),
      regularizer: l2({ lambda: 0.1 }),
      runtime: { threads: 1 },
    }).model()
    expect(Object.keys(exportOnnx(model).graphs)).toEqual(['decoder', 'inference'])
    const readme = exportOnnx(model, { tolerance: 0.001 }).readme
    for (const part of ['`x` | input | float32 | [n, 2]', '`y` | output | float32 | [n, 5]', 'tolerance of 0.001']) {
      expect(readme).toContain(part)
    }
    const search = readme.slice(readme.indexOf('inference.onnx'))
    expect(search.match(/`\w+` \| input/g)).toHaveLength(2) // x and y, each once
    for (const count of [1, 8]) {
      const raw = normalBatch(rng(3), count, 5)
      const given = {
        x: normalBatch(rng(4), count, 2),
        y: { ...raw, data: raw.data.map((value) => 1 / (1 + Math.exp(-value))) },
      }
      const best = await model.encode(given, { tolerance: 1e-4 })
      const found = await ran(model, 'inference', given, { tolerance: 1e-4 })
      for (let i = 0; i < count; i++) expect(Number(found.energy.data[i])).toBeLessThanOrEqual(best.energy[i] * 1.0003)
      const z = toDense(best.codes)
      expectNear(
        flat((await ran(model, 'decoder', { x: given.x, z })).y),
        (await model.decode(fromDense(z), given)).data,
      )
    }
    model.dispose()
  })
})

it('a graph that was damaged is refused', async () => {
  const bytes = graph.encodeOnnx({ outputs: { y: graph.square(graph.input('x', ['n', 2])) } })
  await expect(machine.compile(bytes.slice(0, bytes.length / 2))).rejects.toThrow(/not a valid ONNX model/)
})
