import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dimension, Sym } from '../../src/graph/index.js'
import * as graph from '../../src/graph/index.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ShapeError } from '../../src/tensor/errors.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { broadcastShape, type Values } from '../reference/evaluateGraphTensors.js'

const { add, conv, convTranspose, encodeOnnx, gradient, input, mul, sum } = graph

/** Numbers for a tensor, exact in single precision; the open batch has `batch` entries. */
function numbers(shape: readonly Dimension[], batch: number, seed: number): Values {
  const closed = shape.map((size) => (size === 'n' ? batch : size))
  const count = closed.reduce((product, size) => product * size, 1)
  return { shape: closed, data: Float64Array.from({ length: count }, (_, i) => Math.fround(Math.sin(1.3 * i + seed))) }
}

/** Holds ONNX Runtime to the interpreter. */
async function compare(outputs: Record<string, Sym>, feeds: Record<string, Values>): Promise<void> {
  const expected = evaluateGraph(outputs, feeds)
  const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ outputs }))
  const found = await program.run(
    Object.fromEntries(
      program.inputs.map((name) => [name, { shape: feeds[name].shape, data: Float32Array.from(feeds[name].data) }]),
    ),
  )
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(found[name].shape).toEqual(shape)
    const scale = Math.max(1, ...data.map(Math.abs))
    for (const [i, value] of data.entries()) {
      expect(Math.abs(Number(found[name].data[i]) - value) / scale, `${name}[${i}]`).toBeLessThan(2e-5)
    }
  }
  program.dispose()
}

/** Two shapes that broadcast: some sizes are 1 on either side, and either may be shorter. */
const broadcasting = fc
  .record({
    shape: fc.array(fc.constantFrom<Dimension>(1, 2, 3, 'n'), { maxLength: 4 }),
    flat: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 4, maxLength: 4 }),
    cut: fc.tuple(fc.nat(4), fc.nat(4)),
  })
  .map(({ shape, flat, cut }) => {
    const side = (which: 0 | 1) =>
      shape.map((size, axis): Dimension => (flat[axis][which] ? 1 : size)).slice(Math.min(cut[which], shape.length))
    return [side(0), side(1)] as const
  })

describe('broadcasting', () => {
  it('announces the shapes that come out, and its derivatives have the shapes of what went in', async () => {
    await fc.assert(
      fc.asyncProperty(broadcasting, fc.integer({ min: 1, max: 3 }), async ([left, right], batch) => {
        const [a, b] = [input('a', left), input('b', right)]
        const result = add(mul(a, b), graph.maximum(a, b))
        const [da, db] = gradient(sum(mul(result, result)), [a, b])
        expect([da.shape, db.shape]).toEqual([left, right])
        const feeds = { a: numbers(left, batch, 1), b: numbers(right, batch, 2) }
        const announced = result.shape.map((size) => (size === 'n' ? batch : size))
        expect(announced).toEqual(broadcastShape([feeds.a.shape, feeds.b.shape]))
        await compare({ result, da, db }, feeds)
      }),
      { numRuns: 40 },
    )
  })

  it('is refused where it is not possible, and never otherwise', () => {
    const shape = fc.array(fc.constantFrom<Dimension>(1, 2, 3, 'n'), { maxLength: 3 })
    fc.assert(
      fc.property(shape, shape, (left, right) => {
        const length = Math.min(left.length, right.length)
        const [l, r] = [left.slice(left.length - length), right.slice(right.length - length)]
        const fits = l.every((size, i) => size === r[i] || size === 1 || r[i] === 1)
        const build = () => add(input('a', left), input('b', right))
        if (fits) expect(build).not.toThrow()
        else expect(build).toThrow(ShapeError)
      }),
    )
  })
})

describe('reductions and shapes', () => {
  const tensor = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axes: fc.subarray(shape.map((_, axis) => axis)),
      keepDims: fc.boolean(),
      permutation: fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      ),
    }),
  )

  it('agree with the interpreter over any axes and in any order', async () => {
    await fc.assert(
      fc.asyncProperty(tensor, async ({ shape, axes, keepDims, permutation }) => {
        const x = input('x', ['n', ...shape])
        const turned = graph.transpose(x, [...permutation.map((axis) => axis + 1), 0])
        const outputs = {
          mean: graph.mean(turned, axes, keepDims),
          most: graph.maxOver(turned, axes, keepDims),
          logs: graph.logSumExp(turned, axes, keepDims),
          flat: graph.reshape(graph.transpose(turned), ['n', -1]),
        }
        const total = Object.values(outputs)
          .map((sym) => sum(mul(sym, sym)))
          .reduce((p, q) => add(p, q))
        await compare({ ...outputs, slope: gradient(total, [x])[0] }, { x: numbers(x.shape, 2, 3) })
      }),
      { numRuns: 30 },
    )
  })
})

/** A convolution whose kernel fits, with one or two spatial axes. */
const window = fc.integer({ min: 1, max: 2 }).chain((rank) => {
  const each = <T>(values: fc.Arbitrary<T>) => fc.array(values, { minLength: rank, maxLength: rank })
  const small = fc.integer({ min: 1, max: 3 })
  return fc
    .record({
      sizes: each(fc.integer({ min: 1, max: 9 })),
      kernel: each(small),
      strides: each(small),
      dilations: each(small),
      padding: each(fc.tuple(fc.nat(3), fc.nat(3))),
      group: fc.integer({ min: 1, max: 2 }),
      channels: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    })
    .filter(({ sizes, kernel, dilations, padding }) =>
      sizes.every((size, i) => size + padding[i][0] + padding[i][1] >= (kernel[i] - 1) * dilations[i] + 1),
    )
})

describe('convolutions', () => {
  it('agree with the interpreter for any strides, dilations, padding and groups, with their derivatives', async () => {
    await fc.assert(
      fc.asyncProperty(window, async ({ sizes, kernel, channels: [inner, outer], group, ...rest }) => {
        const x = input('x', ['n', inner * group, ...sizes])
        const K = input('K', [outer * group, inner, ...kernel])
        const y = conv(x, K, { ...rest, group })
        const p = input('p', y.shape)
        const [dx, dK] = gradient(sum(mul(y, p)), [x, K])
        const q = input('q', dx.shape)
        const [dp, dK2] = gradient(sum(mul(dx, q)), [p, K])
        const feeds = {
          x: numbers(x.shape, 2, 1),
          K: numbers(K.shape, 2, 2),
          p: numbers(y.shape, 2, 3),
          q: numbers(x.shape, 2, 4),
        }
        await compare({ y, dx, dK, dp, dK2 }, feeds)
      }),
      { numRuns: 60 },
    )
  })

  it('are undone in shape by their transposes', () => {
    fc.assert(
      fc.property(window, ({ sizes, kernel, channels: [inner, outer], group, strides, dilations }) => {
        const x = input('x', ['n', inner * group, ...sizes])
        const K = input('K', [outer * group, inner, ...kernel])
        const options = { strides, dilations, group, padding: 'same' } as const
        const y = conv(x, K, options)
        expect(y.shape.slice(2)).toEqual(sizes.map((size, i) => Math.ceil(size / strides[i])))
        const back = convTranspose(y, K, options)
        expect(back.shape).toEqual([
          'n',
          inner * group,
          ...sizes.map((size, i) => Math.ceil(size / strides[i]) * strides[i]),
        ])
      }),
    )
  })
})

describe('programs', () => {
  const W = input('W', [3, 3])
  const steps: Readonly<Record<string, (x: Sym, before: Sym) => Sym>> = {
    tanh: graph.tanh,
    shrink: (x) => graph.shrink(x, 0.2),
    product: (x) => graph.matmul(x, W),
    turned: (x) => graph.matmul(x, graph.transpose(W)),
    'with what was before': (x, before) => mul(x, before),
    'minus what was before': (x, before) => graph.sub(before, x),
    normalized: (x) => graph.softmax(x),
    centred: (x) => graph.sub(x, graph.mean(x, 0)),
    scaled: (x) => graph.div(x, graph.sqrt(add(graph.sum(graph.square(x), 1, true), 0.5))),
    parted: (x) => graph.concat([graph.slice(x, { axis: 1, from: 2 }), graph.slice(x, { axis: 1, to: 2 })], 1),
    // Kinks and jumps lie where no program leads on purpose: rounding may put a number on either side of them.
    rectified: (x) => graph.relu(add(x, 0.3713)),
    summed: (x) => graph.expandLike(graph.mean(x), x),
    chosen: (x, before) => graph.where(graph.greater(x, 0.3179), x, mul(before, 0.5)),
  }

  it('agree with the interpreter, with their derivatives', async () => {
    const program = fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(program, async (names) => {
        const x = input('x', ['n', 3])
        let [before, now] = [x, x]
        for (const name of names) [before, now] = [now, steps[name](now, before)]
        const [dx, dW] = gradient(sum(mul(now, add(now, before))), [x, W])
        await compare({ now, dx, dW }, { x: numbers(x.shape, 4, 5), W: numbers(W.shape, 4, 6) })
      }),
      { numRuns: 60 },
    )
  })
})
