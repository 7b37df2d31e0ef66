import { describe, expect, it } from 'vitest'
import { add, gradient, input, mul, type Sym, sum } from '../../src/graph/index.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { cases } from './cases.js'
import { type Feed, feedsOf, symbolsOf } from './feeds.js'

const BATCH = 2

/** Weights for a tensor, so that every entry counts for itself. */
function probe(name: string, sym: Sym, feeds: Record<string, Feed>): Sym {
  const shape = sym.shape.map((size) => (size === 'n' ? BATCH : size))
  const count = shape.reduce((product, size) => product * size, 1)
  feeds[name] = { shape, data: Array.from({ length: count }, (_, i) => Math.sin(2.3 * i + 1) + 0.2) }
  return sum(mul(sym, input(name, sym.shape)))
}

/** Directions in which to step: one through all entries at once, and some entries alone. */
function directions(count: number): number[][] {
  const alone = Array.from({ length: Math.min(count, 6) }, (_, i) => Math.floor((i * count) / Math.min(count, 6)))
  const all = Array.from({ length: count }, (_, i) => Math.cos(1.7 * i + 0.3))
  return [all, ...alone.map((place) => all.map((_, i) => (i === place ? 1 : 0)))]
}

/** Compares derivatives of a scalar with central differences. */
function checkDerivatives(scalar: Sym, wrt: Record<string, Sym>, feeds: Record<string, Feed>): Sym[] {
  const names = Object.keys(wrt)
  const gradients = gradient(scalar, Object.values(wrt))
  const found = evaluateGraph(Object.fromEntries(gradients.map((g, i) => [names[i], g])), feeds)
  const at = (name: string, direction: readonly number[], step: number) => {
    const data = feeds[name].data.map((value, i) => value + step * direction[i])
    return evaluateGraph({ scalar }, { ...feeds, [name]: { ...feeds[name], data } }).scalar.data[0]
  }
  const h = 1e-5
  for (const name of names) {
    const { shape, data } = found[name]
    expect(shape, `the shape of the derivative to ${name}`).toEqual(feeds[name].shape)
    for (const direction of directions(data.length)) {
      const slope = data.reduce((sum, value, i) => sum + value * direction[i], 0)
      const difference = (at(name, direction, h) - at(name, direction, -h)) / (2 * h)
      const scale = Math.max(1, ...data.map(Math.abs)) * Math.hypot(...direction)
      expect(Math.abs(slope - difference) / scale, `d/d${name} along [${direction}]`).toBeLessThan(1e-7)
    }
  }
  return gradients
}

describe('derivatives are what finite differences show, and so are derivatives of derivatives', () => {
  for (const each of cases) {
    it(`${each.operation} ${each.name}`, () => {
      const feeds = feedsOf(each, BATCH)
      const symbols = symbolsOf(each)
      const smooth = Object.fromEntries(Object.entries(symbols).filter(([, { type }]) => type === 'float32'))
      const first = probe('probe', each.build(...Object.values(symbols)), feeds)
      const gradients = checkDerivatives(first, smooth, feeds)
      const parts = gradients.map((g, i) => probe(`probe${i}`, g, feeds))
      checkDerivatives(
        parts.reduce((total, part) => add(total, part)),
        smooth,
        feeds,
      )
    })
  }
})
