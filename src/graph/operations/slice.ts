import { ConfigurationError } from '../../tensor/errors.js'
import { checkedAxis, sameDimensions } from '../shapes.js'
import { apply, checkSameType, type Operation, type Sym, shapeError } from '../sym.js'

interface SliceAttributes {
  readonly axis: number
  readonly from: number
  readonly to: number
}

const slicing: Operation<SliceAttributes> = {
  name: 'slice',
  infer: ([x], { axis, from, to }) => [{ shape: x.shape.with(axis, to - from), type: x.type }],
  derivative: (g, { inputs: [x], attributes: { axis, from, to } }) => [
    () => pad(g, { axis, before: from, after: (x.shape[axis] as number) - to }),
  ],
  onnx(emit, [x], { attributes: { axis, from, to } }) {
    const vector = (value: number) => emit.constant('int64', [1], [value])
    return emit.node('Slice', [x, vector(from), vector(to), vector(axis)])
  },
}

/** The size of an axis that must be known. Throws {@link ShapeError} for the open batch. */
function closedSize(operation: string, x: Sym, axis: number): number {
  const size = x.shape[axis]
  if (size === 'n') throw shapeError(operation, [x], `axis ${axis} is the open batch, whose size is not known`)
  return size
}

/**
 * Entries `from` (0 by default) to `to` (exclusive; the end by default) of an axis; negative ones count from the end. Throws
 * {@link ShapeError} where there are none, or the axis is the open batch.
 */
export function slice(x: Sym, options: { readonly axis: number; readonly from?: number; readonly to?: number }): Sym {
  const axis = checkedAxis('slice', options.axis, x.shape)
  const size = closedSize('slice', x, axis)
  const { from = 0, to = size } = options
  const [begin, end] = [from, to].map((place) => (place < 0 ? place + size : place))
  if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin < end && end <= size)) {
    throw shapeError('slice', [x], `entries ${from} to ${to} of axis ${axis} are not there`)
  }
  return begin === 0 && end === size ? x : apply(slicing, [x], { axis, from: begin, to: end })
}

interface PadAttributes {
  readonly axis: number
  readonly before: number
  readonly after: number
}

const padding: Operation<PadAttributes> = {
  name: 'pad',
  infer: ([x], { axis, before, after }) => [
    { shape: x.shape.with(axis, before + (x.shape[axis] as number) + after), type: x.type },
  ],
  derivative: (g, { attributes: { axis, before, after } }) => [
    () => slice(g, { axis, from: before, to: (g.shape[axis] as number) - after }),
  ],
  onnx(emit, [x], { inputs: [{ type }], attributes: { axis, before, after } }) {
    const pads = emit.constant('int64', [2], [before, after])
    return emit.node('Pad', [x, pads, emit.constant(type, [], [0]), emit.constant('int64', [1], [axis])])
  },
}

/** Zeros before and after the entries of an axis. Throws {@link ShapeError} where their numbers are not whole and ≥ 0. */
export function pad(
  x: Sym,
  options: { readonly axis: number; readonly before?: number; readonly after?: number },
): Sym {
  const axis = checkedAxis('pad', options.axis, x.shape)
  closedSize('pad', x, axis)
  const { before = 0, after = 0 } = options
  if (![before, after].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw shapeError('pad', [x], `cannot add ${before} and ${after} entries to axis ${axis}`)
  }
  if (x.type === 'bool') throw shapeError('pad', [x], 'needs numbers, not bool; use cast')
  return before + after === 0 ? x : apply(padding, [x], { axis, before, after })
}

interface AxisAttributes {
  readonly axis: number
}

const concatenation: Operation<AxisAttributes> = {
  name: 'concat',
  infer(inputs, { axis }) {
    const [{ shape, type }] = inputs
    const sizes = inputs.map((sym) => sym.shape[axis] as number)
    const misfit = inputs.find((sym, i) => !sameDimensions(sym.shape, shape.with(axis, sizes[i])))
    if (misfit) throw shapeError('concat', [inputs[0], misfit], `all axes but axis ${axis} must agree`)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    return [{ shape: shape.with(axis, total), type }]
  },
  derivative(g, { inputs, attributes: { axis } }) {
    let end = 0
    return inputs.map(({ shape }) => {
      const from = end
      end += shape[axis] as number
      const to = end
      return () => slice(g, { axis, from, to })
    })
  },
  onnx: (emit, inputs, { attributes: { axis } }) => emit.node('Concat', inputs, { axis }),
}

/** Tensors one after another along an axis. Throws {@link ShapeError} where other axes differ, or the axis is the open batch. */
export function concat(xs: readonly Sym[], axis: number): Sym {
  if (xs.length === 0) throw new ConfigurationError('concat needs at least one tensor.')
  checkSameType('concat', xs)
  const checked = checkedAxis('concat', axis, xs[0].shape)
  for (const x of xs) {
    if (x.shape.length !== xs[0].shape.length) throw shapeError('concat', [xs[0], x], 'ranks differ')
    closedSize('concat', x, checked)
  }
  return xs.length === 1 ? xs[0] : apply(concatenation, xs, { axis: checked })
}

/** The sum of two tensors that zeros pad along one axis: their entries side by side where they meet, and undefined where not. */
export function joined(a: Sym, b: Sym): Sym | undefined {
  if (a.node.operation !== padding || b.node.operation !== padding || !sameDimensions(a.shape, b.shape))
    return undefined
  const parts = [a, b].map(({ node }) => ({ x: node.inputs[0], ...(node.attributes as PadAttributes) }))
  const [first, second] = parts[0].before <= parts[1].before ? parts : [parts[1], parts[0]]
  const { axis, before } = first
  if (axis !== second.axis || before + closedSize('add', first.x, axis) !== second.before) return undefined
  return pad(concat([first.x, second.x], axis), { axis, before, after: second.after })
}
