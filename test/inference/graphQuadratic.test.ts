import { describe, expect, it } from 'vitest'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { latentVariableEnergy } from '../../src/energy/latentVariableEnergy.js'
import { linear } from '../../src/energy/modules/linear.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { fromDense, toDense } from '../../src/inference/codes.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { regularizerTable } from '../contracts/regularizerTable.js'
import { codingProblems, denseCode, dualityGap, energy as energyAt } from '../reference/codingProblem.js'
import { isConvex } from '../reference/penalty.js'
import { sparseEnergy, withGraphEncoder } from './graphProblems.js'
import { dictionaries, mixedObservations, normalBatch, rng, shapes } from './problems.js'

const convex = regularizerTable.filter(({ make }) => isConvex(make({ lambda: 1 }, 5).describe()))

describe('a linear decoder with a convex regularizer', () => {
  for (const { kind, make } of convex) {
    it(`reaches the exact solvers' optimum: ${kind}`, async () => {
      const random = rng(11)
      for (const [i, [k, m]] of shapes.entries()) {
        const name = Object.keys(dictionaries)[i % Object.keys(dictionaries).length]
        if (name === 'unequalNorms') continue
        const atoms = dictionaries[name](random, k, m)
        const observations = mixedObservations(random, atoms, 9)
        const regularizer = make(i % 2 === 0 ? { lambda: 0.15 } : { lambdaRatio: 0.2 }, k)
        const exact = await linearEncoder({ atoms, regularizer, threads: 1 })
        const best = await exact.encode(observations, { tolerance: 1e-7 })
        exact.dispose()
        await withGraphEncoder(sparseEnergy(atoms, regularizer), async (encoder) => {
          const found = await encoder.encode({ y: observations }, { maxSteps: 20_000 })
          for (const [row, status] of found.status.entries()) {
            expect(status, `${name} ${k}×${m}, row ${row}`).toBe('converged')
            expect(found.energy[row] - best.energy[row]).toBeLessThanOrEqual(1.1e-5 * best.energy[row])
            expect(found.energy[row] - found.gap![row]).toBeLessThanOrEqual(best.energy[row] * (1 + 1e-6))
          }
        })
      }
    })
  }

  it('says the energy and the gap of the very codes that it returns', async () => {
    const random = rng(5)
    const atoms = dictionaries.unit(random, 33, 12)
    const y = mixedObservations(random, atoms, 12)
    for (const { make } of convex) {
      const regularizer = make({ lambda: 0.2 }, 33)
      await withGraphEncoder(sparseEnergy(atoms, regularizer), async (encoder) => {
        for (const maxSteps of [0, 3, 2000]) {
          const found = await encoder.encode({ y }, { maxSteps })
          for (const [i, problem] of codingProblems(atoms, y, regularizer).entries()) {
            const z = denseCode(found.codes, i)
            expect(Math.abs(found.energy[i] - energyAt(problem, z))).toBeLessThanOrEqual(1e-12 * (1 + found.energy[i]))
            expect(Math.abs(found.gap![i] - dualityGap(problem, z))).toBeLessThanOrEqual(
              1e-6 * (1e-9 + found.energy[i]),
            )
            expect(found.steps[i]).toBeLessThanOrEqual(maxSteps)
          }
        }
      })
    }
  })

  it('goes beyond single precision where it is asked to', async () => {
    const random = rng(8)
    const atoms = dictionaries.unit(random, 20, 15)
    const y = mixedObservations(random, atoms, 10)
    await withGraphEncoder(sparseEnergy(atoms, l1({ lambda: 0.1 })), async (encoder) => {
      const found = await encoder.encode({ y }, { tolerance: 2e-6, maxSteps: 20_000 })
      expect(new Set(found.status)).toEqual(new Set(['converged']))
      for (const [i, gap] of found.gap!.entries()) expect(gap).toBeLessThanOrEqual(2e-6 * found.energy[i])
    })
  })

  it('says that it is stalled, and not that steps ran out, where no code in single precision has the gap that is asked for', async () => {
    const random = rng(8)
    const atoms = dictionaries.unit(random, 30, 12)
    await withGraphEncoder(sparseEnergy(atoms, l2({ lambda: 1e-9 })), async (encoder) => {
      const { status, steps, gap, energy } = await encoder.encode({ y: normalBatch(random, 5, 12) })
      expect(status).toEqual(new Array(5).fill('stalled'))
      expect(Math.max(...steps)).toBeLessThan(2000)
      for (const [i, each] of gap!.entries()) expect(each).toBeGreaterThan(1e-5 * energy[i])
    })
  })

  it('is solved by formula where R is ½‖z‖², and by projection where the norm is limited', async () => {
    const random = rng(9)
    const atoms = dictionaries.unit(random, 6, 9)
    const y = normalBatch(random, 8, 9)
    for (const regularizer of [l2({ lambda: 0.5 }), limitedNoise({ radius: 0.4, deviation: 0.1 })]) {
      await withGraphEncoder(sparseEnergy(atoms, regularizer), async (encoder) => {
        const found = await encoder.encode({ y }, { tolerance: 1e-6, maxSteps: 5000 })
        expect(new Set(found.status)).toEqual(new Set(['converged']))
        const z = toDense(found.codes).data
        for (let i = 0; i < 8; i++) {
          const code = z.subarray(6 * i, 6 * i + 6)
          const left = Array.from({ length: 9 }, (_, p) => {
            return y.data[9 * i + p] - code.reduce((sum, value, j) => sum + value * atoms.data[9 * j + p], 0)
          })
          const c = Array.from({ length: 6 }, (_, j) => left.reduce((sum, r, p) => sum + r * atoms.data[9 * j + p], 0))
          if (regularizer.kind === 'l2') {
            for (const [j, value] of c.entries()) expect(value).toBeCloseTo(0.5 * code[j], 2)
          } else {
            expect(Math.hypot(...code)).toBeLessThanOrEqual(0.4 * (1 + 1e-5))
            // On the sphere the gradient points out along z.
            const along = c.reduce((sum, value, j) => sum + value * code[j], 0)
            expect(along).toBeGreaterThanOrEqual(0.999 * Math.hypot(...c) * Math.hypot(...code))
          }
        }
      })
    }
  })
})

describe('an affine decoder with a context and an encoder that pulls', () => {
  it('is the sparse coding of what they leave', async () => {
    const random = rng(31)
    const [k, m, n, gamma] = [9, 6, 7, 0.4]
    const energy = latentVariableEnergy({
      shapes: { x: 3, y: m, z: k },
      predictor: linear({ inputs: 3, outputs: 2, activation: 'tanh' }),
      decoder: linear({ inputs: 2 + k, outputs: m }),
      cost: squaredError(),
      regularizer: l1({ lambda: 0.2 }),
      encoder: linear({ inputs: m + 2, outputs: k, activation: 'tanh' }),
      gamma,
    })
    const parameters = energy.init(random)
    const x = normalBatch(random, n, 3)
    const y = normalBatch(random, n, m)
    const affine = (name: string, row: number[]) => {
      const [weight, bias] = [parameters[`${name}.weight`].data, parameters[`${name}.bias`].data]
      return Array.from(bias, (b, i) => row.reduce((sum, v, j) => sum + v * weight[i * row.length + j], b))
    }
    // One row more of y and of W for each number of the code.
    const target: number[] = []
    for (let i = 0; i < n; i++) {
      const h = affine('predictor', [...x.data.subarray(3 * i, 3 * i + 3)]).map(Math.tanh)
      const own = [...y.data.subarray(m * i, m * i + m)]
      const guess = affine('encoder', [...own, ...h]).map(Math.tanh)
      const offset = affine('decoder', [...h, ...new Array<number>(k).fill(0)])
      target.push(...own.map((v, p) => v - offset[p]), ...guess.map((v) => Math.sqrt(gamma) * v))
    }
    const weight = parameters['decoder.weight'].data
    const atoms = Array.from({ length: k }, (_, j) => [
      ...Array.from({ length: m }, (_, p) => weight[p * (2 + k) + 2 + j]),
      ...Array.from({ length: k }, (_, i) => (i === j ? Math.sqrt(gamma) : 0)),
    ])
    const exact = await linearEncoder({
      atoms: { shape: [k, m + k], data: Float32Array.from(atoms.flat()) },
      regularizer: l1({ lambda: 0.2 }),
      threads: 1,
    })
    const best = await exact.encode({ shape: [n, m + k], data: Float32Array.from(target) })
    exact.dispose()
    await withGraphEncoder({ energy, parameters }, async (encoder) => {
      const found = await encoder.encode({ x, y })
      expect(new Set(found.status)).toEqual(new Set(['converged']))
      for (const [i, value] of found.energy.entries()) {
        expect(Math.abs(value - best.energy[i])).toBeLessThanOrEqual(1.1e-5 * best.energy[i])
        expect(value - found.gap![i]).toBeLessThanOrEqual(best.energy[i] * (1 + 1e-6))
      }
    })
  })
})

describe('budgets', () => {
  const random = rng(21)
  const atoms = dictionaries.nearlyCollinear(random, 40, 20)
  const y = mixedObservations(random, atoms, 30)
  const problem = sparseEnergy(atoms, l1({ lambda: 0.01 }))

  it('are kept, and say so', async () => {
    await withGraphEncoder(problem, async (encoder) => {
      const few = await encoder.encode({ y }, { maxSteps: 5, tolerance: 1e-9 })
      expect(few.status).toContain('maxSteps')
      expect(Math.max(...few.steps)).toBe(5)
      const late = await encoder.encode({ y }, { seconds: 0 })
      expect(late.status).toContain('timeBudget')
      const none = await encoder.encode({ y: { shape: [0, 20], data: new Float32Array(0) } })
      expect(none.codes.shape).toEqual([0, 40])
      expect(none.energy).toHaveLength(0)
    })
  })

  it('can be cut short by a signal, and progress is told', async () => {
    await withGraphEncoder(problem, async (encoder) => {
      const stop = new AbortController()
      const options = { signal: stop.signal, tolerance: 1e-9, maxSteps: 100_000, onProgress: () => stop.abort() }
      await expect(encoder.encode({ y }, options)).rejects.toThrow(/cancelled after \d+ of 30 codes/)
      const told: number[] = []
      await encoder.encode({ y }, { onProgress: ({ done }) => void told.push(done) })
      expect(told.at(-1)).toBe(30)
    })
  })

  it('begin at the codes that are given', async () => {
    await withGraphEncoder(problem, async (encoder) => {
      const first = await encoder.encode({ y }, { maxSteps: 20_000 })
      const again = await encoder.encode({ y }, { warmStart: first.codes })
      const solved = [...first.status.keys()].filter((i) => first.status[i] === 'converged')
      expect(solved.length).toBeGreaterThan(20)
      for (const i of solved) expect(again.steps[i]).toBe(0)
      const far = fromDense(normalBatch(rng(4), 30, 40))
      const cold = await encoder.encode({ y }, { warmStart: far, maxSteps: 0 })
      expect([...cold.codes.values]).toEqual([...far.values])
    })
  })

  it('are kept apart from rows that cannot be solved', async () => {
    await withGraphEncoder(problem, async (encoder) => {
      const whole = await encoder.encode({ y })
      const data = y.data.slice()
      data[20 * 3] = Number.NaN
      data[20 * 7 + 5] = Number.POSITIVE_INFINITY
      const found = await encoder.encode({ y: { shape: y.shape, data } })
      for (let i = 0; i < 30; i++) {
        if (i === 3 || i === 7) {
          expect(found.status[i]).toBe('nonFinite')
          expect(denseCode(found.codes, i).every((value) => value === 0)).toBe(true)
        } else expect(found.energy[i]).toBeCloseTo(whole.energy[i], 6)
      }
    })
  })
})
