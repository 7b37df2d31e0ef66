import { ConfigurationError } from '../../tensor/errors.js'
import { checkedAxis, type Dimension } from '../shapes.js'
import { apply, describe, type Operation, type Sym } from '../sym.js'
import { zerosLike } from './expand.js'

interface AxisAttributes {
  readonly axis: number
}

/** The shape of `x` with an axis replaced by the indices' axes. */
const gatheredShape = (x: Sym, indices: Sym, axis: number): readonly Dimension[] => [
  ...x.shape.slice(0, axis),
  ...indices.shape,
  ...x.shape.slice(axis + 1),
]

const gathering: Operation<AxisAttributes> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => [{ shape: gatheredShape(x, indices, axis), type: x.type }],
  derivative: (g, { inputs: [x, indices], attributes: { axis } }) => [
    () => apply(scattering, [zerosLike(x), indices, g], { axis }),
    undefined,
  ],
  onnx: (emit, inputs, { attributes: { axis } }) => emit.node('Gather', inputs, { axis }),
}

/** base + what gather's derivative brings back: each update is added to the entry that its index names. */
const scattering: Operation<AxisAttributes> = {
  name: 'scatterAdd',
  infer: ([base]) => [base],
  derivative: (g, { inputs: [, indices], attributes: { axis } }) => [
    () => g,
    undefined,
    () => apply(gathering, [g, indices], { axis }),
  ],
  onnx(emit, [base, indices, updates], { inputs: [into, places], attributes: { axis }, batch }) {
    const [before, after] = [into.shape.slice(0, axis), into.shape.slice(axis + 1)]
    const vector = (sizes: readonly number[]) => emit.constant('int64', [sizes.length], sizes)
    const flat =
      places.shape.length === 1
        ? updates
        : emit.node('Reshape', [updates, emit.shape([...before, -1, ...after], batch)])
    const column = emit.node('Reshape', [indices, vector(into.shape.map((_, i) => (i === axis ? -1 : 1)))])
    const everywhere = emit.node('Expand', [column, emit.node('Shape', [flat])])
    return emit.node('ScatterElements', [base, everywhere, flat], { axis, reduction: 'add' })
  },
}

/**
 * The entries of an axis (the first by default) that whole numbers name: the axis is replaced by the axes of `indices`,
 * int64; −1 is the last entry. At run time an index that is not there ends the run.
 */
export function gather(x: Sym, indices: Sym, axis = 0): Sym {
  if (indices.type !== 'int64') {
    throw new ConfigurationError(
      `gather needs indices of int64; got ${describe(indices)} of ${indices.type}. Use cast.`,
    )
  }
  return apply(gathering, [x, indices], { axis: checkedAxis('gather', axis, x.shape) })
}
