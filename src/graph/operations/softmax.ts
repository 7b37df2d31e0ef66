import { checkedAxes, checkedAxis } from '../shapes.js'
import { apply, checkFloat, type Operation, type Sym } from '../sym.js'
import { mul, sub } from './arithmetic.js'
import { expandLike } from './expand.js'
import { type ReductionAttributes, reducedShape, restoreAxes, sum } from './sum.js'
import { exp } from './unary.js'

interface AxisAttributes {
  readonly axis: number
}

/** An operation that normalizes along an axis. */
function normalization(
  name: string,
  onnx: string,
  derivative: (g: Sym, out: Sym, axis: number) => Sym,
): (x: Sym, axis?: number) => Sym {
  const operation: Operation<AxisAttributes> = {
    name,
    infer: ([x]) => [{ shape: x.shape, type: checkFloat(name, x) }],
    derivative: (g, { output, attributes: { axis } }) => [() => derivative(g, output, axis)],
    onnx: (emit, inputs, { attributes: { axis } }) => emit.node(onnx, inputs, { axis }),
  }
  return (x, axis = -1) => apply(operation, [x], { axis: checkedAxis(name, axis, x.shape) })
}

/** exp(x)/Σ exp(x) along an axis, the last by default. */
export const softmax: (x: Sym, axis?: number) => Sym = normalization('softmax', 'Softmax', (g, out, axis) => {
  const weighted = mul(g, out)
  return sub(weighted, mul(out, sum(weighted, axis, true)))
})

/** x − log Σ exp(x) along an axis, the last by default. */
export const logSoftmax: (x: Sym, axis?: number) => Sym = normalization('logSoftmax', 'LogSoftmax', (g, out, axis) =>
  sub(g, mul(exp(out), sum(g, axis, true))),
)

const logSum: Operation<ReductionAttributes> = {
  name: 'logSumExp',
  infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), type: checkFloat('logSumExp', x) }],
  derivative: (g, { inputs: [x], output, attributes }) => [
    () => mul(expandLike(restoreAxes(g, x, attributes), x), exp(sub(x, restoreAxes(output, x, attributes)))),
  ],
  onnx: (emit, [x], { attributes: { axes, keepDims } }) =>
    emit.node('ReduceLogSumExp', [x, emit.constant('int64', [axes.length], axes)], { keepdims: keepDims ? 1 : 0 }),
}

/** log Σ exp(x) over axes, the last by default, without overflow. */
export function logSumExp(x: Sym, axes: number | readonly number[] = -1, keepDims = false): Sym {
  const checked = checkedAxes('logSumExp', axes, x.shape)
  return checked.length === 0 ? x : apply(logSum, [x], { axes: checked, keepDims })
}
