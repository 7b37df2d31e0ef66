import { ConfigurationError, ShapeError } from '../../tensor/errors.js'
import { broadcast, checkedDimensions, type Dimension, formatDimensions, isOpen, sameDimensions } from '../shapes.js'
import { apply, batchOf, constant, describe, type ElementType, type Operation, type Sym } from '../sym.js'
import { sumTo } from './sum.js'

interface ExpandAttributes {
  readonly shape: readonly Dimension[]
}

/** Copies along axes of size 1 and new leading axes, up to a shape. */
const expansion: Operation<ExpandAttributes> = {
  name: 'expand',
  infer([x], { shape }) {
    if (!sameDimensions(broadcast(x.shape, shape) ?? [], shape)) {
      throw new ShapeError(`expand: ${describe(x)} does not broadcast to [${formatDimensions(shape)}].`)
    }
    return [{ shape, type: x.type }]
  },
  derivative: (g, { inputs: [x] }) => [() => sumTo(g, x)],
  onnx: (emit, [x], { attributes: { shape }, batch }) => emit.node('Expand', [x, emit.shape(shape, batch)]),
}

/** The tensor that was expanded; undefined where `sym` is no expansion. */
export function expansionOf(sym: Sym): Sym | undefined {
  return sym.node.operation === expansion ? sym.node.inputs[0] : undefined
}

/** `x` broadcast to a shape; an open dimension is read from any of `donors`. */
function expandTo(x: Sym, shape: readonly Dimension[], donors: readonly Sym[]): Sym {
  if (sameDimensions(x.shape, shape)) return x
  const source = expansionOf(x) ?? x
  const batch = [x, ...donors].map(batchOf).find((sym) => sym !== undefined)
  if (isOpen(shape) && batch === undefined) {
    throw new ConfigurationError(
      `expand: [${formatDimensions(shape)}] has an open batch and ${describe(x)} none; say by \`like\` from which tensor it is taken.`,
    )
  }
  return apply(expansion, [source], { shape }, batch)
}

/** `x` broadcast to `shape`. Where that has an open dimension 'n' and `x` none, `like` says from which tensor the size is read. */
export function expand(x: Sym, shape: readonly Dimension[], like?: Sym): Sym {
  return expandTo(x, checkedDimensions('expand', shape), like ? [like] : [])
}

/** `x` broadcast to the shape of another tensor. */
export function expandLike(x: Sym, like: Sym | { shape: readonly Dimension[]; batch: readonly Sym[] }): Sym {
  return expandTo(x, like.shape, 'node' in like ? [like] : like.batch)
}

const filled = (value: number, like: Sym, type: ElementType) => expandLike(constant(value, type), like)

/** Zeros in the shape (and, unless said otherwise, the type) of a tensor. */
export const zerosLike = (like: Sym, type: ElementType = like.type): Sym => filled(0, like, type)

/** Ones in the shape (and, unless said otherwise, the type) of a tensor. */
export const onesLike = (like: Sym, type: ElementType = like.type): Sym => filled(1, like, type)
