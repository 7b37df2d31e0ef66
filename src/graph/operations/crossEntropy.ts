import { sameDimensions } from '../shapes.js'
import { apply, checkFloat, checkSameType, type Operation, type Sym, shapeError } from '../sym.js'
import { mul, neg, sub } from './arithmetic.js'
import { expandLike } from './expand.js'
import { restoreAxes, sumPerObservation } from './sum.js'
import { sigmoid, softplus } from './unary.js'

/** Numbers of [½, 1] whose product stays far from underflow. */
const FACTORS = 64

/** All axes but the first. */
const inner = ({ shape }: Sym): readonly number[] => shape.map((_, axis) => axis).slice(1)

/** Numbers an observation; undefined where that is not known. */
function sizeOfOne({ shape }: Sym): number | undefined {
  const sizes = shape.slice(1)
  return sizes.every((size) => size !== 'n') ? sizes.reduce<number>((a, b) => a * b, 1) : undefined
}

/** The largest divisor of a size that is at most {@link FACTORS}. */
function factorsOf(size: number): number {
  let factors = Math.min(size, FACTORS)
  while (size % factors !== 0) factors--
  return factors
}

/**
 * Σ max(a, 0) − ya − log σ|a| over all axes but the first. Σ log σ|a| is taken as the logarithms of products of σ|a|: a product costs a
 * fifth of a logarithm.
 */
const entropy: Operation = {
  name: 'crossEntropy',
  infer: ([y, logits]) => [{ shape: logits.shape.slice(0, 1), type: checkFloat('crossEntropy', y) }],
  derivative(g, { inputs: [y, logits] }) {
    const each = () => expandLike(restoreAxes(g, logits, { axes: inner(logits), keepDims: false }), logits)
    return [() => neg(mul(each(), logits)), () => mul(each(), sub(sigmoid(logits), y))]
  },
  onnx(emit, [y, a], { inputs: [{ shape, type }, logits] }) {
    const vector = (...numbers: readonly number[]) => emit.constant('int64', [numbers.length], numbers)
    const total = (x: string, axes: readonly number[]) => emit.node('ReduceSum', [x, vector(...axes)], { keepdims: 0 })
    const size = sizeOfOne(logits) as number // crossEntropy() has seen to it
    // ONNX Runtime's ReduceProd knows no double precision.
    const factors = type === 'float32' ? factorsOf(size) : 1
    // The larger of p and 1 − p is σ|a|, and p itself is there for the derivative.
    const p = emit.node('Sigmoid', [a])
    const bend = emit.node('Max', [p, emit.node('Sub', [emit.constant(type, [], [1]), p])])
    const grouped = emit.node('Reshape', [bend, vector(0, factors, size / factors)])
    const products = emit.node(
      factors > 1 ? 'ReduceProd' : 'Squeeze',
      [grouped, vector(1)],
      factors > 1 ? { keepdims: 0 } : {},
    )
    const straight = emit.node('Sub', [emit.node('Relu', [a]), emit.node('Mul', [y, a])])
    const axes = shape.map((_, axis) => axis).slice(1)
    return emit.node('Sub', [total(straight, axes), total(emit.node('Log', [products]), [1])])
  },
}

/**
 * −Σ [y log p + (1 − y) log(1 − p)] with p = sigmoid(logits) over all axes but the first, computed as Σ softplus(logits) − y·logits: one
 * number an observation. Throws {@link ShapeError} where y and the logits differ in shape.
 */
export function crossEntropy(y: Sym, logits: Sym): Sym {
  checkSameType('crossEntropy', [y, logits])
  if (!sameDimensions(y.shape, logits.shape)) {
    throw shapeError('crossEntropy', [y, logits], 'there must be one logit for each number')
  }
  const size = sizeOfOne(logits)
  return size === undefined || size === 1
    ? sumPerObservation(sub(softplus(logits), mul(y, logits)))
    : apply(entropy, [y, logits], {})
}
