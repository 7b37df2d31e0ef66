import type { ConvolutionOptions, Dimension, ElementType, Sym } from '../../src/graph/index.js'
import * as operations from '../../src/graph/index.js'

const graph = { ...operations }

/** An input of a case: its type, and where its random numbers lie. */
export interface CaseInput {
  readonly shape: readonly Dimension[]
  readonly type?: ElementType
  readonly range?: readonly [number, number]
}

/** One use of an operation: every operation has at least one, with each of its ONNX forms. */
export interface Case {
  /** The function of src/graph/index.ts that it is about. */
  readonly operation: string
  readonly name: string
  readonly inputs: Readonly<Record<string, CaseInput>>
  build(...inputs: Sym[]): Sym
}

const matrix: CaseInput = { shape: ['n', 3] }
const positive: CaseInput = { shape: ['n', 3], range: [0.3, 2] }
const row: CaseInput = { shape: [3] }

const named = (operation: string, name: string, inputs: Case['inputs'], build: Case['build']): Case => ({
  operation,
  name,
  inputs,
  build,
})

/** A function of one tensor. */
const ofOne = (operation: keyof typeof graph, x: CaseInput = matrix): Case =>
  named(operation, 'of a matrix', { x }, graph[operation] as (x: Sym) => Sym)

/** A function of two tensors: of equal shapes, broadcast either way, and with a number. */
const ofTwo = (
  operation: 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum',
  b: Partial<CaseInput> = {},
): Case[] => {
  const apply = graph[operation]
  return [
    named(operation, 'of equals', { a: matrix, b: { ...matrix, ...b } }, apply),
    named(operation, 'with a row', { a: matrix, b: { ...row, ...b } }, apply),
    named(operation, 'of a column and a row', { a: { shape: ['n', 1] }, b: { ...row, ...b } }, apply),
    named(operation, 'with a scalar', { a: matrix, b: { shape: [], ...b } }, apply),
    named(operation, 'with a number', { a: matrix }, (a) => apply(a, 1.5)),
    named(operation, 'of a number', { a: { ...matrix, ...b } }, (a) => apply(1.5, a)),
  ]
}

const elementwise: Case[] = [
  ...(['add', 'sub', 'mul', 'maximum', 'minimum'] as const).flatMap((operation) => ofTwo(operation)),
  ...ofTwo('div', { range: [0.5, 2] }),
  ...(['neg', 'square', 'exp', 'abs', 'tanh', 'sigmoid', 'relu', 'softplus', 'erf', 'sin', 'cos'] as const).map(
    (name) => ofOne(name),
  ),
  ...(['sqrt', 'log', 'reciprocal'] as const).map((name) => ofOne(name, positive)),
  ofOne('sign'),
  ...[-1, 0, 0.5, 1, 2, 3, 2.5].map((p) => named('pow', `with exponent ${p}`, { x: positive }, (x) => graph.pow(x, p))),
  named('square', 'of a product with itself', { x: matrix }, (x) => graph.mul(x, x)),
  named('clip', 'between numbers', { x: matrix }, (x) => graph.clip(x, -0.5, 1)),
  named(
    'clip',
    'between scalars',
    { x: matrix, low: { shape: [], range: [-1, -0.5] }, high: { shape: [], range: [0.5, 1] } },
    graph.clip,
  ),
  named(
    'clip',
    'between rows',
    { x: matrix, low: { ...row, range: [-1, -0.5] }, high: { ...row, range: [0.5, 1] } },
    graph.clip,
  ),
  named('shrink', 'by a number', { v: matrix }, (v) => graph.shrink(v, 0.5)),
  named('shrink', 'by a scalar', { v: matrix, t: { shape: [], range: [0.1, 0.6] } }, graph.shrink),
  named('shrink', 'by a row', { v: matrix, t: { ...row, range: [0.1, 0.6] } }, graph.shrink),
]

const comparisons: Case[] = [
  ...(['greater', 'less', 'greaterEqual', 'lessEqual'] as const).map((operation) =>
    named(operation, 'chooses', { a: matrix, b: row }, (a, b) =>
      graph.where(graph[operation](a, b), a, graph.mul(b, 2)),
    ),
  ),
  named('equal', 'chooses', { a: matrix, b: row }, (a, b) => graph.where(graph.equal(a, graph.maximum(a, b)), a, b)),
  named('logicalAnd', 'chooses', { a: matrix, b: row }, (a, b) =>
    graph.where(graph.logicalAnd(graph.greater(a, 0), graph.less(b, 0.5)), a, b),
  ),
  named('logicalOr', 'chooses', { a: matrix, b: row }, (a, b) =>
    graph.where(graph.logicalOr(graph.greater(a, 0), graph.less(b, 0.5)), a, b),
  ),
  named('logicalNot', 'chooses', { a: matrix }, (a) => graph.where(graph.logicalNot(graph.greater(a, 0)), a, 0)),
  named('where', 'between a row and a number', { a: row, b: matrix }, (a, b) =>
    graph.mul(graph.where(graph.greater(b, 0), a, 2), b),
  ),
  named('cast', 'to whole numbers and back', { x: matrix }, (x) =>
    graph.mul(x, graph.cast(graph.cast(graph.mul(x, 3), 'int64'), 'float32')),
  ),
  named('cast', 'of truth values', { x: matrix }, (x) => graph.mul(x, graph.cast(graph.greater(x, 0.2), 'float32'))),
  named('stopGradient', 'of a part that matters no more', { x: matrix }, (x) =>
    graph.add(graph.square(x), graph.mul(graph.stopGradient(graph.sign(x)), 3)),
  ),
]

const block: CaseInput = { shape: ['n', 3, 2] }
const reductions: Case[] = (['sum', 'mean', 'maxOver', 'logSumExp'] as const).flatMap((operation) => [
  named(operation, 'over everything', { x: block }, (x) => graph[operation](x, [0, 1, 2])),
  named(operation, 'over the batch', { x: block }, (x) => graph[operation](x, 0)),
  named(operation, 'over the last axis, kept', { x: block }, (x) => graph[operation](x, -1, true)),
  named(operation, 'over two axes', { x: block }, (x) => graph[operation](x, [2, 1])),
  named(operation, 'over no axis', { x: block }, (x) => graph[operation](x, [])),
])

/** One number an observation, of sizes that split into products in different ways: into one, several and none. */
const entropies: Case[] = [[1], [3, 2], [134], [67], [70]].map((sizes) =>
  named(
    'crossEntropy',
    `of ${sizes.join('×')} an observation`,
    { y: { shape: ['n', ...sizes], range: [0, 1] }, logits: { shape: ['n', ...sizes], range: [-6, 6] } },
    graph.crossEntropy,
  ),
)

const normalizations: Case[] = (['softmax', 'logSoftmax'] as const).flatMap((operation) => [
  named(operation, 'along the last axis', { x: block }, (x) => graph[operation](x)),
  named(operation, 'along the second axis', { x: block }, (x) => graph[operation](x, 1)),
])

const shapes: Case[] = [
  named('sumPerObservation', 'of a block', { x: block }, graph.sumPerObservation),
  named('reshape', 'flattens', { x: block }, (x) => graph.reshape(x, ['n', -1])),
  named('reshape', 'without a batch', { x: { shape: [6] } }, (x) => graph.reshape(x, [2, 1, 3])),
  named('transpose', 'reverses', { x: block }, (x) => graph.transpose(x)),
  named('transpose', 'permutes', { x: block }, (x) => graph.transpose(x, [1, 2, 0])),
  named('slice', 'from the middle', { x: { shape: ['n', 5] } }, (x) => graph.slice(x, { axis: 1, from: 1, to: 4 })),
  named('slice', 'from the end', { x: block }, (x) => graph.slice(x, { axis: -2, from: -2 })),
  named('pad', 'on both sides', { x: block }, (x) => graph.pad(x, { axis: 1, before: 2, after: 1 })),
  named('concat', 'of three', { a: matrix, b: { shape: ['n', 1] }, c: matrix }, (...xs) => graph.concat(xs, 1)),
  named('concat', 'without a batch', { a: { shape: [2, 3] }, b: { shape: [1, 3] } }, (...xs) => graph.concat(xs, 0)),
  named(
    'gather',
    'rows of a table',
    { x: { shape: [4, 2] }, i: { shape: ['n'], type: 'int64', range: [0, 4] } },
    (x, i) => graph.gather(x, i),
  ),
  named(
    'gather',
    'columns, by a matrix of indices',
    { x: { shape: ['n', 4, 2] }, i: { shape: [2, 3], type: 'int64', range: [0, 4] } },
    (x, i) => graph.gather(x, i, 1),
  ),
  named('gather', 'by one index', { x: { shape: ['n', 4] }, i: { shape: [], type: 'int64', range: [-2, 4] } }, (x, i) =>
    graph.gather(x, i, 1),
  ),
  named('expand', 'to a batch', { x: row, y: matrix }, (x, y) =>
    graph.mul(graph.exp(graph.expand(x, ['n', 2, 3], y)), 2),
  ),
  named('expand', 'without a batch', { x: { shape: [3, 1] } }, (x) => graph.sin(graph.expand(x, [2, 3, 2]))),
  named('expandLike', 'a column', { x: { shape: ['n', 1] }, y: matrix }, (x, y) =>
    graph.concat([graph.expandLike(x, y), y], 1),
  ),
  named('zerosLike', 'under a function', { x: matrix }, (x) => graph.concat([graph.cos(graph.zerosLike(x)), x], 1)),
  named('onesLike', 'beside', { x: matrix }, (x) => graph.concat([graph.onesLike(x), x], 1)),
  named('batchSize', 'as a factor', { x: block }, (x) => graph.mul(x, graph.cast(graph.batchSize(x), 'float32'))),
]

const products: Case[] = [
  named('matmul', 'of matrices', { a: matrix, b: { shape: [3, 2] } }, graph.matmul),
  named('matmul', 'with the left turned', { a: { shape: [3, 'n'] }, b: { shape: [3, 2] } }, (a, b) =>
    graph.matmul(graph.transpose(a), b),
  ),
  named('matmul', 'with the right turned', { a: matrix, b: { shape: [2, 3] } }, (a, b) =>
    graph.matmul(a, graph.transpose(b)),
  ),
  named('matmul', 'with both turned', { a: { shape: [3, 'n'] }, b: { shape: [2, 3] } }, (a, b) =>
    graph.matmul(graph.transpose(a), graph.transpose(b)),
  ),
  named('matmul', 'of a batch with a matrix', { a: { shape: ['n', 2, 3] }, b: { shape: [3, 2] } }, graph.matmul),
  named('matmul', 'of batches', { a: { shape: ['n', 2, 3] }, b: { shape: ['n', 3, 1] } }, graph.matmul),
  named('matmul', 'of batches, turned', { a: { shape: ['n', 3, 2] }, b: { shape: [2, 3] } }, (a, b) =>
    graph.matmul(graph.transpose(a, [0, 2, 1]), graph.transpose(b)),
  ),
  named('matmul', 'of batches that broadcast', { a: { shape: ['n', 1, 2, 3] }, b: { shape: [2, 3, 2] } }, graph.matmul),
  named('matmul', 'of a matrix and a vector', { a: matrix, b: row }, graph.matmul),
  named('matmul', 'of a vector and a matrix', { a: row, b: { shape: [3, 2] } }, graph.matmul),
  named('matmul', 'of vectors', { a: row, b: row }, graph.matmul),
  named('linear', 'with a bias', { x: matrix, W: { shape: [2, 3] }, b: { shape: [2] } }, graph.linear),
  named('linear', 'added to a matrix', { x: matrix, W: { shape: [2, 3] }, b: { shape: ['n', 2] } }, graph.linear),
  named('linear', 'added to a column', { x: matrix, W: { shape: [2, 3] }, b: { shape: ['n', 1] } }, graph.linear),
  named('linear', 'without a bias', { x: matrix, W: { shape: [2, 3] } }, (x, W) => graph.linear(x, W)),
  named('linear', 'of blocks', { x: { shape: ['n', 2, 3] }, W: { shape: [2, 3] }, b: { shape: [2] } }, graph.linear),
  named('linear', 'of a vector', { x: row, W: { shape: [2, 3] }, b: { shape: [2] } }, graph.linear),
]

const image = (channels: number, ...sizes: number[]): CaseInput => ({ shape: ['n', channels, ...sizes] })
const kernel = (...shape: number[]): CaseInput => ({ shape })
const options: readonly [string, ConvolutionOptions][] = [
  ['plain', {}],
  ['with strides that leave a rest', { strides: [2, 3] }],
  ['of the same size', { padding: 'same' }],
  ['of the same size, with strides', { padding: 'same', strides: 2 }],
  ['with uneven padding', { padding: [[2, 0], 1], strides: [1, 2] }],
  ['with dilations', { dilations: [2, 1], padding: 1 }],
  ['with everything', { strides: [3, 2], dilations: [1, 2], padding: [[1, 2], 2] }],
]
const convolutions: Case[] = [
  ...options.map(([name, option]) =>
    named('conv', name, { x: image(2, 6, 7), K: kernel(3, 2, 3, 2) }, (x, K) => graph.conv(x, K, option)),
  ),
  ...options.map(([name, option]) =>
    named('convTranspose', name, { x: image(3, 2, 3), K: kernel(3, 2, 3, 2) }, (x, K) =>
      graph.convTranspose(x, K, option),
    ),
  ),
  named('conv', 'on a line', { x: image(1, 7), K: kernel(2, 1, 3) }, (x, K) =>
    graph.conv(x, K, { strides: 2, padding: 1 }),
  ),
  named('conv', 'in groups', { x: image(4, 4, 5), K: kernel(6, 2, 2, 3) }, (x, K) =>
    graph.conv(x, K, { group: 2, strides: [2, 1] }),
  ),
  named('convTranspose', 'on a line', { x: image(2, 3), K: kernel(2, 1, 4) }, (x, K) =>
    graph.convTranspose(x, K, { strides: 3, outputPadding: 2 }),
  ),
  named('convTranspose', 'in groups', { x: image(4, 2, 3), K: kernel(4, 3, 2, 2) }, (x, K) =>
    graph.convTranspose(x, K, { group: 2, strides: [1, 2], padding: 1 }),
  ),
]

/** Operations that can be differentiated (to 0 where they are piecewise constant). */
export const cases: readonly Case[] = [
  ...elementwise,
  ...comparisons,
  ...reductions,
  ...entropies,
  ...normalizations,
  ...shapes,
  ...products,
  ...convolutions,
]

/** Loops have no derivative. */
export const loops: readonly Case[] = [
  named('loop', 'until the numbers are small', { x: matrix, t: { shape: [], range: [0.6, 0.9] } }, (x, t) => {
    const [y] = graph.loop({
      state: [x],
      maxSteps: 50,
      body([v]) {
        const next = graph.mul(v, graph.square(t))
        return { state: [next], keepGoing: graph.greater(graph.maxOver(graph.abs(next)), 0.01) }
      },
    })
    return y
  }),
  named(
    'loop',
    'so many times, with the step',
    { x: matrix, k: { shape: [], type: 'int64', range: [2, 5] } },
    (x, k) => {
      const [y, total] = graph.loop({
        state: [x, graph.zerosLike(x)],
        maxSteps: k,
        body: ([v, sum], step) => ({
          state: [sum, graph.add(v, graph.cast(step, 'float32'))],
          keepGoing: graph.less(step, 100),
        }),
      })
      return graph.concat([y, total], 1)
    },
  ),
  named(
    'loop',
    'in a loop, with what is around both',
    { x: matrix, W: { shape: [3, 3], range: [-0.5, 0.5] } },
    (x, W) => {
      const around = graph.matmul(x, W)
      const [y] = graph.loop({
        state: [x],
        maxSteps: 3,
        body([v], outer) {
          const moved = graph.matmul(v, graph.transpose(W))
          const [inner] = graph.loop({
            state: [moved],
            maxSteps: 2,
            body: ([u], step) => ({
              state: [graph.tanh(graph.add(graph.add(u, v), graph.mul(around, graph.cast(outer, 'float32'))))],
              keepGoing: graph.less(step, outer),
            }),
          })
          return { state: [inner], keepGoing: graph.less(outer, 10) }
        },
      })
      return graph.add(y, around)
    },
  ),
  named('loop', 'with a derivative inside', { x: matrix, W: { shape: [2, 3] } }, (x, W) => {
    const target = graph.linear(x, W)
    const [z] = graph.loop({
      state: [graph.zerosLike(x)],
      maxSteps: 5,
      body([v], step) {
        const energy = graph.sum(graph.square(graph.sub(graph.linear(v, W), target)))
        const [g] = graph.gradient(energy, [v])
        return { state: [graph.shrink(graph.sub(v, graph.mul(g, 0.05)), 0.01)], keepGoing: graph.less(step, 100) }
      },
    })
    return z
  }),
  named('loop', 'that gives back what it was given', { x: matrix }, (x) => {
    const [a, b] = graph.loop({
      state: [x, graph.square(x)],
      maxSteps: 3,
      body: ([v, w], step) => ({ state: [w, v], keepGoing: graph.less(step, 100) }),
    })
    return graph.concat([a, b], 1)
  }),
  named('loop', 'that takes over what is around it', { x: matrix, y: matrix }, (x, y) => {
    const [a, b] = graph.loop({
      state: [x, x],
      maxSteps: 2,
      body: ([v]) => ({ state: [y, v], keepGoing: graph.constant(1, 'bool') }),
    })
    return graph.concat([a, b], 1)
  }),
]
