import { ConfigurationError } from '../../tensor/errors.js'
import { broadcast, sameDimensions } from '../shapes.js'
import {
  apply,
  checkFloat,
  checkSameType,
  checkSyms,
  constant,
  type Operation,
  type Sym,
  shapeError,
  type TensorType,
} from '../sym.js'
import { expandLike, expansionOf } from './expand.js'

/** What stands for a tensor in elementwise operations: a number is a scalar of the other operand's type. */
export type Operand = Sym | number

/** Two operands as tensors of one type. Throws {@link ConfigurationError} where their types differ. */
export function operands(operation: string, a: Operand, b: Operand): readonly [Sym, Sym] {
  checkSyms(
    operation,
    [a, b].filter((operand) => typeof operand !== 'number'),
  )
  const type = typeof a !== 'number' ? a.type : typeof b !== 'number' ? b.type : 'float32'
  const pair = [a, b].map((operand) => (typeof operand === 'number' ? constant(operand, type) : operand))
  checkSameType(operation, pair)
  if (type === 'bool') throw new ConfigurationError(`${operation} needs numbers; got bool. Use cast.`)
  return [pair[0], pair[1]]
}

/** The shape of tensors that broadcast. Throws {@link ShapeError} where two do not. */
export function broadcastAll(operation: string, inputs: readonly Sym[]): TensorType['shape'] {
  return inputs.reduce<TensorType['shape']>((shape, sym) => {
    const wider = broadcast(shape, sym.shape)
    if (wider === undefined) throw shapeError(operation, inputs, 'shapes do not broadcast')
    return wider
  }, [])
}

/** The shape rule of operations that keep the element type. */
export const inferElementwise = (operation: string, inputs: readonly Sym[]): readonly TensorType[] => [
  { shape: broadcastAll(operation, inputs), type: inputs[0].type },
]

/** The shape rule of functions of one real number. */
export function inferReal(operation: string, [x]: readonly Sym[]): readonly TensorType[] {
  return [{ shape: x.shape, type: checkFloat(operation, x) }]
}

/**
 * Applies an elementwise operation. What was only expanded is taken as it was before, where broadcasting does the same,
 * so that the derivative of a sum does not fill tensors with copies of one number.
 */
export function elementwise<A extends object>(operation: Operation<A>, inputs: readonly Sym[], attributes: A): Sym
export function elementwise(operation: Operation, inputs: readonly Sym[]): Sym
export function elementwise<A extends object>(
  operation: Operation<A>,
  inputs: readonly Sym[],
  attributes = {} as A,
): Sym {
  checkSyms(operation.name, inputs)
  const place = inputs.findIndex((sym) => expansionOf(sym) !== undefined)
  if (place < 0) return apply(operation, inputs, attributes)
  const shape = broadcastAll(operation.name, inputs)
  const bare = elementwise(
    operation,
    inputs.map((sym, i) => (i === place ? (expansionOf(sym) ?? sym) : sym)),
    attributes,
  )
  return sameDimensions(bare.shape, shape) ? bare : expandLike(bare, { shape, batch: inputs })
}
