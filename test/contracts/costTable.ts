import type { Cost } from '../../src/energy/cost.js'
import { bernoulli } from '../../src/energy/costs/bernoulli.js'
import { categorical } from '../../src/energy/costs/categorical.js'
import { huber } from '../../src/energy/costs/huber.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'

/** A cost in the contract: one row makes it pass every test of `costs.test.ts`. */
export interface CostRow {
  readonly kind: string
  make(): Cost
  /** C of one observation, restated from its definition with logarithms of probabilities and the like. */
  naive(y: readonly number[], yHat: readonly number[]): number
  /** What is shown for a decoder's output. */
  mean(yHat: readonly number[]): number[]
  /** An observation that the cost has a meaning for, from any numbers. */
  observation(values: readonly number[]): number[]
  /** Observations that it has none for, with what the message says. */
  readonly refused: readonly (readonly [number[], RegExp])[]
}

const softmax = (values: readonly number[]) => {
  const top = Math.max(...values)
  const all = values.map((value) => Math.exp(value - top))
  const sum = all.reduce((a, b) => a + b)
  return all.map((value) => value / sum)
}
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value))
const identity = (values: readonly number[]) => [...values]
const delta = 0.7

export const costTable: readonly CostRow[] = [
  {
    kind: 'squared-error',
    make: squaredError,
    naive: (y, yHat) => y.reduce((sum, value, i) => sum + ((value - yHat[i]) * (value - yHat[i])) / 2, 0),
    mean: identity,
    observation: identity,
    refused: [],
  },
  {
    kind: 'bernoulli',
    make: bernoulli,
    naive: (y, yHat) =>
      y.reduce((sum, value, i) => {
        const p = sigmoid(yHat[i])
        return sum - value * Math.log(p) - (1 - value) * Math.log(1 - p)
      }, 0),
    mean: (yHat) => yHat.map(sigmoid),
    observation: (values) => values.map(sigmoid),
    refused: [
      [[0, 1.5], /hold 1\.5.*0 to 1.*squared-error.*gaussian/],
      [[-0.25, 0], /hold -0\.25/],
    ],
  },
  {
    kind: 'categorical',
    make: categorical,
    naive: (y, yHat) => {
      const p = softmax(yHat)
      return y.reduce((sum, value, i) => sum - value * Math.log(p[i]), 0)
    },
    mean: softmax,
    observation: softmax,
    refused: [
      [[0.5, 0.25], /sum to 0\.75.*sum 1.*oneHot/],
      [[1.5, -0.5], /-0\.5 among them/],
    ],
  },
  {
    kind: 'huber',
    make: () => huber({ delta }),
    naive: (y, yHat) =>
      y.reduce((sum, value, i) => {
        const far = Math.abs(value - yHat[i])
        return sum + (far <= delta ? far ** 2 / 2 : delta * far - delta ** 2 / 2)
      }, 0),
    mean: identity,
    observation: identity,
    refused: [],
  },
]
