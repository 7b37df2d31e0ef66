import { describe, expect, it } from 'vitest'
import { fromTensor } from '../../src/data/fromTensor.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import { recovered } from '../../src/diagnostics/matchDictionaries.js'
import { defineCost } from '../../src/energy/cost.js'
import { bernoulli } from '../../src/energy/costs/bernoulli.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { defineModule } from '../../src/energy/module.js'
import { conv } from '../../src/energy/modules/conv.js'
import { convTranspose } from '../../src/energy/modules/convTranspose.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { add, concat, exp, log, mean, mul, neg, sub, sumPerObservation } from '../../src/graph/index.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { sgd } from '../../src/learning/optimizers/sgd.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { ConfigurationError, ShapeError } from '../../src/tensor/errors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { normalBatch, rng } from '../inference/problems.js'
import { circle, curve, runtime } from './latentVariableProblems.js'

describe('learning', () => {
  it('finds a planted dictionary, as sparse coding does', async () => {
    const planted = plantedCodes({ atoms: 12, dimension: 10, active: 2, count: 2000, noise: 0.01, seed: 2 })
    const model = await latentVariableModel({
      shapes: { y: 10, z: 12 },
      decoder: linear({ inputs: 12, outputs: 10, bias: false }),
      cost: squaredError(),
      regularizer: l1({ lambda: 0.1 }),
      normalizeDecoder: true,
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 100,
      runtime,
    }).fit(planted.observations, { epochs: 15 })
    const weight = model.parameters['decoder.weight'].data
    const atoms = {
      shape: [12, 10],
      data: new Float32Array(120).map((_, i) => weight[(i % 10) * 12 + Math.floor(i / 10)]),
    }
    expect(recovered(planted.dictionary, atoms)).toBeGreaterThanOrEqual(0.9)
    for (let j = 0; j < 12; j++) expect(Math.hypot(...atoms.data.subarray(10 * j, 10 * j + 10))).toBeCloseTo(1, 5)
    // The same codes as the kernels'.
    const some: Tensor[] = []
    for await (const batch of planted.observations.batches({ batchSize: 50 })) some.push(batch)
    const exact = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.1 }), threads: 1 })
    const best = await exact.encode(some[0])
    const found = await model.encode(some[0])
    for (const [i, energy] of found.energy.entries()) expect(energy).toBeLessThanOrEqual(best.energy[i] * (1 + 1.1e-5))
    exact.dispose()
    model.dispose()
  })

  it('lowers the energy, and reports as it goes', async () => {
    const data = circle(512, 3)
    const model = await latentVariableModel(curve).fit(data, { epochs: 30, heldOut: circle(100, 4) })
    const { history, status } = model
    expect(status).toBe('finished')
    expect(history.at(-1)!.energy).toBeLessThan(0.3 * history[0].energy)
    expect(history.at(-1)!.heldOutEnergy!).toBeLessThan(0.2)
    expect(history.at(-1)!.fraction).toBe(1)
    for (const { energy, cost, regularizer, encoder } of history) {
      expect(cost + regularizer + encoder).toBeCloseTo(energy, 5)
    }
    // On the data the free energy is low, off it high.
    const on = await model.energy(circle(50, 5))
    const off = await model.energy({ shape: [3, 2], data: Float32Array.of(0, -1, 2, 2, -2, 1) })
    expect(Math.min(...off)).toBeGreaterThan(3 * (on.reduce((a, b) => a + b) / 50))
    model.dispose()
  })

  for (const [name, options] of Object.entries({
    'through an encoder alone': { amortized: true },
    'with an encoder that pulls': { gamma: 0.5 },
    'with an encoder that only learns': { gamma: 0.5, encoderInInference: false },
  })) {
    it(`works ${name}`, async () => {
      const { regularizer: _, ...rest } = curve
      const model = await latentVariableModel({
        ...rest,
        shapes: { y: 2, z: 2 },
        decoder: linear({ inputs: 2, outputs: 2 }),
        encoder: mlp({ inputs: 2, hidden: [16], outputs: 2, activation: 'tanh' }),
        regularizer: l1({ lambda: 0.05 }),
        ...options,
      }).fit(circle(512, 3), { epochs: 20 })
      const { history } = model
      expect(history.at(-1)!.energy).toBeLessThan(0.6 * history[0].energy)
      expect(history.every(({ inferenceSteps }) => inferenceSteps > 0)).toBe(name !== 'through an encoder alone')
      if (name === 'with an encoder that only learns')
        expect(history.at(-1)!.encoder).toBeLessThan(0.5 * history[0].encoder)
      // Without a step, the code is the encoder's guess.
      const y = circle(5, 9)
      const guess = await model.encode(y, { maxSteps: 0 })
      const best = await model.encode(y)
      for (const [i, energy] of guess.energy.entries())
        expect(energy).toBeGreaterThanOrEqual(best.energy[i] * (1 - 1e-5))
      model.dispose()
    })
  }

  it('adds noise to codes of limited norm', async () => {
    const model = await latentVariableModel({ ...curve, regularizer: limitedNoise({ radius: 2, deviation: 0.2 }) }).fit(
      circle(512, 3),
      { epochs: 15 },
    )
    const { codes } = await model.encode(circle(60, 8))
    for (const value of codes.values) expect(Math.abs(value)).toBeLessThanOrEqual(2 * (1 + 1e-5))
    expect(model.history.at(-1)!.energy).toBeLessThan(0.8 * model.history[0].energy)
    // The noise makes the loss larger than the energy of the mean codes.
    const energy = await model.energy(circle(200, 3))
    expect(model.history.at(-1)!.energy).toBeGreaterThan(energy.reduce((a, b) => a + b) / 200)
    model.dispose()
  })

  it('takes pictures through convolutions', async () => {
    const random = rng(3)
    const y: Tensor = {
      shape: [60, 8, 8],
      data: Float32Array.from({ length: 60 * 64 }, () => (random.uniform() < 0.3 ? 1 : 0)),
    }
    const model = await latentVariableModel({
      shapes: { y: [1, 8, 8], z: [4, 3, 3] },
      decoder: convTranspose({ input: [4, 3, 3], channels: 1, kernel: 4, stride: 2 }),
      cost: bernoulli(),
      regularizer: l1({ lambda: 0.1 }),
      encoder: conv({ input: [8, 8], channels: 4, kernel: 4, stride: 2 }),
      gamma: 0.1,
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 20,
      runtime,
    }).fit({ shape: [60, 1, 8, 8], data: y.data }, { epochs: 6 })
    expect(model.history.at(-1)!.energy).toBeLessThan(0.95 * model.history[0].energy)
    const { codes } = await model.encode({ shape: [60, 1, 8, 8], data: y.data })
    expect(codes.shape).toEqual([60, 36])
    const decoded = await model.decode(codes)
    expect(decoded.shape).toEqual([60, 1, 8, 8])
    expect(decoded.data.every((p) => p > 0 && p < 1)).toBe(true)
    model.dispose()
  })

  it('gives the same bits for one seed, and others for another', async () => {
    const learn = async (seed: number) => {
      const model = await latentVariableModel({ ...curve, seed }).fit(circle(200, 3), { epochs: 2 })
      model.dispose()
      return Object.values(model.parameters).flatMap(({ data }) => [...data])
    }
    const first = await learn(1)
    expect(await learn(1)).toEqual(first)
    expect(await learn(2)).not.toEqual(first)
  })

  it('stops where it is told to', async () => {
    const data = circle(300, 3)
    let reports = 0
    const early = await latentVariableModel(curve).fit(data, { epochs: 50, onProgress: () => ++reports < 2 })
    expect(early.history.at(-1)!.epoch).toBeLessThan(50)
    const patient = await latentVariableModel({ ...curve, optimizer: sgd({ learningRate: 1e-9 }) }).fit(data, {
      epochs: 50,
      heldOut: circle(50, 4),
      patience: 2,
    })
    expect(patient.history.filter(({ heldOutEnergy }) => heldOutEnergy !== undefined)).toHaveLength(3)
    await expect(latentVariableModel(curve).fit(data, { patience: 2 })).rejects.toThrow(/patience.*heldOut/)
    await expect(latentVariableModel(curve).fit(data, { epochs: 0 })).rejects.toThrow(/epochs/)
  })
})

describe('energies that cannot be learned', () => {
  const data = circle(128, 3)

  it('leave the last good parameters, and the status says why', async () => {
    const falls = latentVariableModel({
      ...curve,
      decoder: linear({ inputs: 1, outputs: 2 }),
      cost: defineCost({ name: 'falling', value: (_, yHat) => neg(sumPerObservation(exp(yHat))) }),
    })
    const first = await falls.model()
    const fallen = await falls.fit(data, { epochs: 3 })
    expect(fallen.status).toBe('diverged')
    expect(fallen.parameters).toEqual(first.parameters)
    const breaks = latentVariableModel({
      ...curve,
      optimizer: sgd({ learningRate: 0.2 }),
      cost: defineCost({ name: 'log', value: (_, yHat) => sumPerObservation(log(sub(2, yHat))) }),
    })
    const broken = await breaks.fit(data, { epochs: 200 })
    expect(broken.status).not.toBe('finished')
    expect(Object.values(broken.parameters).every(({ data: values }) => values.every(Number.isFinite))).toBe(true)
  })
})

describe('what does not fit', () => {
  it('is refused with names and both shapes', async () => {
    const decoder = linear({ inputs: 3, outputs: 2 })
    expect(() => latentVariableModel({ ...curve, decoder })).toThrow(ShapeError)
    expect(() => latentVariableModel({ ...curve, decoder })).toThrow(/3 numbers.*\[n×1\]/)
    expect(() => latentVariableModel({ ...curve, decoder: linear({ inputs: 1, outputs: 3 }) })).toThrow(
      /decoder \(linear\) gives 3, but y is 2/,
    )
    expect(() => latentVariableModel({ ...curve, encoder: linear({ inputs: 2, outputs: 5 }) })).toThrow(
      /encoder \(linear\) gives 5, but z is 1/,
    )
    const own = (apply: Parameters<typeof defineModule>[0]['apply']) => () =>
      latentVariableModel({ ...curve, decoder: defineModule({ name: 'mine', outputShape: [2], apply }) })
    expect(own((_, z) => z)).toThrow(/decoder "mine" returned the shape \[n×1\]; \[n×2\] is expected/)
    expect(own((_, z) => sumPerObservation(z))).toThrow(/"mine" returned the shape \[n\]; \[n×2\]/)
    // What a caller without types may return.
    expect(own(() => JSON.parse('3'))).toThrow(/"mine" returned number; it must return a symbolic tensor/)
    const mixing = defineModule({
      name: 'centred',
      outputShape: [2],
      apply: (_, z) => concat([sub(z, mean(z, [0], true)), z], 1),
    })
    await expect(latentVariableModel({ ...curve, decoder: mixing }).model()).rejects.toThrow(ShapeError)
    await expect(latentVariableModel({ ...curve, decoder: mixing }).fit(circle(9, 1))).rejects.toThrow(
      /decoder mixes the rows/,
    )
    // However little of it there is.
    const faint = defineModule({
      name: 'faint',
      outputShape: [2],
      apply: (_, z) => concat([add(z, mul(mean(z, [0], true), 1e-4)), z], 1),
    })
    await expect(latentVariableModel({ ...curve, decoder: faint }).model()).rejects.toThrow(/decoder mixes the rows/)
    const model = await latentVariableModel(curve).model()
    await expect(model.encode(normalBatch(rng(1), 3, 4))).rejects.toThrow(/y was given as \[3, 4\].*\[n, 2\]/)
    await expect(model.encode(fromTensor(normalBatch(rng(1), 3, 4)))).rejects.toThrow(
      /gives y of 4, and the energy has y of 2/,
    )
    expect(() => latentVariableModel({ ...curve, amortized: true })).toThrow(ConfigurationError)
    expect(() => latentVariableModel({ ...curve, gamma: 1 })).toThrow(/encoder/)
    expect(() => latentVariableModel({ ...curve, normalizeDecoder: true })).toThrow(/normalizeDecoder.*mlp is not/)
    await expect(latentVariableModel(curve).model({})).rejects.toThrow(/"decoder.0.weight" \(16×1\) is missing/)
  })
})
