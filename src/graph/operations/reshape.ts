import { ShapeError } from '../../tensor/errors.js'
import { type Dimension, formatDimensions, knownSize, sameDimensions } from '../shapes.js'
import { apply, describe, type Operation, type Sym, shapeError } from '../sym.js'
import { expandLike, expansionOf } from './expand.js'

interface ReshapeAttributes {
  readonly shape: readonly Dimension[]
}

const reshaping: Operation<ReshapeAttributes> = {
  name: 'reshape',
  infer: ([x], { shape }) => [{ shape, type: x.type }],
  derivative: (g, { inputs: [x] }) => [() => reshape(g, x.shape)],
  onnx(emit, [x], { attributes: { shape }, batch }) {
    // One open size is what is left of the elements, and need not be read from anywhere.
    const once = shape.filter((size) => size === 'n').length === 1
    const sizes = once ? shape.map((size) => (size === 'n' ? -1 : size)) : shape
    return emit.node('Reshape', [x, emit.shape(sizes, batch)])
  },
}

/** The target shape with −1 replaced by what is left of the elements. Throws {@link ShapeError} where they do not fit. */
function resolved(x: Sym, target: readonly (Dimension | -1)[]): readonly Dimension[] {
  const fits = target.every((size) => size === 'n' || size === -1 || (Number.isSafeInteger(size) && size >= 1))
  const unknown = target.filter((size) => size === -1).length
  const known = knownSize(target.filter((size) => size !== -1))
  const rest = knownSize(x.shape) / known
  const shape = target.map((size) => (size === -1 ? rest : size))
  const open = (sizes: readonly Dimension[]) => sizes.filter((size) => size === 'n').length
  const whole = unknown === 0 ? rest === 1 : unknown === 1 && Number.isInteger(rest)
  if (!fits || !whole || open(shape) !== open(x.shape)) {
    throw new ShapeError(`reshape: the elements of ${describe(x)} do not fill [${formatDimensions(target)}].`)
  }
  return shape
}

/**
 * The same elements in another shape, row-major. One size may be −1, for what is left; an open batch stays open ('n').
 * Throws {@link ShapeError} where the numbers of elements differ.
 */
export function reshape(x: Sym, shape: readonly (Dimension | -1)[]): Sym {
  const target = resolved(x, shape)
  if (sameDimensions(x.shape, target)) return x
  const source = expansionOf(x)
  if (source?.shape.every((size) => size === 1)) {
    return expandLike(reshape(source, []), { shape: target, batch: [x] })
  }
  if (x.node.operation === reshaping) return reshape(x.node.inputs[0], target)
  return apply(reshaping, [x], { shape: target })
}

interface TransposeAttributes {
  readonly permutation: readonly number[]
}

const transposition: Operation<TransposeAttributes> = {
  name: 'transpose',
  infer: ([x], { permutation }) => [{ shape: permutation.map((axis) => x.shape[axis]), type: x.type }],
  derivative: (g, { attributes: { permutation } }) => [
    () =>
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
  onnx: (emit, [x], { attributes: { permutation } }) => emit.node('Transpose', [x], { perm: permutation }),
}

/** The tensor that was transposed, and how; undefined where `sym` is no transposition. */
export function transpositionOf(sym: Sym): { readonly x: Sym; readonly permutation: readonly number[] } | undefined {
  if (sym.node.operation !== transposition) return undefined
  return { x: sym.node.inputs[0], permutation: (sym.node.attributes as TransposeAttributes).permutation }
}

/** Axes in another order: axis i of the result is axis permutation[i] of `x`; by default they are reversed. */
export function transpose(
  x: Sym,
  permutation: readonly number[] = x.shape.map((_, axis) => x.shape.length - 1 - axis),
): Sym {
  if (permutation.length !== x.shape.length || x.shape.some((_, axis) => !permutation.includes(axis))) {
    throw shapeError('transpose', [x], `[${String(permutation)}] is no order of its axes`)
  }
  if (permutation.every((axis, place) => axis === place)) return x
  const before = transpositionOf(x)
  if (before) {
    return transpose(
      before.x,
      permutation.map((axis) => before.permutation[axis]),
    )
  }
  return apply(transposition, [x], { permutation: [...permutation] })
}
