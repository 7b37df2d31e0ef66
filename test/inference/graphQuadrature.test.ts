import { describe, expect, it } from 'vitest'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { type EnergyParts, latentVariableEnergy } from '../../src/energy/latentVariableEnergy.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { quadrature } from '../../src/inference/graph/quadrature.js'
import { ConfigurationError, ConvergenceError } from '../../src/tensor/errors.js'
import { withGraphEncoder } from './graphProblems.js'
import { normalBatch, rng } from './problems.js'

const parts = (size: number, more: Partial<EnergyParts> = {}): EnergyParts => ({
  shapes: { y: 2, z: size },
  decoder: linear({ inputs: size, outputs: 2, bias: false }),
  cost: squaredError(),
  regularizer: l2({ lambda: 0.7 }),
  ...more,
})

/** log ∫ exp(−β(½‖y − Wz‖² + ½λ‖z‖²)) dz, by the formula of Gauss. */
function gaussian(weight: ArrayLike<number>, size: number, y: readonly number[], lambda: number, beta: number): number {
  // With two numbers in y the integral over z is that of a normal density of y: covariance (I + WWᵀ/λ)/β.
  const c = [0, 1].map((p) =>
    [0, 1].map((q) => {
      let sum = p === q ? 1 : 0
      for (let j = 0; j < size; j++) sum += (weight[p * size + j] * weight[q * size + j]) / lambda
      return sum / beta
    }),
  )
  const det = c[0][0] * c[1][1] - c[0][1] * c[1][0]
  const quadratic = (c[1][1] * y[0] ** 2 - 2 * c[0][1] * y[0] * y[1] + c[0][0] * y[1] ** 2) / det
  return -quadratic / 2 - Math.log(det) / 2 - Math.log(beta) + (size / 2) * Math.log((2 * Math.PI) / (beta * lambda))
}

describe('free energies at a temperature', () => {
  for (const size of [1, 2, 3]) {
    it(`are what the formula gives where it is known: ${size} numbers in a code`, async () => {
      const energy = latentVariableEnergy(parts(size))
      const parameters = energy.init(rng(size))
      const y = normalBatch(rng(9), size === 3 ? 2 : 5, 2)
      await withGraphEncoder({ energy, parameters }, async (encoder) => {
        // With β = 200 codes of least energy lie beyond where λR(z) by itself would let any.
        for (const beta of size === 1 ? [0.5, 2, 200] : [0.5, 2]) {
          const free = await quadrature(encoder, { y }, { beta })
          for (const [i, value] of free.entries()) {
            const row = [y.data[2 * i], y.data[2 * i + 1]]
            const expected = -gaussian(parameters['decoder.weight'].data, size, row, 0.7, beta) / beta
            expect(Math.abs(value - expected)).toBeLessThanOrEqual(
              (size === 3 ? 0.02 : 1e-4) * (1 + Math.abs(expected)),
            )
          }
        }
      })
    })
  }

  it('go to the least energy as β grows', async () => {
    const energy = latentVariableEnergy(
      parts(1, { decoder: mlp({ inputs: 1, hidden: [5], outputs: 2, activation: 'tanh' }) }),
    )
    const y = normalBatch(rng(2), 4, 2)
    await withGraphEncoder({ energy, parameters: energy.init(rng(5)) }, async (encoder) => {
      const { energy: least } = await encoder.encode({ y }, { restarts: 4 })
      let before = Number.POSITIVE_INFINITY
      for (const beta of [10, 100, 1000]) {
        const free = await quadrature(encoder, { y }, { beta, range: 3, points: 2001 })
        const off = Math.max(...free.map((value, i) => Math.abs(value - least[i])))
        expect(off).toBeLessThan(before)
        before = off
      }
      expect(before).toBeLessThan(0.01)
    })
  })

  it('are over the ball where the norm is limited', async () => {
    const energy = latentVariableEnergy(parts(1, { regularizer: limitedNoise({ radius: 1.5, deviation: 0 }) }))
    const zero = { 'decoder.weight': { shape: [2, 1], data: new Float32Array(2) } }
    await withGraphEncoder({ energy, parameters: zero }, async (encoder) => {
      const y = { shape: [1, 2], data: Float32Array.of(1, 0) }
      const [free] = await quadrature(encoder, { y }, { beta: 2 })
      expect(free).toBeCloseTo(0.5 - Math.log(3) / 2, 4)
    })
  })

  it('say what is wrong', async () => {
    const y = normalBatch(rng(2), 1, 2)
    const broad = latentVariableEnergy(parts(4))
    await withGraphEncoder({ energy: broad, parameters: broad.init(rng(1)) }, async (encoder) => {
      await expect(quadrature(encoder, { y }, { beta: 1 })).rejects.toThrow(/up to 3 numbers; this energy's have 4/)
    })
    const bare = latentVariableEnergy({
      shapes: { y: 2, z: 1 },
      decoder: linear({ inputs: 1, outputs: 2 }),
      cost: squaredError(),
    })
    await withGraphEncoder({ energy: bare, parameters: bare.init(rng(1)) }, async (encoder) => {
      await expect(quadrature(encoder, { y }, { beta: 1 })).rejects.toThrow(/without a regularizer; give a range/)
    })
    const energy = latentVariableEnergy(parts(1, { regularizer: l1({ lambda: 1 }) }))
    await withGraphEncoder({ energy, parameters: energy.init(rng(1)) }, async (encoder) => {
      await expect(quadrature(encoder, { y }, { beta: 0 })).rejects.toThrow(ConfigurationError)
      await expect(quadrature(encoder, { y }, { beta: 1, points: 4 })).rejects.toThrow(/odd number/)
      await expect(quadrature(encoder, { y }, { beta: 1, range: 0.1 })).rejects.toThrow(/edge of the box.*larger range/)
      await expect(quadrature(encoder, { y }, { beta: 1e4, range: 40, points: 5 })).rejects.toThrow(ConvergenceError)
    })
  })
})
