import { describe, expect, it } from 'vitest'
import { defineCost } from '../../src/energy/cost.js'
import { bernoulli } from '../../src/energy/costs/bernoulli.js'
import { categorical } from '../../src/energy/costs/categorical.js'
import { huber } from '../../src/energy/costs/huber.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { type EnergyParts, latentVariableEnergy } from '../../src/energy/latentVariableEnergy.js'
import { defineModule } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l0 } from '../../src/energy/regularizers/l0.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import {
  add,
  concat,
  cos,
  exp,
  log,
  mul,
  neg,
  type Sym,
  sin,
  square,
  sub,
  sumPerObservation,
} from '../../src/graph/index.js'
import { toDense } from '../../src/inference/codes.js'
import { explain } from '../../src/inference/inference.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { withGraphEncoder } from './graphProblems.js'
import { normalBatch, rng } from './problems.js'

/** Codes of every point of a grid on [−reach, reach]^k, k ≤ 2. */
function grid(size: number, reach: number, points: number): Tensor {
  const line = Array.from({ length: points }, (_, i) => -reach + (2 * reach * i) / (points - 1))
  const rows = size === 1 ? line.map((a) => [a]) : line.flatMap((a) => line.map((b) => [a, b]))
  return { shape: [rows.length, size], data: Float32Array.from(rows.flat()) }
}

const repeated = (row: Float32Array, times: number): Tensor => {
  const data = new Float32Array(row.length * times)
  for (let i = 0; i < times; i++) data.set(row, i * row.length)
  return { shape: [times, row.length], data }
}

/** Observations for each cost. */
const logistic = (batch: Tensor): Tensor => ({ ...batch, data: batch.data.map((v) => 1 / (1 + Math.exp(-2 * v))) })
const shares = (batch: Tensor): Tensor => {
  const width = batch.shape[1]
  const data = batch.data.map((v) => Math.exp(v))
  for (let i = 0; i < data.length; i += width) {
    const total = data.subarray(i, i + width).reduce((a, b) => a + b)
    for (let p = 0; p < width; p++) data[i + p] /= total
  }
  return { ...batch, data }
}

const cases: Record<string, { parts: Omit<EnergyParts, 'shapes'>; y: (batch: Tensor) => Tensor }> = {
  'squared error, L2': {
    parts: {
      decoder: mlp({ inputs: 2, hidden: [8], outputs: 3, activation: 'tanh' }),
      cost: squaredError(),
      regularizer: l2({ lambda: 0.1 }),
    },
    y: (b) => b,
  },
  'squared error, L1': {
    parts: {
      decoder: mlp({ inputs: 2, hidden: [8], outputs: 3, activation: 'tanh' }),
      cost: squaredError(),
      regularizer: l1({ lambda: 0.1 }),
    },
    y: (b) => b,
  },
  'Bernoulli, nonnegative': {
    parts: {
      decoder: linear({ inputs: 2, outputs: 3 }),
      cost: bernoulli(),
      regularizer: nonNegative({ lambda: 0.05 }),
    },
    y: logistic,
  },
  'categorical, L2': {
    parts: { decoder: linear({ inputs: 2, outputs: 3 }), cost: categorical(), regularizer: l2({ lambda: 0.2 }) },
    y: shares,
  },
  'Huber, a ratio of L1': {
    parts: {
      decoder: linear({ inputs: 2, outputs: 3 }),
      cost: huber({ delta: 0.3 }),
      regularizer: l1({ lambdaRatio: 0.3 }),
    },
    y: (b) => b,
  },
  'squared error, limited norm': {
    parts: {
      decoder: mlp({ inputs: 2, hidden: [6], outputs: 3, activation: 'softplus' }),
      cost: squaredError(),
      regularizer: limitedNoise({ radius: 1, deviation: 0.1 }),
    },
    y: (b) => b,
  },
  'squared error, L0': {
    parts: { decoder: linear({ inputs: 2, outputs: 3 }), cost: squaredError(), regularizer: l0({ lambda: 0.05 }) },
    y: (b) => b,
  },
  'squared error, top-k': {
    parts: { decoder: linear({ inputs: 2, outputs: 3 }), cost: squaredError(), regularizer: topK({ active: 1 }) },
    y: (b) => b,
  },
  'an encoder that pulls': {
    parts: {
      decoder: mlp({ inputs: 2, hidden: [5], outputs: 3, activation: 'tanh' }),
      cost: squaredError(),
      regularizer: l1({ lambda: 0.05 }),
      encoder: linear({ inputs: 3, outputs: 2, activation: 'tanh' }),
      gamma: 0.4,
    },
    y: (b) => b,
  },
}

describe('proximal gradient', () => {
  for (const [name, { parts, y }] of Object.entries(cases)) {
    it(`finds codes that no search beats: ${name}`, async () => {
      const energy = latentVariableEnergy({ shapes: { y: 3, z: 2 }, ...parts })
      const parameters = energy.init(rng(4))
      const observations = y(normalBatch(rng(6), 6, 3))
      await withGraphEncoder({ energy, parameters }, async (encoder) => {
        const found = await encoder.encode({ y: observations }, { restarts: 3 })
        const points = grid(2, 3, 61)
        for (let i = 0; i < 6; i++) {
          const row = observations.data.subarray(3 * i, 3 * i + 3)
          const all = await encoder.energyOf({ y: repeated(row, points.shape[0]), z: points })
          const least = all.reduce((a, b) => Math.min(a, b))
          expect(found.energy[i]).toBeLessThanOrEqual(least * (1 + 1e-5) + 1e-6)
          expect(found.status[i]).toBe('converged')
        }
        // The energy is that of the codes, and a point that has converged is stationary.
        const again = await encoder.energyOf({ y: observations, z: toDense(found.codes) })
        for (const [i, value] of again.entries()) expect(found.energy[i]).toBeCloseTo(value, 9)
        if (found.stationarity) {
          for (const value of found.stationarity) expect(value).toBeLessThanOrEqual(1e-4)
        }
      })
    })
  }

  it('never raises the energy, however few its steps', async () => {
    const energy = latentVariableEnergy({ shapes: { y: 3, z: 2 }, ...cases['squared error, L1'].parts })
    const y = normalBatch(rng(7), 5, 3, 4)
    await withGraphEncoder({ energy, parameters: energy.init(rng(1)) }, async (encoder) => {
      let before = await encoder.energyOf({ y, z: { shape: [5, 2], data: new Float32Array(10) } })
      for (const maxSteps of [1, 2, 3, 5, 8, 13, 21, 34]) {
        const { energy: now, steps } = await encoder.encode({ y }, { maxSteps })
        expect(Math.max(...steps)).toBeLessThanOrEqual(maxSteps)
        for (const [i, value] of now.entries()) expect(value).toBeLessThanOrEqual(before[i] * (1 + 2e-6))
        before = now
      }
    })
  })

  it('says of a code that single precision brings no nearer that it has stalled', async () => {
    // Where a rectifier bends, the gradient jumps: no step is short enough for what is left of it to vanish.
    const decoder = mlp({ inputs: 6, hidden: [20], outputs: 60, activation: 'relu' })
    const energy = latentVariableEnergy({
      shapes: { y: 60, z: 6 },
      decoder,
      cost: squaredError(),
      regularizer: l1({ lambda: 0.5 }),
    })
    const random = rng(3)
    const parameters = energy.init(rng(1))
    for (const { data } of Object.values(parameters)) {
      for (let i = 0; i < data.length; i++) data[i] = 3 * data[i] + random.normal()
    }
    const y = normalBatch(rng(7), 20, 60, 1)
    await withGraphEncoder({ energy, parameters }, async (encoder) => {
      const found = await encoder.encode({ y }, { tolerance: 1e-7, maxSteps: 5000 })
      expect(found.status).toContain('stalled')
      for (const [i, status] of found.status.entries()) {
        expect(status === 'maxSteps').toBe(found.steps[i] === 5000)
        if (status === 'converged') expect(found.stationarity?.[i]).toBeLessThanOrEqual(1e-6)
      }
      const longer = await encoder.encode({ y }, { tolerance: 1e-7, maxSteps: 5000, warmStart: found.codes })
      for (const [i, value] of longer.energy.entries()) expect(value).toBeGreaterThan(found.energy[i] * (1 - 1e-3))
    })
    expect(explain('stalled')).toMatch(/No step lowers the energy any more/)
  })

  it('goes on where rounding hides that the energy falls', async () => {
    const decoder = mlp({ inputs: 1, hidden: [16, 16], outputs: 2, activation: 'softplus' })
    const energy = latentVariableEnergy({
      shapes: { y: 2, z: 1 },
      decoder,
      cost: squaredError(),
      regularizer: l2({ lambda: 1e-3 }),
    })
    const random = rng(8)
    const parameters = energy.init(rng(1))
    for (const { data } of Object.values(parameters)) {
      for (let i = 0; i < data.length; i++) data[i] = 3 * data[i] + 0.1 * random.normal()
    }
    const y = { shape: [40, 2], data: Float32Array.from({ length: 80 }, () => random.uniform()) }
    await withGraphEncoder({ energy, parameters }, async (encoder) => {
      const { status } = await encoder.encode({ y }, { tolerance: 1e-5 })
      expect(new Set(status)).toEqual(new Set(['converged']))
    })
  })

  it('agrees with gradient descent where R is smooth, which other regularizers refuse', async () => {
    const { parts } = cases['squared error, L2']
    const energy = latentVariableEnergy({ shapes: { y: 3, z: 2 }, ...parts })
    const parameters = energy.init(rng(2))
    const y = normalBatch(rng(8), 10, 3)
    await withGraphEncoder({ energy, parameters }, async (encoder) => {
      const proximal = await encoder.encode({ y })
      const descent = await encoder.encode({ y }, { solver: 'gradient-descent' })
      for (const [i, value] of descent.energy.entries()) expect(value).toBeCloseTo(proximal.energy[i], 5)
      expect(new Set(descent.status)).toEqual(new Set(['converged']))
    })
    const sparse = latentVariableEnergy({ shapes: { y: 3, z: 2 }, ...cases['squared error, L1'].parts })
    await withGraphEncoder({ energy: sparse, parameters }, async (encoder) => {
      await expect(encoder.encode({ y }, { solver: 'gradient-descent' })).rejects.toThrow(
        /smooth.*l1 is not.*proximal-gradient/,
      )
    })
  })

  it('leaves a local minimum behind by restarts, the same ones for the same seed', async () => {
    // The circle's other side is a maximum of the distance; a valley with two floors has two minima.
    const valley = defineModule({
      name: 'two floors',
      outputShape: [1],
      apply: (_, z) => add(square(sub(square(z), 1)), mul(0.3, z)),
    })
    const energy = latentVariableEnergy({
      shapes: { y: 1, z: 1 },
      decoder: valley,
      cost: defineCost({ name: 'as it is', value: (y, yHat) => sumPerObservation(sub(yHat, y)) }),
    })
    const y = { shape: [2, 1], data: Float32Array.of(-1, -1) }
    const warmStart = {
      shape: [2, 1] as const,
      indptr: Int32Array.of(0, 1, 2),
      indices: Int32Array.of(0, 0),
      values: Float32Array.of(1, 1),
    }
    await withGraphEncoder({ energy, parameters: {} }, async (encoder) => {
      const one = await encoder.encode({ y }, { warmStart })
      const more = await encoder.encode({ y }, { warmStart, restarts: 6, seed: 3 })
      const again = await encoder.encode({ y }, { warmStart, restarts: 6, seed: 3 })
      expect(one.codes.values[0]).toBeGreaterThan(0.8)
      expect(more.codes.values[0]).toBeLessThan(-0.8)
      expect(more.energy[0]).toBeLessThan(one.energy[0] - 0.5)
      expect([...again.codes.values]).toEqual([...more.codes.values])
      expect(more.steps[0]).toBeGreaterThan(one.steps[0])
    })
  })

  it('says so where the energy has no floor, and where it is no number', async () => {
    const y = { shape: [2, 1], data: Float32Array.of(1, 2) }
    const parts = { shapes: { y: 1, z: 1 }, decoder: linear({ inputs: 1, outputs: 1, bias: false }) }
    const energyWith = (value: (y: Sym, yHat: Sym) => Sym) =>
      latentVariableEnergy({ ...parts, cost: defineCost({ name: 'mine', value }) })
    const falling = energyWith((y, yHat) => sumPerObservation(mul(y, yHat)))
    const steep = energyWith((_, yHat) => neg(sumPerObservation(exp(yHat))))
    for (const energy of [falling, steep]) {
      await withGraphEncoder(
        { energy, parameters: { 'decoder.weight': { shape: [1, 1], data: Float32Array.of(1) } } },
        async (encoder) => {
          expect((await encoder.encode({ y })).status).toEqual(['diverged', 'diverged'])
        },
      )
    }
    const broken = energyWith((_, yHat) => sumPerObservation(log(sub(yHat, 5))))
    await withGraphEncoder(
      { energy: broken, parameters: { 'decoder.weight': { shape: [1, 1], data: Float32Array.of(1) } } },
      async (encoder) => {
        const { status, codes } = await encoder.encode({ y })
        expect(status).toEqual(['nonFinite', 'nonFinite'])
        expect(codes.values).toHaveLength(0)
      },
    )
  })

  it('takes x and a predictor, and decoders from your own functions', async () => {
    const energy = latentVariableEnergy({
      shapes: { x: 2, y: 2, z: 1 },
      predictor: linear({ inputs: 2, outputs: 1 }),
      decoder: defineModule({
        name: 'circle',
        outputShape: [2],
        apply: (_, h, z) => concat([cos(add(h, z)), sin(add(h, z))], 1),
      }),
      cost: squaredError(),
      regularizer: l2({ lambda: 1e-3 }),
    })
    const parameters = {
      'predictor.weight': { shape: [1, 2], data: Float32Array.of(1, 0) },
      'predictor.bias': { shape: [1], data: Float32Array.of(0.5) },
    }
    const angles = [0.2, -1, 0.9]
    const y = { shape: [3, 2], data: Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)])) }
    const x = { shape: [3, 2], data: Float32Array.of(0.1, 3, -1.2, 4, 0, 5) }
    await withGraphEncoder({ energy, parameters }, async (encoder) => {
      const { codes } = await encoder.encode({ x, y })
      for (const [i, angle] of angles.entries()) expect(codes.values[i]).toBeCloseTo(angle - x.data[2 * i] - 0.5, 2)
      await expect(encoder.encode({ y })).rejects.toThrow(/x was not given/)
      await expect(encoder.encode({ x: { shape: [2, 2], data: new Float32Array(4) }, y })).rejects.toThrow(
        /2 rows of x and 3 of y/,
      )
      await expect(encoder.encode({ x, y: { shape: [3, 3], data: new Float32Array(9) } })).rejects.toThrow(
        /y was given as \[3, 3\].*\[n, 2\]/,
      )
    })
  })
})
