import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineCost } from '../../src/energy/cost.js'
import { oneHot } from '../../src/energy/costs/categorical.js'
import { huber } from '../../src/energy/costs/huber.js'
import { costKinds, restoreCost } from '../../src/energy/restoreCost.js'
import { encodeOnnx, gradient, input, sum } from '../../src/graph/index.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ConfigurationError, DataError } from '../../src/tensor/errors.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { costTable } from './costTable.js'

const number = fc.double({ min: -5, max: 5, noNaN: true })
/** Pairs of rows: values for y, and ŷ. */
const rowsOf = (size: number) =>
  fc.array(
    fc.tuple(
      fc.array(number, { minLength: size, maxLength: size }),
      fc.array(number, { minLength: size, maxLength: size }),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )

const batch = (rows: readonly (readonly number[])[]) => ({ shape: [rows.length, rows[0].length], data: rows.flat() })

it('covers every ready cost', () => {
  expect(costTable.map(({ kind }) => kind).sort()).toEqual([...costKinds].sort())
})

for (const row of costTable) {
  describe(row.kind, () => {
    const cost = row.make()
    const y = input('y', ['n', 3])
    const yHat = input('yHat', ['n', 3])
    const value = cost.value(y, yHat)
    const slope = gradient(sum(value), [yHat])[0]

    it('gives one number an observation, the one that its definition states', () => {
      expect(value.shape).toEqual(['n'])
      fc.assert(
        fc.property(rowsOf(3), (pairs) => {
          const ys = pairs.map(([values]) => row.observation(values))
          const hats = pairs.map(([, values]) => values)
          const { value: found } = evaluateGraph({ value }, { y: batch(ys), yHat: batch(hats) })
          for (const [i, hat] of hats.entries()) {
            const expected = row.naive(ys[i], hat)
            expect(Math.abs(Number(found.data[i]) - expected)).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(expected)))
          }
        }),
      )
    })

    it('has the derivative that finite differences give', () => {
      fc.assert(
        fc.property(rowsOf(3), (pairs) => {
          const ys = pairs.map(([values]) => row.observation(values))
          const hats = pairs.map(([, values]) => [...values])
          const { slope: found } = evaluateGraph({ slope }, { y: batch(ys), yHat: batch(hats) })
          const h = 1e-6
          for (const [i, hat] of hats.entries()) {
            for (let p = 0; p < 3; p++) {
              const shifted = (by: number) =>
                row.naive(
                  ys[i],
                  hat.map((v, at) => (at === p ? v + by : v)),
                )
              const expected = (shifted(h) - shifted(-h)) / (2 * h)
              expect(Math.abs(Number(found.data[3 * i + p]) - expected)).toBeLessThanOrEqual(
                1e-5 * (1 + Math.abs(expected)),
              )
            }
          }
        }),
        { numRuns: 30 },
      )
    })

    it('shows the mean of y under the model', () => {
      fc.assert(
        fc.property(rowsOf(3), (pairs) => {
          const hats = pairs.map(([, values]) => values)
          const { mean } = evaluateGraph({ mean: cost.mean(yHat) }, { yHat: batch(hats) })
          const expected = hats.flatMap((hat) => row.mean(hat))
          for (const [i, wanted] of expected.entries()) expect(Number(mean.data[i])).toBeCloseTo(wanted, 10)
        }),
      )
    })

    it('is the same in ONNX Runtime, in single and in double precision, and for pictures', async () => {
      const shape = [2, 2, 3]
      const hats = Array.from({ length: 12 }, (_, i) => 3 * Math.sin(1 + 2.3 * i))
      const ys = [0, 3, 6, 9].flatMap((at) => row.observation(hats.slice(at, at + 3).map((v) => 0.5 * v + 0.3)))
      for (const type of ['float32', 'float64'] as const) {
        const [a, b] = ['y', 'yHat'].map((name) => input(name, ['n', 2, 3], type))
        const program = await (await runtime({ threads: 1 })).compile(
          encodeOnnx({ outputs: { value: cost.value(a, b) } }),
        )
        const numbers = type === 'float32' ? Float32Array : Float64Array
        const found = await program.run({
          y: { shape, data: numbers.from(ys) },
          yHat: { shape, data: numbers.from(hats) },
        })
        program.dispose()
        for (const i of [0, 1]) {
          const expected = [0, 3].reduce((total, at) => {
            const from = 6 * i + at
            return total + row.naive(ys.slice(from, from + 3), hats.slice(from, from + 3))
          }, 0)
          const tolerance = type === 'float32' ? 2e-6 : 1e-12
          expect(Math.abs(Number(found.value.data[i]) - expected)).toBeLessThanOrEqual(
            tolerance * (1 + Math.abs(expected)),
          )
        }
      }
    })

    it('comes back from its description', () => {
      const back = restoreCost(JSON.parse(JSON.stringify(cost.describe())))
      expect(back.describe()).toEqual(cost.describe())
      expect(back.quadratic).toBe(cost.quadratic)
      const feeds = { y: batch([row.observation([0.3, 0.1, 2])]), yHat: batch([[1, -2, 0.4]]) }
      expect(evaluateGraph({ value: back.value(y, yHat) }, feeds)).toEqual(evaluateGraph({ value }, feeds))
    })

    it('takes what it has a meaning for, and refuses the rest in a sentence', () => {
      const taken = row.observation([0.2, -0.4])
      expect(() => cost.check?.({ shape: [1, 2], data: Float32Array.from(taken) }, 'Observations')).not.toThrow()
      for (const [values, message] of row.refused) {
        const given = { shape: [1, 2], data: Float32Array.from(values) }
        expect(() => cost.check?.(given, 'Observations')).toThrow(DataError)
        expect(() => cost.check?.(given, 'Observations')).toThrow(message)
      }
    })
  })
}

describe('parameters and labels', () => {
  it('say what is wrong', () => {
    expect(() => huber({ delta: 0 })).toThrow(/delta.*above 0; got 0/)
    expect(() => huber({ delta: Number.NaN })).toThrow(ConfigurationError)
    expect(() => restoreCost({ kind: 'hinge' })).toThrow(/no cost "hinge".*squared-error.*huber/)
  })

  it('become probabilities, unless they are out of range', () => {
    expect([...oneHot([2, 0], 3).data]).toEqual([0, 0, 1, 1, 0, 0])
    expect(() => oneHot([0, 3], 3)).toThrow(/Label 1 is 3; with 3 classes.*0 to 2/)
    expect(() => oneHot([0.5], 3)).toThrow(DataError)
    expect(() => oneHot([-1], 3)).toThrow(DataError)
    for (const classes of [0, -1, 1.5, Number.NaN]) {
      expect(() => oneHot([0], classes)).toThrow(ConfigurationError)
      expect(() => oneHot([0], classes)).toThrow(/classes must be a whole number, 1 or more; got/)
    }
  })

  it('of your own are called by their names', () => {
    const y = input('y', ['n', 2])
    const raw = defineCost({ name: 'raw', value: (_, yHat) => yHat })
    expect(raw.name).toBe('raw')
    expect(() => raw.value(y, y)).toThrow(/The cost "raw" returned the shape \[n×2\]; \[n\] is expected/)
    expect(() => defineCost({ name: '', value: (_, yHat) => yHat })).toThrow(/A cost needs a name/)
  })

  it('keep large logits finite', () => {
    const [y, yHat] = ['y', 'yHat'].map((name) => input(name, ['n', 2]))
    for (const kind of ['bernoulli', 'categorical']) {
      const cost = restoreCost({ kind })
      const feeds = { y: batch([[1, 0]]), yHat: batch([[900, -900]]) }
      expect(Number(evaluateGraph({ value: cost.value(y, yHat) }, feeds).value.data[0])).toBeCloseTo(0, 12)
    }
  })
})
