import { checkedAxes, type Dimension, sameDimensions } from '../shapes.js'
import { apply, constant, isFloat, type Operation, type Sym, shapeError } from '../sym.js'
import { div, mul } from './arithmetic.js'
import { batchSize } from './batchSize.js'
import { cast } from './comparison.js'
import { expandLike } from './expand.js'
import { reshape } from './reshape.js'

export interface ReductionAttributes {
  /** In rising order. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** The shape after reducing axes. */
export function reducedShape(
  shape: readonly Dimension[],
  { axes, keepDims }: ReductionAttributes,
): readonly Dimension[] {
  return keepDims
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : shape.filter((_, axis) => !axes.includes(axis))
}

/** A reduced tensor with its axes put back, of size 1. */
export function restoreAxes(reduced: Sym, x: Sym, { axes, keepDims }: ReductionAttributes): Sym {
  return keepDims ? reduced : reshape(reduced, reducedShape(x.shape, { axes, keepDims: true }))
}

const summation: Operation<ReductionAttributes> = {
  name: 'sum',
  infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), type: x.type }],
  derivative: (g, { inputs: [x], attributes }) => [() => expandLike(restoreAxes(g, x, attributes), x)],
  onnx: (emit, [x], { attributes: { axes, keepDims } }) =>
    emit.node('ReduceSum', [x, emit.constant('int64', [axes.length], axes)], { keepdims: keepDims ? 1 : 0 }),
}

/** Σ over axes, all by default. Throws {@link ShapeError} for an axis that is not there. */
export function sum(x: Sym, axes?: number | readonly number[], keepDims = false): Sym {
  if (x.type === 'bool') return sum(cast(x, 'int64'), axes, keepDims)
  const checked = checkedAxes('sum', axes, x.shape)
  return checked.length === 0 ? x : apply(summation, [x], { axes: checked, keepDims })
}

/** The mean over axes, all by default. Over the open batch it divides by the size found at run time. */
export function mean(x: Sym, axes?: number | readonly number[], keepDims = false): Sym {
  const checked = checkedAxes('mean', axes, x.shape)
  if (!isFloat(x)) throw shapeError('mean', [x], `needs real numbers, not ${x.type}; use cast`)
  const sizes = checked.map((axis) => x.shape[axis])
  const known = sizes.reduce<number>((product, size) => product * (size === 'n' ? 1 : size), 1)
  const total = mul(sum(x, checked, keepDims), constant(1 / known, x.type))
  const open = sizes.filter((size) => size === 'n')
  return open.reduce<Sym>((value) => div(value, cast(batchSize(x), x.type)), total)
}

/** Σ over all axes but the first: one number an observation. */
export function sumPerObservation(x: Sym): Sym {
  if (x.shape.length === 0) throw shapeError('sumPerObservation', [x], 'a scalar has no observations')
  return sum(
    x,
    x.shape.map((_, axis) => axis).filter((axis) => axis > 0),
  )
}

/** The derivative of broadcasting: sums what was copied, so that `g` has the shape of `x`. */
export function sumTo(g: Sym, x: Sym): Sym {
  if (sameDimensions(g.shape, x.shape)) return g
  const fresh = g.shape.length - x.shape.length
  const copied = g.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < fresh || (x.shape[axis - fresh] === 1 && g.shape[axis] !== 1))
  return reshape(sum(g, copied), x.shape)
}
