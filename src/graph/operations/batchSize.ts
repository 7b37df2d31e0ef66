import { apply, batchOf, constant, type Operation, type Sym, shapeError } from '../sym.js'

interface BatchAttributes {
  readonly axis: number
}

const size: Operation<BatchAttributes> = {
  name: 'batchSize',
  infer: () => [{ shape: [], type: 'int64' }],
  derivative: () => [undefined],
  onnx: (emit, [x], { attributes: { axis } }) =>
    emit.node('Gather', [emit.node('Shape', [x]), emit.constant('int64', [], [axis])]),
}

/** How many observations a tensor holds: an int64 scalar, known when built or found at run time. */
export function batchSize(x: Sym): Sym {
  const open = x.shape.indexOf('n') < 0 ? undefined : batchOf(x)
  if (open !== undefined) return apply(size, [open], { axis: open.shape.indexOf('n') })
  if (x.shape.length === 0) throw shapeError('batchSize', [x], 'a scalar has no observations')
  return constant(x.shape[0] as number, 'int64')
}
