import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineRegularizer, type GraphRegularizer } from '../../src/energy/graphRegularizer.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { graphRegularizerKinds, restoreGraphRegularizer } from '../../src/energy/restoreGraphRegularizer.js'
import { abs, constant, encodeOnnx, gradient, input, mul, sum, sumPerObservation } from '../../src/graph/index.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { dot } from '../reference/linearAlgebra.js'
import { dualRatio, penalty } from '../reference/penalty.js'
import { graphRegularizerTable } from './regularizerTable.js'

const size = 5
const number = fc.double({ min: -4, max: 4, noNaN: true })
const positive = fc.double({ min: 0.05, max: 3, noNaN: true })
const code = fc.array(number, { minLength: size, maxLength: size })
const codes = fc.array(code, { minLength: 1, maxLength: 3 })
const batch = (rows: readonly (readonly number[])[]) => ({ shape: [rows.length, size], data: rows.flat() })
const column = (values: readonly number[]) => ({ shape: [values.length, 1], data: [...values] })
const rowOf = (data: ArrayLike<number>, i: number) => Array.from({ length: size }, (_, j) => Number(data[i * size + j]))

const z = input('z', ['n', size])
const own = { step: input('step', ['n', 1]), lambda: input('lambda', ['n', 1]) }
const shared = { step: input('step', []), lambda: input('lambda', []) }

it('covers every kind that a graph can hold', () => {
  expect(graphRegularizerTable.map(({ kind }) => kind).sort()).toEqual([...graphRegularizerKinds].sort())
})

for (const row of graphRegularizerTable) {
  describe(row.kind, () => {
    it('has the value and the prox of its plain form, each row with a λ and a step of its own', () => {
      const { symbolic } = row.make(1, size)
      const outputs = { value: symbolic.value(z, own.lambda), moved: symbolic.prox!(z, own.step, own.lambda) }
      expect(outputs.value.shape).toEqual(['n'])
      fc.assert(
        fc.property(codes, positive, positive, (rows, step, lambda) => {
          const steps = rows.map((_, i) => step * (1 + i))
          const lambdas = rows.map((_, i) => lambda / (1 + i))
          const found = evaluateGraph(outputs, { z: batch(rows), step: column(steps), lambda: column(lambdas) })
          for (const [i, values] of rows.entries()) {
            const plain = row.make(lambdas[i], size)
            const expected = plain.value(values, lambdas[i])
            if (Number.isFinite(expected)) expect(Number(found.value.data[i])).toBeCloseTo(expected, 10)
            else expect(Number(found.value.data[i])).toBe(expected)
            const out = new Float64Array(size)
            plain.prox(values, steps[i], lambdas[i], out)
            const moved = rowOf(found.moved.data, i)
            for (const [j, wanted] of out.entries()) expect(moved[j]).toBeCloseTo(wanted, 10)
            // No point is better, this one included.
            const at = (point: readonly number[]) =>
              point.reduce((total, v, j) => total + (v - values[j]) ** 2 / 2, 0) +
              steps[i] * penalty(plain.describe(), lambdas[i], point)
            expect(at(moved)).toBeLessThanOrEqual(at([...out].map((v) => 0.99 * v)) + 1e-9)
          }
        }),
        { numRuns: 40 },
      )
    })

    it('takes one λ and one step for all rows, and a step of 0, which moves only what R forbids', () => {
      const { symbolic } = row.make(0.4, size)
      const outputs = {
        moved: symbolic.prox!(z, shared.step, shared.lambda),
        value: symbolic.value(symbolic.prox!(z, shared.step, shared.lambda), shared.lambda),
      }
      fc.assert(
        fc.property(codes, (rows) => {
          const feeds = { z: batch(rows), step: { shape: [], data: [0] }, lambda: { shape: [], data: [0.4] } }
          const found = evaluateGraph(outputs, feeds)
          expect([...found.value.data].every((value) => Number.isFinite(Number(value)))).toBe(true)
          for (const [i, values] of rows.entries()) {
            if (!Number.isFinite(row.make(0.4, size).value(values, 0.4))) continue
            for (const [j, moved] of rowOf(found.moved.data, i).entries()) expect(moved).toBeCloseTo(values[j], 12)
          }
        }),
        { numRuns: 20 },
      )
    })

    it('is the same in ONNX Runtime, in single and in double precision', async () => {
      const random = rng(3)
      const rows = Array.from({ length: 6 }, (_, i) =>
        Array.from({ length: size }, () => (i === 5 ? 0 : random.normal())),
      )
      const regularizer = row.make(0.3, size)
      for (const type of ['float32', 'float64'] as const) {
        const code = input('z', ['n', size], type)
        const lambda = constant(0.3, type)
        const moved = regularizer.symbolic.prox!(code, constant(0.5, type), lambda)
        const bytes = encodeOnnx({ outputs: { moved, value: regularizer.symbolic.value(moved, lambda) } })
        const program = await (await runtime({ threads: 1 })).compile(bytes)
        const numbers = type === 'float32' ? Float32Array : Float64Array
        const found = await program.run({ z: { shape: [6, size], data: numbers.from(rows.flat()) } })
        program.dispose()
        for (const [i, values] of rows.entries()) {
          const out = new Float64Array(size)
          regularizer.prox(values, 0.5, 0.3, out)
          for (const [j, wanted] of out.entries()) expect(Number(found.moved.data[i * size + j])).toBeCloseTo(wanted, 5)
          expect(Number(found.value.data[i])).toBeCloseTo(regularizer.value(out, 0.3), 5)
        }
      }
    })

    it('has a gradient where it says that it is smooth, by finite differences', () => {
      const { symbolic } = row.make(0.8, size)
      if (!symbolic.smooth) return
      const slope = gradient(sum(symbolic.value(z, shared.lambda)), [z])[0]
      fc.assert(
        fc.property(code, (values) => {
          const feeds = { z: batch([values]), lambda: { shape: [], data: [0.8] } }
          const found = evaluateGraph({ slope }, feeds).slope.data
          const plain = row.make(0.8, size)
          for (let j = 0; j < size; j++) {
            const at = (by: number) =>
              plain.value(
                values.map((v, i) => (i === j ? v + by : v)),
                0.8,
              )
            expect(Number(found[j])).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 5)
          }
        }),
      )
    })

    const { dual } = row.make(1, size).symbolic
    if (dual) {
      it('has a conjugate that bounds the value from below, and touches it', () => {
        const c = input('c', ['n', size])
        const outputs = { scale: dual.scale(c, own.lambda), conjugate: dual.conjugate(c, own.lambda) }
        fc.assert(
          fc.property(code, code, positive, (correlations, values, lambda) => {
            const config = row.make(lambda, size).describe()
            const found = evaluateGraph(outputs, { c: batch([correlations]), lambda: column([lambda]) })
            const [scale, conjugate] = [Number(found.scale.data[0]), Number(found.conjugate.data[0])]
            expect(scale).toBeGreaterThanOrEqual(0)
            expect(scale).toBeLessThanOrEqual(1)
            const scaled = correlations.map((value) => scale * value)
            const g = (point: readonly number[]) =>
              penalty(config, lambda, point) - (dual.ridge / 2) * dot(point, point)
            // Fenchel and Young: cᵀz ≤ g(z) + g*(c) for every z.
            expect(dot(scaled, values)).toBeLessThanOrEqual(g(values) + conjugate + 1e-9)
            if (config.kind === 'l2' || config.kind === 'limited-noise') {
              expect(scale).toBe(1)
              const best =
                config.kind === 'l2'
                  ? correlations.map((value) => value / lambda)
                  : correlations.map((value) => (value * config.radius!) / Math.max(Math.hypot(...correlations), 1e-15))
              expect(conjugate).toBeCloseTo(dot(correlations, best) - g(best), 6)
            } else {
              expect(conjugate).toBe(0)
              const ratio = dualRatio(config, lambda, correlations)
              expect(scale).toBeCloseTo(Math.min(1, 1 / ratio), 9)
            }
          }),
        )
      })
    }
  })
}

describe('L2 and noise with limited norm', () => {
  it('come back from their descriptions', () => {
    for (const made of [l2({ lambda: 0.3 }), limitedNoise({ radius: 2, deviation: 0.25 })]) {
      const back = restoreGraphRegularizer(JSON.parse(JSON.stringify(made.describe())))
      expect(back.describe()).toEqual(made.describe())
      expect(back.noise).toBe((made as GraphRegularizer).noise)
    }
    expect(restoreGraphRegularizer({ kind: 'l1', lambda: 2 }).describe()).toEqual({ kind: 'l1', lambda: 2 })
  })

  it('say what is wrong with their parameters', () => {
    expect(() => l2({ lambda: -1 })).toThrow(/lambda.*above 0; got -1/)
    expect(() => limitedNoise({ radius: 0, deviation: 1 })).toThrow(/radius.*above 0; got 0/)
    expect(() => limitedNoise({ radius: 1, deviation: -1 })).toThrow(/deviation.*0 or more; got -1/)
    expect(() => restoreGraphRegularizer({ kind: 'l2' })).toThrow(/l2 needs lambda/)
    expect(() => restoreGraphRegularizer({ kind: 'limited-noise', radius: 1 })).toThrow(/needs deviation/)
    expect(() => restoreGraphRegularizer({ kind: 'own', name: 'mine' })).toThrow(/"mine".*your own.*definition/)
    expect(() => restoreGraphRegularizer({ kind: 'l3' })).toThrow(/no regularizer "l3".*limited-noise/)
  })

  it('do not compile where kernels solve', async () => {
    const atoms = { shape: [1, 2], data: Float32Array.of(1, 0) }
    // @ts-expect-error the kernels do not know l2
    const ridge = () => linearEncoder({ atoms, regularizer: l2({ lambda: 1 }) })
    // @ts-expect-error the kernels do not know noise
    const noise = () => linearEncoder({ atoms, regularizer: limitedNoise({ radius: 1, deviation: 0 }) })
    expect([ridge, noise]).toHaveLength(2)
  })
})

describe('regularizers of your own', () => {
  it('are what their functions say', () => {
    const mine = defineRegularizer({
      name: 'mine',
      lambda: 2,
      value: (code, lambda) => mul(lambda, sumPerObservation(abs(code))),
    })
    expect(mine.symbolic.smooth).toBe(true)
    expect(mine.describe()).toEqual({ kind: 'own', name: 'mine', lambda: 2 })
    const found = evaluateGraph({ value: mine.symbolic.value(z, constant(2)) }, { z: batch([[1, -2, 0, 0, 0]]) })
    expect(Number(found.value.data[0])).toBe(6)
    expect(() => defineRegularizer({ name: 'mine', lambda: -1, value: (code) => code })).toThrow(ConfigurationError)
  })

  it('are called by their names', () => {
    const flat = defineRegularizer({ name: 'flat', value: (code) => code, prox: (v) => sumPerObservation(v) })
    expect(flat.name).toBe('flat')
    expect(() => flat.symbolic.value(z, constant(1))).toThrow(/The regularizer "flat" returned the shape/)
    expect(() => flat.symbolic.prox?.(z, constant(1), constant(1))).toThrow(/The prox of the regularizer "flat"/)
    expect(() => defineRegularizer({ name: '', value: (code) => code })).toThrow(/A regularizer needs a name/)
  })
})

describe('settings that are more than a code has', () => {
  const one = input('z', ['n', 1])
  it.each([[{ kind: 'top-k', active: 5 }, /active is 5, and a code has one number; active may be 1 at most/]])(
    '%j is refused for one number',
    (config, sentence) => {
      const { value, prox } = restoreGraphRegularizer(config).symbolic
      expect(() => value(one, constant(1))).toThrow(ConfigurationError)
      expect(() => value(one, constant(1))).toThrow(sentence)
      expect(() => prox?.(input('z', ['n', 7]), constant(1), constant(1))).not.toThrow()
    },
  )
})
