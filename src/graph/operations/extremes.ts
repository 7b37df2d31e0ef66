import { checkedAxes } from '../shapes.js'
import { apply, type Operation, type Sym, shapeError } from '../sym.js'
import { div, mul } from './arithmetic.js'
import { cast, equal } from './comparison.js'
import { expandLike } from './expand.js'
import { type ReductionAttributes, reducedShape, restoreAxes, sum } from './sum.js'

/** The derivative is shared among equal maxima. */
const largest: Operation<ReductionAttributes> = {
  name: 'maxOver',
  infer: ([x], attributes) => [{ shape: reducedShape(x.shape, attributes), type: x.type }],
  derivative: (g, { inputs: [x], output, attributes }) => [
    () => {
      const attained = cast(equal(x, restoreAxes(output, x, attributes)), g.type)
      const share = div(restoreAxes(g, x, attributes), sum(attained, attributes.axes, true))
      return mul(expandLike(share, x), attained)
    },
  ],
  onnx: (emit, [x], { attributes: { axes, keepDims } }) =>
    emit.node('ReduceMax', [x, emit.constant('int64', [axes.length], axes)], { keepdims: keepDims ? 1 : 0 }),
}

/** The largest number over axes, all by default. */
export function maxOver(x: Sym, axes?: number | readonly number[], keepDims = false): Sym {
  if (x.type === 'bool') throw shapeError('maxOver', [x], 'needs numbers, not bool; use cast')
  const checked = checkedAxes('maxOver', axes, x.shape)
  return checked.length === 0 ? x : apply(largest, [x], { axes: checked, keepDims })
}
