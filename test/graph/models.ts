import { add, encodeOnnx, gradient, mul, type Sym, sum } from '../../src/graph/index.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { type Case, cases, loops } from './cases.js'
import { type Feed, feedsOf, symbolsOf } from './feeds.js'

/** The result of a case, and its first and second derivatives where there are any. */
export function outputsOf(each: Case, symbols: Record<string, Sym>): Record<string, Sym> {
  const result = each.build(...Object.values(symbols))
  if (loops.includes(each)) return { result }
  const smooth = Object.entries(symbols).filter(([, { type }]) => type === 'float32')
  const wrt = smooth.map(([, sym]) => sym)
  const first = gradient(sum(mul(result, result)), wrt)
  const total = first.map((g) => sum(mul(g, g))).reduce((a, b) => add(a, b))
  const second = gradient(total, wrt)
  const outputs: Record<string, Sym> = { result }
  for (const [i, [name]] of smooth.entries()) {
    outputs[`d/d${name}`] = first[i]
    outputs[`second d/d${name}`] = second[i]
  }
  return outputs
}

/** Numbers as JSON has them. */
interface Listed {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** A model for another program to run: what it is fed with, and what must come out. */
export interface Model {
  readonly name: string
  readonly bytes: Uint8Array
  readonly runs: readonly {
    readonly feeds: Readonly<Record<string, Feed & { readonly type: string }>>
    readonly expected: Readonly<Record<string, Listed>>
  }[]
}

/** Every case as a model, with batches of two sizes. */
export function models(): Model[] {
  return [...cases, ...loops].map((each) => {
    const symbols = symbolsOf(each)
    const outputs = outputsOf(each, symbols)
    const runs = [1, 3].map((batch) => {
      const feeds = feedsOf(each, batch)
      const typed = Object.entries(feeds).map(([name, feed]) => [name, { ...feed, type: symbols[name].type }])
      const values = Object.entries(evaluateGraph(outputs, feeds))
      return {
        feeds: Object.fromEntries(typed),
        expected: Object.fromEntries(
          values.map(([name, { shape, data }]) => [name, { shape, data: Array.from(data) }]),
        ),
      }
    })
    const bytes = encodeOnnx({ name: each.operation, inputs: Object.values(symbols), outputs })
    return { name: `${each.operation} ${each.name}`, bytes, runs }
  })
}
