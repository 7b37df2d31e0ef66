import { describe, expect, it } from 'vitest'
import * as graph from '../../src/graph/index.js'
import { ConfigurationError, ShapeError } from '../../src/tensor/errors.js'

const { input, constant } = graph
const x = input('x', ['n', 784])
const y = input('y', ['n', 10])
const W = input('W', [20, 700])
const b = input('b', [19])
const small = input('small', [3, 4])
const flags = graph.greater(x, 0)
const count = input('count', [], 'int64')
const image = input('image', ['n', 3, 8, 8])
const kernel = input('kernel', [4, 3, 5, 5])

/** What is wrong, the error, and what its sentence must hold. */
const wrong: Readonly<
  Record<string, readonly [() => unknown, typeof ShapeError | typeof ConfigurationError, ...RegExp[]]>
> = {
  'shapes that do not broadcast': [() => graph.add(x, y), ShapeError, /^add/, /"x" \[n×784\]/, /"y" \[n×10\]/],
  'a result that does not broadcast': [
    () => graph.mul(graph.tanh(y), graph.add(b, 1)),
    ShapeError,
    /^mul/,
    /the result of tanh \(from "y"\) \[n×10\]/,
    /"b"/,
    /\[19\]/,
  ],
  'inner sizes of a product': [
    () => graph.matmul(x, W),
    ShapeError,
    /^matmul/,
    /784 and 20/,
    /"x" \[n×784\]/,
    /"W" \[20×700\]/,
  ],
  'leading axes of a product': [
    () => graph.matmul(input('p', [2, 3, 4]), input('q', [5, 4, 3])),
    ShapeError,
    /leading axes/,
    /"p" \[2×3×4\]/,
    /"q" \[5×4×3\]/,
  ],
  'a scalar in a product': [() => graph.matmul(x, input('s', [])), ShapeError, /mul/, /"s" \[scalar\]/],
  'a linear layer of another width': [
    () => graph.linear(x, W),
    ShapeError,
    /^linear/,
    /"x" \[n×784\]/,
    /"W" \[20×700\]/,
  ],
  'a bias of another length': [
    () => graph.linear(y, input('V', [20, 10]), b),
    ShapeError,
    /bias/,
    /"V" \[20×10\]/,
    /"b" \[19\]/,
  ],
  'the batch against a number': [
    () => graph.add(x, input('z', [5, 784])),
    ShapeError,
    /"x" \[n×784\]/,
    /"z" \[5×784\]/,
  ],
  'a reshape that loses elements': [
    () => graph.reshape(x, ['n', 28, 27]),
    ShapeError,
    /^reshape/,
    /"x" \[n×784\]/,
    /n×28×27/,
  ],
  'a reshape that loses the batch': [() => graph.reshape(x, [784, 1]), ShapeError, /"x" \[n×784\]/, /784×1/],
  'a reshape of fractions': [() => graph.reshape(small, [-1, 5]), ShapeError, /"small" \[3×4\]/, /-1×5/],
  'two unknown sizes': [() => graph.reshape(small, [-1, -1]), ShapeError, /^reshape/],
  'an axis that is not there': [() => graph.sum(x, 2), ShapeError, /axis 2/, /n×784/, /-2 to 1/],
  'an axis twice': [() => graph.mean(x, [1, -1]), ShapeError, /twice/],
  'no order of axes': [() => graph.transpose(small, [0, 0]), ShapeError, /^transpose/, /0,0/, /"small"/],
  'a slice beyond the end': [
    () => graph.slice(y, { axis: 1, from: 5, to: 12 }),
    ShapeError,
    /^slice/,
    /5 to 12/,
    /"y" \[n×10\]/,
  ],
  'an empty slice': [() => graph.slice(y, { axis: 1, from: 5, to: 5 }), ShapeError, /^slice/],
  'a slice of the batch': [() => graph.slice(y, { axis: 0, to: 3 }), ShapeError, /open batch/, /"y"/],
  'a join along the batch': [() => graph.concat([y, y], 0), ShapeError, /^concat/, /open batch/],
  'a join of misfits': [
    () => graph.concat([small, input('t', [2, 4])], 1),
    ShapeError,
    /^concat/,
    /"small"/,
    /"t" \[2×4\]/,
  ],
  'a join of nothing': [() => graph.concat([], 0), ConfigurationError, /at least one/],
  'an expansion that does not fit': [
    () => graph.expand(small, [2, 4]),
    ShapeError,
    /^expand/,
    /"small" \[3×4\]/,
    /2×4/,
  ],
  'an expansion to a batch from nowhere': [
    () => graph.expand(small, ['n', 3, 4]),
    ConfigurationError,
    /like/,
    /"small"/,
  ],
  'padding of less than nothing': [() => graph.pad(small, { axis: 0, before: -1 }), ShapeError, /^pad/, /-1/],
  'channels of another number': [
    () => graph.conv(image, input('K', [4, 2, 3, 3])),
    ShapeError,
    /^conv/,
    /2 channels, the image has 3/,
    /"image" \[n×3×8×8\]/,
    /"K" \[4×2×3×3\]/,
  ],
  'a kernel larger than the image': [
    () => graph.conv(image, kernel, { dilations: 2 }),
    ShapeError,
    /larger/,
    /"kernel"/,
  ],
  'the channels of a transpose': [() => graph.convTranspose(image, kernel), ShapeError, /^convTranspose/, /4 channels/],
  'padding that leaves nothing': [
    () => graph.convTranspose(input('m', ['n', 4, 1, 1]), kernel, { padding: 3 }),
    ShapeError,
    /leaves nothing/,
  ],
  'images without channels': [() => graph.conv(x, kernel), ShapeError, /one or two spatial axes/, /"x"/],
  'a stride of 0': [() => graph.conv(image, kernel, { strides: 0 }), ConfigurationError, /strides/, /0/],
  'paddings of another number': [
    () => graph.conv(image, kernel, { padding: [1, 1, 1] }),
    ConfigurationError,
    /padding/,
    /2/,
  ],
  'groups that do not divide': [
    () => graph.conv(image, input('K', [4, 1, 3, 3]), { group: 3 }),
    ShapeError,
    /3 groups/,
  ],
  'outputPadding as wide as the stride': [
    () => graph.convTranspose(input('m', ['n', 4, 2, 2]), kernel, { strides: 2, outputPadding: 2 }),
    ConfigurationError,
    /outputPadding/,
    /strides/,
  ],
  'indices that are real': [() => graph.gather(small, input('i', [2])), ConfigurationError, /int64/, /"i"/, /cast/],
  'element types that differ': [
    () => graph.add(x, graph.cast(x, 'float64')),
    ConfigurationError,
    /float32/,
    /float64/,
    /cast/,
  ],
  'arithmetic on truth values': [() => graph.add(flags, flags), ConfigurationError, /bool/, /cast/],
  'a function of whole numbers': [() => graph.exp(count), ConfigurationError, /"count"/, /int64/, /cast/],
  'a condition of numbers': [() => graph.where(x, x, x), ConfigurationError, /bool/, /"x"/],
  'logic on numbers': [() => graph.logicalAnd(flags, x), ConfigurationError, /bool/, /"x"/],
  'bounds the wrong way round': [() => graph.clip(x, 1, 0), ConfigurationError, /1 and 0/],
  'a threshold below 0': [() => graph.shrink(x, -1), ConfigurationError, /-1/],
  'an exponent that is no number': [() => graph.pow(x, Number.NaN), ConfigurationError, /NaN/],
  'an input without a name': [() => input('', [1]), ConfigurationError, /name/],
  'a size of 0': [() => input('x', ['n', 0]), ShapeError, /"x"/, /n,0/],
  'a size that is no number': [() => input('x', [2.5]), ShapeError, /2\.5/],
  'a constant that does not fill its shape': [
    () => constant({ shape: [2, 2], data: Float32Array.of(1, 2, 3) }),
    ShapeError,
    /4 elements; 3/,
  ],
  'a whole constant with a fraction': [() => constant(1.5, 'int64'), ConfigurationError, /whole/],
  'the batch size of a scalar': [() => graph.batchSize(count), ShapeError, /"count"/],
  'the observations of a scalar': [() => graph.sumPerObservation(count), ShapeError, /"count"/],
  'a gradient of whole numbers': [() => graph.gradient(count, [x]), ConfigurationError, /"count"/, /int64/],
  'a gradient to whole numbers': [() => graph.gradient(graph.sum(x), [count]), ConfigurationError, /"count"/],
  'a graph without outputs': [() => graph.encodeOnnx({ outputs: {} }), ConfigurationError, /output/],
  'inputs that are results': [
    () => graph.encodeOnnx({ inputs: [graph.tanh(x)], outputs: { x } }),
    ConfigurationError,
    /input\(\)/,
  ],
  'an input left out': [
    () => graph.encodeOnnx({ inputs: [x], outputs: { z: graph.sub(graph.mean(x), graph.mean(y)) } }),
    ConfigurationError,
    /"y" \[n×10\]/,
  ],
  'an output with the name of an input': [
    () => graph.encodeOnnx({ outputs: { z: graph.tanh(x), x: graph.exp(x) } }),
    ConfigurationError,
    /"x" names both an input and an output/,
    /rename/,
  ],
  'an input as an output of its own name': [
    () => graph.encodeOnnx({ outputs: { x } }),
    ConfigurationError,
    /"x" names both an input and an output/,
  ],
  'an output with the name of an input that is declared but not needed': [
    () => graph.encodeOnnx({ inputs: [x, y], outputs: { y: graph.tanh(x) } }),
    ConfigurationError,
    /"y" names both an input and an output/,
  ],
  'two inputs of one name': [
    () => graph.encodeOnnx({ outputs: { z: graph.add(graph.sum(x), graph.sum(input('x', [2, 3]))) } }),
    ConfigurationError,
    /"x" \[n×784\]/,
    /"x" \[2×3\]/,
  ],
  'no state': [
    () => graph.loop({ state: [], maxSteps: 1, body: () => ({ state: [], keepGoing: constant(1, 'bool') }) }),
    ConfigurationError,
    /state/,
  ],
  'a loop that changes a shape': [
    () =>
      graph.loop({
        state: [y],
        maxSteps: 3,
        body: ([v]) => ({ state: [graph.sum(v, 1, true)], keepGoing: constant(1, 'bool') }),
      }),
    ShapeError,
    /state 0/,
    /\[n×10\]/,
    /\[n×1\]/,
  ],
  'a loop that does not say whether to go on': [
    // JavaScript has no types that would refuse it.
    () =>
      graph.loop({
        state: [y],
        maxSteps: 3,
        body: (state) => ({ state }) as unknown as ReturnType<graph.LoopOptions['body']>,
      }),
    ConfigurationError,
    /must return \{ state, keepGoing \}/,
  ],
  'a loop that loses state': [
    () => graph.loop({ state: [y, y], maxSteps: 3, body: ([v]) => ({ state: [v], keepGoing: constant(1, 'bool') }) }),
    ConfigurationError,
    /2 .* 1/,
  ],
  'a loop that goes on by a number': [
    () => graph.loop({ state: [y], maxSteps: 3, body: ([v]) => ({ state: [v], keepGoing: graph.sum(v) }) }),
    ConfigurationError,
    /keepGoing/,
    /float32/,
  ],
  'steps that are real': [
    () =>
      graph.loop({
        state: [y],
        maxSteps: input('k', []),
        body: ([v]) => ({ state: [v], keepGoing: constant(1, 'bool') }),
      }),
    ShapeError,
    /"k"/,
    /int64/,
  ],
  'a negative number of steps': [
    () => graph.loop({ state: [y], maxSteps: -1, body: ([v]) => ({ state: [v], keepGoing: constant(1, 'bool') }) }),
    ConfigurationError,
    /maxSteps/,
    /-1/,
  ],
  'nothing where a tensor should be': [
    () => graph.add(x, undefined as unknown as graph.Sym),
    ConfigurationError,
    /^add/,
    /symbolic/,
    /undefined/,
  ],
  'an array where a tensor should be': [
    () => graph.tanh([1, 2] as unknown as graph.Sym),
    ConfigurationError,
    /^tanh/,
    /input\(\)/,
  ],
  'a constant that is no number': [() => graph.mul(x, Number.NaN), ConfigurationError, /NaN/],
  'a derivative through a loop': [
    () => {
      const [z] = graph.loop({
        state: [y],
        maxSteps: 3,
        body: ([v]) => ({ state: [graph.tanh(v)], keepGoing: constant(1, 'bool') }),
      })
      return graph.gradient(graph.sum(z), [y])
    },
    ConfigurationError,
    /loop has no derivative/,
    /one by one/,
  ],
  'a value that leaves a loop': [
    () => {
      let inside = y
      graph.loop({
        state: [y],
        maxSteps: 3,
        body([v]) {
          inside = graph.tanh(v)
          return { state: [inside], keepGoing: constant(1, 'bool') }
        },
      })
      return graph.encodeOnnx({ outputs: { inside } })
    },
    ConfigurationError,
    /inside of a loop/,
    /state/,
  ],
}

describe('what does not fit is said when it is built', () => {
  for (const [name, [build, type, ...parts]] of Object.entries(wrong)) {
    it(name, () => {
      let error: unknown
      try {
        build()
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(type)
      for (const part of parts) expect((error as Error).message).toMatch(part)
      expect((error as Error).message).toMatch(/^[\s\S]{10,400}\.$/)
    })
  }
})

describe('messages', () => {
  it('stay short in large graphs', () => {
    let sum = graph.add(input('first', [2]), input('second', [2]))
    for (let i = 0; i < 1000; i++) sum = graph.add(sum, input(`p${i}`, [2]))
    expect(() => graph.add(sum, input('q', [3]))).toThrow(/^add.{0,200}$/)
  })
})

describe('a gradient', () => {
  it('is 0 where nothing leads', () => {
    const [g] = graph.gradient(graph.sum(x), [small])
    expect(g.shape).toEqual([3, 4])
    expect(graph.gradient(graph.sum(graph.stopGradient(y)), [y])[0].shape).toEqual(['n', 10])
  })

  it('goes round a loop that it does not need', () => {
    const [z] = graph.loop({
      state: [y],
      maxSteps: 3,
      body: ([v]) => ({ state: [graph.tanh(v)], keepGoing: constant(1, 'bool') }),
    })
    expect(graph.gradient(graph.sum(graph.mul(z, graph.mean(x))), [x])[0].shape).toEqual(['n', 784])
    expect(graph.gradient(graph.sum(graph.mul(graph.stopGradient(z), y)), [y])[0].shape).toEqual(['n', 10])
  })
})
