import { describe, expect, it } from 'vitest'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { ShapeError } from '../../src/tensor/errors.js'
import { takeRows } from '../../src/tensor/tensor.js'
import { normalBatch, rng } from '../inference/problems.js'
import { circle, curve, runtime } from './latentVariableProblems.js'

describe('predictions', () => {
  // y is one of two points that x chooses; the code says which.
  const pairs = (count: number, seed: number) => {
    const random = rng(seed)
    const x = normalBatch(random, count, 1, 0.2)
    const side = Array.from({ length: count }, () => (random.uniform() < 0.5 ? -1 : 1))
    const y = {
      shape: [count, 2],
      data: Float32Array.from(side.flatMap((s, i) => [x.data[i], s + 0.01 * random.normal()])),
    }
    return { x, y, side }
  }

  it('are a set of completions of one x, ranked by energy', async () => {
    const { x, y } = pairs(400, 3)
    const model = await latentVariableModel({
      shapes: { x: 1, y: 2, z: 1 },
      decoder: linear({ inputs: 2, outputs: 2 }),
      cost: squaredError(),
      regularizer: l2({ lambda: 0.02 }),
      optimizer: adam({ learningRate: 0.03 }),
      batchSize: 100,
      runtime,
    }).fit({ x, y }, { epochs: 40 })
    const given = { shape: [2, 1], data: Float32Array.of(0.3, -0.2) }
    const { predictions, codes, energy } = await model.predict(given, { count: 12 })
    expect(predictions.shape).toEqual([2, 12, 2])
    expect(codes.shape).toEqual([2, 12, 1])
    for (const row of [0, 1]) {
      const sides = Array.from({ length: 12 }, (_, i) => predictions.data[2 * (12 * row + i) + 1])
      expect(Math.max(...sides)).toBeGreaterThan(0.8)
      expect(Math.min(...sides)).toBeLessThan(-0.8)
      for (let i = 0; i < 12; i++) expect(predictions.data[2 * (12 * row + i)]).toBeCloseTo(given.data[row], 1)
      for (let i = 1; i < 12; i++) expect(energy[12 * row + i]).toBeGreaterThanOrEqual(energy[12 * row + i - 1])
    }
    expect(await model.predict(given, { count: 12 })).toEqual({ predictions, codes, energy })
    const free = await model.predict(given, { count: 5, rank: 'freeEnergy' })
    const ys = { shape: [5, 2], data: free.predictions.data.slice(0, 10) }
    const expected = await model.freeEnergy({ x: takeRows(given, [0, 0, 0, 0, 0]), y: ys })
    for (const [i, value] of expected.entries()) expect(free.energy[i]).toBeCloseTo(value, 6)
    await expect(model.predict()).rejects.toThrow(/pass x/)
    await expect(model.predict({ shape: [1, 3], data: new Float32Array(3) })).rejects.toThrow(ShapeError)
    await expect(model.predict(given, { count: 0 })).rejects.toThrow(/number of samples/)
    await expect(model.sample(3)).rejects.toThrow(/predict/)
  })

  it('come from learned codes, the prior, or codes that are given', async () => {
    const model = await latentVariableModel(curve).fit(circle(256, 3), { epochs: 5 })
    expect(model.keptCodes!.shape).toEqual([256, 1])
    expect((await model.sample(7, { seed: 2 })).shape).toEqual([7, 2])
    expect(await model.sample(7, { seed: 2 })).toEqual(await model.sample(7, { seed: 2 }))
    const codes = { shape: [3, 1], data: Float32Array.of(-1, 0, 1) }
    const given = await model.predict(undefined, { codes })
    expect([...given.codes.data].sort((a, b) => a - b)).toEqual([-1, 0, 1])
    expect(given.energy[0]).toBeCloseTo(0, 6)
    expect((await model.predict(undefined, { codes: 'prior', count: 4 })).predictions.shape).toEqual([1, 4, 2])
    const untrained = await latentVariableModel({ ...curve, regularizer: l1({ lambdaRatio: 0.1 }) }).model()
    await expect(untrained.sample(2)).rejects.toThrow(/l1 gives no density/)
    await expect(untrained.predict(undefined, { codes: 'learned' })).rejects.toThrow(/not learned/)
  })
})
