import { describe, expect, it } from 'vitest'
import * as graph from '../../src/graph/index.js'
import { encodeOnnx, input, mul, type Sym, sum } from '../../src/graph/index.js'
import type { Value } from '../../src/runtime/runtime.js'
import { runtime } from '../../src/runtime/runtime.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import type { Values } from '../reference/evaluateGraphTensors.js'
import { cases, loops } from './cases.js'
import { type Feed, feedsOf, symbolsOf } from './feeds.js'
import { outputsOf } from './models.js'

/** What a run is fed with. */
const fed = (feeds: Record<string, Feed>, symbols: Record<string, Sym>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, data: symbols[name].type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data) },
    ]),
  )

function expectClose(found: Value, expected: Values, what: string): void {
  expect(found.shape, `the shape of ${what}`).toEqual(expected.shape)
  const scale = Math.max(1, ...expected.data.map(Math.abs))
  for (const [i, value] of expected.data.entries()) {
    expect(Math.abs(Number(found.data[i]) - value) / scale, `${what}[${i}], expected ${value}`).toBeLessThan(1e-5)
  }
}

describe('onnxruntime gives the numbers of the interpreter', () => {
  for (const each of [...cases, ...loops]) {
    it(`${each.operation} ${each.name}`, async () => {
      const symbols = symbolsOf(each)
      const outputs = outputsOf(each, symbols)
      const program = await (await runtime({ threads: 1 })).compile(
        encodeOnnx({ inputs: Object.values(symbols), outputs }),
      )
      for (const batch of [1, 3]) {
        const feeds = feedsOf(each, batch)
        const found = await program.run(fed(feeds, symbols))
        const expected = evaluateGraph(outputs, feeds)
        for (const name of Object.keys(outputs))
          expectClose(found[name], expected[name], `${name} of a batch of ${batch}`)
      }
      program.dispose()
    })
  }
})

describe('the table of cases', () => {
  it('has every operation', () => {
    const apart = ['constant', 'encodeOnnx', 'gradient', 'input']
    const operations = Object.keys(graph).filter((name) => !apart.includes(name))
    expect(operations.length).toBeGreaterThan(50)
    expect([...new Set([...cases, ...loops].map(({ operation }) => operation))].sort()).toEqual(operations.sort())
  })
})

describe('an empty batch', () => {
  const open = cases.filter(({ inputs }) => Object.values(inputs).some(({ shape }) => shape[0] === 'n'))
  const empty = [
    'add',
    'shrink',
    'sumPerObservation',
    'reshape',
    'matmul',
    'linear',
    'softmax',
    'concat',
    'gather',
    'expand',
  ]
  // ONNX Runtime does not broadcast an empty batch against the leading axes of another factor.
  const unable = ['of batches, turned', 'of batches that broadcast']
  for (const each of open.filter(({ operation, name }) => empty.includes(operation) && !unable.includes(name))) {
    it(`goes through ${each.operation} ${each.name}`, async () => {
      const symbols = symbolsOf(each)
      const result = each.build(...Object.values(symbols))
      const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ outputs: { result } }))
      const feeds = feedsOf(each, 0)
      const needed = Object.fromEntries(program.inputs.map((name) => [name, feeds[name]]))
      const found = await program.run(fed(needed, symbols))
      expectClose(found.result, evaluateGraph({ result }, feeds).result, 'the result')
      program.dispose()
    })
  }
})

describe('double precision', () => {
  it('is kept where it is asked for', async () => {
    const x = input('x', ['n', 3], 'float64')
    const result = sum(mul(mul(x, x), 0.1), 1)
    const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ outputs: { result } }))
    const data = Float64Array.of(1 / 3, 2 / 3, Math.PI)
    const found = await program.run({ x: { shape: [1, 3], data } })
    expect(found.result.data[0]).toBeCloseTo(0.1 * (1 / 9 + 4 / 9 + Math.PI ** 2), 14)
    program.dispose()
  })
})
