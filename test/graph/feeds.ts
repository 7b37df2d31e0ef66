import type { Sym } from '../../src/graph/index.js'
import { input } from '../../src/graph/index.js'
import { rng } from '../../src/tensor/random.js'
import type { Case } from './cases.js'

/** Numbers for an input, exact in single precision. */
export interface Feed {
  readonly shape: readonly number[]
  readonly data: number[]
}

/** Random numbers for the inputs of a case, for a batch of `batch`. */
export function feedsOf({ inputs, operation, name }: Case, batch: number): Record<string, Feed> {
  const random = rng([...operation, ...name].reduce((seed, letter) => (seed * 31 + letter.charCodeAt(0)) >>> 0, 7))
  return Object.fromEntries(
    Object.entries(inputs).map(([key, { shape, type, range: [low, high] = [-2, 2] }]) => {
      const closed = shape.map((size) => (size === 'n' ? batch : size))
      const draw = () => low + (high - low) * random.uniform()
      const number = type === 'int64' ? () => Math.floor(draw()) : () => Math.fround(draw())
      const count = closed.reduce((product, size) => product * size, 1)
      return [key, { shape: closed, data: Array.from({ length: count }, number) }]
    }),
  )
}

/** The inputs of a case as symbolic tensors. */
export const symbolsOf = ({ inputs }: Case): Record<string, Sym> =>
  Object.fromEntries(Object.entries(inputs).map(([key, { shape, type }]) => [key, input(key, shape, type)]))
