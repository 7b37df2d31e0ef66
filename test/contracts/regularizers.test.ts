import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { weightedL1 } from '../../src/energy/regularizers/weightedL1.js'
import { regularizerKinds, restoreRegularizer } from '../../src/energy/restoreRegularizer.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { bestSubset } from '../reference/bruteForce.js'
import { type CodingProblem, correlations } from '../reference/codingProblem.js'
import { dot } from '../reference/linearAlgebra.js'
import { dualRatio, isConvex, penalty, ridgeOf } from '../reference/penalty.js'
import { leastProxEnergy, proxEnergy } from '../reference/prox.js'
import { slowSolver } from '../reference/slowSolver.js'
import { regularizerTable } from './regularizerTable.js'

const number = fc.double({ min: -8, max: 8, noNaN: true })
const vector = fc.array(number, { minLength: 1, maxLength: 5 })
const positive = fc.double({ min: 0.01, max: 4, noNaN: true })

it('covers every kind that exists', () => {
  expect(regularizerTable.map(({ kind }) => kind).sort()).toEqual([...regularizerKinds].sort())
})

for (const row of regularizerTable) {
  describe(row.kind, () => {
    const proxOf = (v: readonly number[], step: number, lambda: number): Float64Array => {
      const out = new Float64Array(v.length).fill(Number.NaN)
      row.make({ lambda }, v.length).prox(v, step, lambda, out)
      return out
    }

    it('has the value that its definition states, and 0 at 0', () => {
      fc.assert(
        fc.property(vector, positive, (z, lambda) => {
          const regularizer = row.make({ lambda }, z.length)
          const expected = penalty(regularizer.describe(), lambda, z)
          const value = regularizer.value(z, lambda)
          if (expected === Number.POSITIVE_INFINITY) expect(value).toBe(expected)
          else expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-12 * (1 + expected))
          expect(regularizer.value(new Float32Array(z.length), lambda)).toBe(0)
        }),
      )
    })

    it('has a prox that no search beats', () => {
      fc.assert(
        fc.property(vector, positive, positive, (v, step, lambda) => {
          const config = row.make({ lambda }, v.length).describe()
          const reached = proxEnergy(config, v, step, lambda, proxOf(v, step, lambda))
          expect(reached).toBeLessThanOrEqual(leastProxEnergy(config, v, step, lambda) * (1 + 1e-9) + 1e-12)
        }),
        { numRuns: row.kind === 'group' ? 8 : 100 },
      )
    })

    it('leaves its input alone and fills all of its output', () => {
      fc.assert(
        fc.property(vector, positive, positive, (v, step, lambda) => {
          const input = Float64Array.from(v)
          const out = new Float64Array(v.length).fill(Number.NaN)
          const regularizer = row.make({ lambda }, v.length)
          const described = JSON.stringify(regularizer.describe())
          regularizer.prox(input, step, lambda, out)
          regularizer.value(input, lambda)
          regularizer.lambdaMax(input)
          expect([...input]).toEqual(v)
          expect([...out].every(Number.isFinite)).toBe(true)
          expect(JSON.stringify(regularizer.describe())).toBe(described)
        }),
      )
    })

    it('lets everything through that it may as λ goes to 0', () => {
      fc.assert(
        fc.property(vector, positive, (v, step) => {
          const out = proxOf(v, step, 1e-12)
          const limit = row.limit(v, step)
          // L0 removes entries below √(2·step·λ).
          for (const [j, value] of limit.entries()) expect(Math.abs(out[j] - value)).toBeLessThanOrEqual(4e-6)
        }),
      )
    })

    it('comes back from its description', () => {
      fc.assert(
        fc.property(vector, positive, fc.boolean(), (v, strength, ratio) => {
          const made = row.make(ratio ? { lambdaRatio: strength / 5 } : { lambda: strength }, v.length)
          const back = restoreRegularizer(JSON.parse(JSON.stringify(made.describe())))
          expect(back.kind).toBe(row.kind)
          expect(back.describe()).toEqual(made.describe())
          expect(back.strength).toEqual(made.strength)
          expect(back.penalty).toEqual(made.penalty)
          expect(back.value(v, 0.7)).toBe(made.value(v, 0.7))
        }),
      )
    })

    if (isConvex(row.make({ lambda: 1 }, 5).describe())) {
      it('has a prox whose remainder is a subgradient', () => {
        fc.assert(
          fc.property(vector, positive, positive, (v, step, lambda) => {
            const config = row.make({ lambda }, v.length).describe()
            const z = proxOf(v, step, lambda)
            const scale = 1 + Math.max(...v.map(Math.abs)) / step
            const remainder = v.map((value, j) => (value - z[j]) / step - ridgeOf(config) * z[j])
            expect(dualRatio(config, lambda, remainder) - 1).toBeLessThanOrEqual((1e-12 * scale) / lambda)
            const linear = penalty({ ...config, ridge: 0 }, lambda, z)
            expect(Math.abs(dot(remainder, z) - linear)).toBeLessThanOrEqual(1e-11 * scale * (1 + linear))
          }),
        )
      })

      it('has a prox that brings no two points further apart', () => {
        fc.assert(
          fc.property(vector, fc.array(number, { minLength: 5, maxLength: 5 }), positive, (v, other, lambda) => {
            const w = other.slice(0, v.length)
            const a = proxOf(v, 0.7, lambda)
            const b = proxOf(w, 0.7, lambda)
            const moved = Array.from(a, (value, j) => value - b[j])
            // Firmly so: ‖a − b‖² ≤ (a − b)ᵀ(v − w).
            expect(dot(moved, moved)).toBeLessThanOrEqual(
              dot(
                moved,
                v.map((value, j) => value - w[j]),
              ) + 1e-11,
            )
          }),
        )
      })

      it('has an envelope whose slope is (v − prox)/step, by finite differences', () => {
        fc.assert(
          fc.property(vector, positive, positive, (v, step, lambda) => {
            const config = row.make({ lambda }, v.length).describe()
            const envelope = (x: readonly number[]) =>
              proxEnergy(config, x, step, lambda, proxOf(x, step, lambda)) / step
            const z = proxOf(v, step, lambda)
            const h = 1e-5
            for (let j = 0; j < v.length; j++) {
              const shifted = (by: number) => envelope(v.map((value, i) => (i === j ? value + by : value)))
              const slope = (shifted(h) - shifted(-h)) / (2 * h)
              expect(Math.abs(slope - (v[j] - z[j]) / step)).toBeLessThanOrEqual(1e-4 * (1 + 1 / step))
            }
          }),
        )
      })
    }

    it(row.constraint ? 'never forces 0' : 'forces 0 from λmax on, and not just below', () => {
      const random = rng(7)
      for (let trial = 0; trial < 40; trial++) {
        const k = 1 + random.integer(6)
        const m = row.orthogonalOnly ? 8 : 1 + random.integer(8)
        const atoms = row.orthogonalOnly
          ? Array.from({ length: k }, (_, j) => Array.from({ length: m }, (_, p) => (p === j ? 1 : 0)))
          : Array.from({ length: k }, () => Array.from({ length: m }, () => random.normal()))
        const y = Array.from({ length: m }, () => random.normal())
        const most = row.make({ lambda: 1 }, k).lambdaMax(correlations(atoms, y))
        if (row.constraint) {
          expect(most).toBe(Number.POSITIVE_INFINITY)
          continue
        }
        const half = 0.5 * dot(y, y)
        const least = (lambda: number) => {
          const config = row.make({ lambda }, k).describe()
          const problem: CodingProblem = { atoms, y, config, lambda }
          return isConvex(config)
            ? slowSolver(problem)
            : { upper: bestSubset(problem).energy, lower: bestSubset(problem).energy }
        }
        if (most === 0) {
          expect(row.kind).toBe('nonnegative')
          continue
        }
        expect(least(most * (1 + 1e-12)).lower).toBeGreaterThanOrEqual(half * (1 - 1e-12))
        expect(least(0.999 * most).upper).toBeLessThan(half * (1 - 1e-12))
      }
    })
  })
}

describe('strengths and parameters', () => {
  const strengths = [{}, { lambda: 1, lambdaRatio: 0.5 }, { lambda: 0 }, { lambda: -1 }, { lambda: Number.NaN }]
  const more = [
    { lambda: Number.POSITIVE_INFINITY },
    { lambdaRatio: 0 },
    { lambdaRatio: 1 },
    { lambdaRatio: Number.NaN },
  ]
  for (const row of regularizerTable.filter(({ constraint }) => !constraint)) {
    it(`${row.kind} refuses strengths that are none`, () => {
      for (const strength of [...strengths, ...more]) {
        // A caller without types may give anything.
        expect(() => row.make(strength as { lambda: number }, 3)).toThrow(ConfigurationError)
        expect(() => row.make(strength as { lambda: number }, 3)).toThrow(/lambda/)
      }
    })
  }

  it('say what is wrong with other parameters', () => {
    expect(() => elasticNet({ lambda: 1, ridge: -1 })).toThrow(/ridge.*0 or more; got -1/)
    expect(() => elasticNet({ lambda: 1, ridge: Number.NaN })).toThrow(/ridge/)
    expect(() => group({ lambda: 1, groupSize: 0 })).toThrow(/groupSize.*1 or more; got 0/)
    expect(() => topK({ active: 1.5 })).toThrow(/active.*whole number/)
    expect(() => weightedL1({ lambda: 1, weights: [1, 0] })).toThrow(/weight 1 is 0/)
    expect(() => weightedL1({ lambda: 1, weights: [Number.POSITIVE_INFINITY] })).toThrow(/weight 0/)
    expect(() => restoreRegularizer({ kind: 'group', lambda: 1 })).toThrow(/group needs groupSize/)
    expect(() => restoreRegularizer(JSON.parse('{"kind":"l2","lambda":1}'))).toThrow(/no regularizer "l2".*elastic-net/)
    expect(() => l1(JSON.parse('{"lambda":"1"}'))).toThrow(ConfigurationError)
  })

  it('treat a ridge of 0 as plain L1', () => {
    const out = new Float64Array(2)
    elasticNet({ lambda: 1, ridge: 0 }).prox([3, -0.5], 0.5, 1, out)
    expect([...out]).toEqual([2.5, 0])
  })
})
