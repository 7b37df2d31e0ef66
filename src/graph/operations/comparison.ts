import { ConfigurationError } from '../../tensor/errors.js'
import { elementTypes } from '../onnx/protos.js'
import {
  apply,
  checkSameType,
  constant,
  describe,
  type ElementType,
  isFloat,
  type Operation,
  type Sym,
  scalarValue,
} from '../sym.js'
import { broadcastAll, elementwise, inferElementwise, type Operand, operands } from './elementwise.js'
import { sumTo } from './sum.js'

/** An operation whose result is true or false, and has the derivative 0. */
function predicate(name: string, onnx: string): Operation {
  return {
    name,
    infer: (inputs) => [{ shape: broadcastAll(name, inputs), type: 'bool' }],
    derivative: (_, { inputs }) => inputs.map(() => undefined),
    onnx: (emit, inputs) => emit.node(onnx, inputs),
  }
}

const comparison = (name: string, onnx: string) => {
  const operation = predicate(name, onnx)
  return (a: Operand, b: Operand): Sym => elementwise(operation, operands(name, a, b))
}

/** a > b, as bool. */
export const greater = comparison('greater', 'Greater')
/** a < b, as bool. */
export const less = comparison('less', 'Less')
/** a ≥ b, as bool. */
export const greaterEqual = comparison('greaterEqual', 'GreaterOrEqual')
/** a ≤ b, as bool. */
export const lessEqual = comparison('lessEqual', 'LessOrEqual')
/** a = b, as bool. */
export const equal = comparison('equal', 'Equal')

function logical(name: string, onnx: string) {
  const operation = predicate(name, onnx)
  return (...inputs: readonly Sym[]): Sym => {
    const wrong = inputs.find(({ type }) => type !== 'bool')
    if (wrong) throw new ConfigurationError(`${name} needs bool; got ${describe(wrong)} of ${wrong.type}.`)
    return elementwise(operation, inputs)
  }
}

/** Whether a and b hold. */
export const logicalAnd: (a: Sym, b: Sym) => Sym = logical('logicalAnd', 'And')
/** Whether a or b holds. */
export const logicalOr: (a: Sym, b: Sym) => Sym = logical('logicalOr', 'Or')
/** Whether x does not hold. */
export const logicalNot: (x: Sym) => Sym = logical('logicalNot', 'Not')

const zero = (g: Sym) => constant(0, g.type)

const selection: Operation = {
  name: 'where',
  infer: (inputs) => [{ shape: broadcastAll('where', inputs), type: inputs[1].type }],
  derivative: (g, { inputs: [condition, a, b] }) => [
    undefined,
    () => sumTo(where(condition, g, zero(g)), a),
    () => sumTo(where(condition, zero(g), g), b),
  ],
  onnx: (emit, inputs) => emit.node('Where', inputs),
}

/** a where the condition holds, else b; all three broadcast. */
export function where(condition: Sym, a: Operand, b: Operand): Sym {
  if (condition.type !== 'bool') {
    throw new ConfigurationError(`where needs a condition of bool; got ${describe(condition)} of ${condition.type}.`)
  }
  const type = typeof a !== 'number' ? a.type : typeof b !== 'number' ? b.type : 'float32'
  const pair = [a, b].map((operand) => (typeof operand === 'number' ? constant(operand, type) : operand))
  checkSameType('where', pair)
  return elementwise(selection, [condition, ...pair])
}

interface CastAttributes {
  readonly type: ElementType
}

const conversion: Operation<CastAttributes> = {
  name: 'cast',
  infer: ([x], { type }) => [{ shape: x.shape, type }],
  derivative: (g, { inputs: [x], attributes: { type } }) => [
    isFloat(x) && (type === 'float32' || type === 'float64') ? () => cast(g, x.type) : undefined,
  ],
  onnx: (emit, [x], { attributes: { type } }) => emit.node('Cast', [x], { to: elementTypes[type] }),
}

/** The same numbers as another element type: reals lose their fraction towards 0 as int64; bool is whether they are not 0. */
export function cast(x: Sym, type: ElementType): Sym {
  if (x.type === type) return x
  const value = scalarValue(x)
  if (value !== undefined && Number.isInteger(value) && type !== 'bool') return constant(value, type)
  return apply(conversion, [x], { type })
}

const barrier: Operation = {
  name: 'stopGradient',
  infer: (inputs) => inferElementwise('stopGradient', inputs),
  derivative: () => [undefined],
  onnx: (_, [x]) => x,
}

/** x itself, taken as a constant by derivatives. */
export const stopGradient = (x: Sym): Sym => apply(barrier, [x], {})
