import type { Dimension, GraphNode } from '../../src/graph/sym.js'
import { convolve, kernelSums, spread } from './evaluateGraphConvolutions.js'
import { at, broadcastAt, broadcastShape, build, count, indices, place, type Values } from './evaluateGraphTensors.js'

type Attributes = Readonly<Record<string, never>>

/** erf by its Taylor series, which is exact enough for |x| ≤ 4. */
function erf(x: number): number {
  let [term, sum] = [x, x]
  for (let k = 1; k < 200; k++) {
    term *= (-x * x) / k
    sum += term / (2 * k + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

/** Functions of numbers, one from each operand. */
const elementwise: Readonly<Record<string, (...numbers: number[]) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  neg: (x) => -x,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  abs: Math.abs,
  sign: Math.sign,
  reciprocal: (x) => 1 / x,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => (x > 0 ? x : 0),
  softplus: (x) => (x > 30 ? x : Math.log1p(Math.exp(x))),
  erf,
  sin: Math.sin,
  cos: Math.cos,
  clip: (x, low, high) => (x < low ? low : x > high ? high : x),
  shrink: (v, t) => (v > t ? v - t : v < -t ? v + t : 0),
  greater: (a, b) => Number(a > b),
  less: (a, b) => Number(a < b),
  greaterEqual: (a, b) => Number(a >= b),
  lessEqual: (a, b) => Number(a <= b),
  equal: (a, b) => Number(a === b),
  logicalAnd: (a, b) => Number(a !== 0 && b !== 0),
  logicalOr: (a, b) => Number(a !== 0 || b !== 0),
  logicalNot: (a) => Number(a === 0),
  where: (condition, a, b) => (condition !== 0 ? a : b),
  stopGradient: (x) => x,
}

/** Collects what an index over the kept axes stands for, and reduces it to a number. */
function reduce(
  x: Values,
  { axes, keepDims }: { axes: readonly number[]; keepDims: boolean },
  combine: (numbers: readonly number[]) => number,
): Values {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const groups = new Map<number, number[]>()
  for (const index of indices(kept)) groups.set(place(kept, index), [])
  for (const index of indices(x.shape)) {
    const into = index.map((i, axis) => (axes.includes(axis) ? 0 : i))
    groups.get(place(kept, into))!.push(at(x, index))
  }
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis))
  return { shape, data: Float64Array.from(groups.values(), combine) }
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0)

function logTotal(numbers: readonly number[]): number {
  const most = Math.max(...numbers)
  return most + Math.log(total(numbers.map((value) => Math.exp(value - most))))
}

/** x − log Σ exp x along an axis. */
function logSoftmax(x: Values, axis: number): Values {
  const sums = reduce(x, { axes: [axis], keepDims: true }, logTotal)
  return build(x.shape, (index) => at(x, index) - at(sums, index.with(axis, 0)))
}

function matmul(a: Values, b: Values, transposeA: boolean, transposeB: boolean): Values {
  const turn = (x: Values, turned: boolean): Values => {
    if (!turned) return x
    const [rows, columns] = x.shape.slice(-2)
    const swap = ([...index]: readonly number[]) => [
      ...index.slice(0, -2),
      index[index.length - 1],
      index[index.length - 2],
    ]
    return build([...x.shape.slice(0, -2), columns, rows], (index) => at(x, swap(index)))
  }
  const [left, right] = [turn(a, transposeA), turn(b, transposeB)]
  const batch = broadcastShape([left.shape.slice(0, -2), right.shape.slice(0, -2)])
  const [rows, inner] = left.shape.slice(-2)
  const [depth, columns] = right.shape.slice(-2)
  if (inner !== depth) throw new Error(`Inner sizes ${inner} and ${depth}.`)
  const entry = (x: Values, before: readonly number[], row: number, column: number) => {
    const own = before.slice(before.length - x.shape.length + 2).map((i, axis) => (x.shape[axis] === 1 ? 0 : i))
    return at(x, [...own, row, column])
  }
  return build([...batch, rows, columns], (index) => {
    const [row, column] = index.slice(-2)
    const before = index.slice(0, -2)
    let sum = 0
    for (let k = 0; k < inner; k++) sum += entry(left, before, row, k) * entry(right, before, k, column)
    return sum
  })
}

/** The index of updates split into: before the axis, the indices' own, after the axis. */
function gathered(
  x: Values,
  chosen: Values,
  axis: number,
  visit: (from: number, to: readonly number[]) => void,
): number[] {
  const shape = [...x.shape.slice(0, axis), ...chosen.shape, ...x.shape.slice(axis + 1)]
  for (const index of indices(shape)) {
    const own = index.slice(axis, axis + chosen.shape.length)
    const wanted = at(chosen, own)
    const entry = wanted < 0 ? wanted + x.shape[axis] : wanted
    visit(place(x.shape, [...index.slice(0, axis), entry, ...index.slice(axis + chosen.shape.length)]), index)
  }
  return shape
}

/** One node's result; `batch` is the size of 'n'. */
export function evaluateOperation(node: GraphNode, inputs: readonly Values[], batch: number | undefined): Values {
  const { name } = node.operation
  const attributes = node.attributes as Attributes
  const [x, y, z] = inputs
  const closed = (shape: readonly Dimension[]) => shape.map((size) => (size === 'n' ? batch! : size))
  if (name in elementwise) {
    const shape = broadcastShape(inputs.map((each) => each.shape))
    return build(shape, (index) => elementwise[name](...inputs.map((each) => broadcastAt(each, index))))
  }
  switch (name) {
    case 'constant':
      return { shape: attributes.shape, data: Float64Array.from(attributes.data as ArrayLike<number>) }
    case 'pow':
      return build(x.shape, (index) => at(x, index) ** attributes.exponent)
    case 'cast': {
      const type: string = attributes.type
      const converted = (value: number) =>
        type === 'int64' ? Math.trunc(value) : type === 'bool' ? Number(value !== 0) : value
      return build(x.shape, (index) => converted(at(x, index)))
    }
    case 'sum':
      return reduce(x, attributes as never, total)
    case 'maxOver':
      return reduce(x, attributes as never, (numbers) => Math.max(...numbers))
    case 'logSumExp':
      return reduce(x, attributes as never, logTotal)
    case 'logSoftmax':
      return logSoftmax(x, attributes.axis)
    case 'softmax': {
      const logs = logSoftmax(x, attributes.axis)
      return build(x.shape, (index) => Math.exp(at(logs, index)))
    }
    case 'crossEntropy': {
      const terms = build(x.shape, (index) => elementwise.softplus(at(y, index)) - at(x, index) * at(y, index))
      return reduce(terms, { axes: x.shape.map((_, axis) => axis).slice(1), keepDims: false }, total)
    }
    case 'batchSize':
      return { shape: [], data: Float64Array.of(x.shape[attributes.axis]) }
    case 'expand':
      return build(closed(attributes.shape), (index) => broadcastAt(x, index))
    case 'reshape': {
      const shape = closed(attributes.shape)
      if (count(shape) !== x.data.length) throw new Error(`[${x.shape}] does not fill [${shape}].`)
      return { shape, data: x.data }
    }
    case 'transpose': {
      const permutation: readonly number[] = attributes.permutation
      const shape = permutation.map((axis) => x.shape[axis])
      return build(shape, (index) =>
        at(
          x,
          x.shape.map((_, axis) => index[permutation.indexOf(axis)]),
        ),
      )
    }
    case 'slice': {
      const { axis, from, to }: { axis: number; from: number; to: number } = attributes as never
      return build(x.shape.with(axis, to - from), (index) => at(x, index.with(axis, index[axis] + from)))
    }
    case 'pad': {
      const { axis, before, after }: { axis: number; before: number; after: number } = attributes as never
      const inside = (i: number) => i >= before && i < before + x.shape[axis]
      return build(x.shape.with(axis, before + x.shape[axis] + after), (index) =>
        inside(index[axis]) ? at(x, index.with(axis, index[axis] - before)) : 0,
      )
    }
    case 'concat': {
      const axis: number = attributes.axis
      const whole = inputs.reduce((sum, each) => sum + each.shape[axis], 0)
      return build(x.shape.with(axis, whole), (index) => {
        let rest = index[axis]
        for (const each of inputs) {
          if (rest < each.shape[axis]) return at(each, index.with(axis, rest))
          rest -= each.shape[axis]
        }
        throw new Error('An index beyond the last tensor.')
      })
    }
    case 'gather': {
      const from: number[] = []
      const shape = gathered(x, y, attributes.axis, (place) => from.push(x.data[place]))
      return { shape, data: Float64Array.from(from) }
    }
    case 'scatterAdd': {
      const data = Float64Array.from(x.data)
      gathered(x, y, attributes.axis, (into, index) => {
        data[into] += at(z, index)
      })
      return { shape: x.shape, data }
    }
    case 'matmul':
      return matmul(x, y, attributes.transposeA, attributes.transposeB)
    case 'linear': {
      const scores = matmul(x, y, false, true)
      return build(scores.shape, (index) => at(scores, index) + broadcastAt(z, index))
    }
    case 'conv':
      return convolve(x, y, attributes as never)
    case 'convTranspose':
      return spread(x, y, attributes as never)
    case 'kernelGradient':
      return kernelSums(x, y, attributes as never)
    default:
      throw new Error(`The interpreter does not know ${name}.`)
  }
}
