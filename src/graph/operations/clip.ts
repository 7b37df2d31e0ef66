import { ConfigurationError } from '../../tensor/errors.js'
import { checkFloat, checkSameType, constant, type Operation, type Sym, scalarValue } from '../sym.js'
import { maximum, minimum, mul, neg } from './arithmetic.js'
import { greater, less, logicalAnd, where } from './comparison.js'
import { elementwise, inferElementwise, type Operand } from './elementwise.js'
import { sumTo } from './sum.js'
import { sign } from './unary.js'

const asTensor = (operand: Operand, like: Sym) => (typeof operand === 'number' ? constant(operand, like.type) : operand)

/** ONNX bounds by scalars alone; the derivative goes to what the result equals. */
const clipping: Operation = {
  name: 'clip',
  infer: (inputs) => inferElementwise('clip', inputs),
  derivative: (g, { inputs: [x, low, high] }) => [
    () => where(logicalAnd(greater(x, low), less(x, high)), g, constant(0, g.type)),
    () => sumTo(where(greater(x, low), constant(0, g.type), g), low),
    () => sumTo(where(less(x, high), constant(0, g.type), g), high),
  ],
  onnx: (emit, inputs) => emit.node('Clip', inputs),
}

/** x kept between bounds, which may be numbers or tensors: min(max(x, low), high). At a bound the derivative to x is 0. */
export function clip(x: Sym, low: Operand, high: Operand): Sym {
  const bounds = [asTensor(low, x), asTensor(high, x)]
  checkSameType('clip', [x, ...bounds])
  const [l, h] = bounds.map(scalarValue)
  if (l !== undefined && h !== undefined && !(l <= h)) {
    throw new ConfigurationError(`clip needs a lower bound that is not above the upper one; got ${l} and ${h}.`)
  }
  if (bounds.every(({ shape }) => shape.length === 0)) return elementwise(clipping, [x, ...bounds])
  return minimum(maximum(x, bounds[0]), bounds[1])
}

/** With s the sign of the result, which is 0 where |v| ≤ t: derivative s² to v, and −s to t. */
const shrinkage: Operation = {
  name: 'shrink',
  infer: (inputs) => inferElementwise('shrink', inputs),
  derivative: (g, { inputs: [v, t], output }) => [
    () => sumTo(mul(mul(g, sign(output)), sign(output)), v),
    () => neg(sumTo(mul(g, sign(output)), t)),
  ],
  onnx(emit, [v, t], { inputs: [, threshold] }) {
    const below = emit.node('Neg', [t])
    const inside =
      threshold.shape.length === 0
        ? emit.node('Clip', [v, below, t])
        : emit.node('Max', [emit.node('Min', [v, t]), below])
    return emit.node('Sub', [v, inside])
  },
}

/**
 * The soft threshold sign(v)·max(|v| − t, 0): the prox of t|z|. `t` ≥ 0 is a number or broadcasts.
 * Throws {@link ConfigurationError} for a number below 0.
 */
export function shrink(v: Sym, t: Operand): Sym {
  if (typeof t === 'number' && !(t >= 0))
    throw new ConfigurationError(`shrink needs a threshold of 0 or more; got ${t}.`)
  const threshold = asTensor(t, v)
  checkSameType('shrink', [v, threshold])
  checkFloat('shrink', v)
  return elementwise(shrinkage, [v, threshold])
}
