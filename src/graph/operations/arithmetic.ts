import { constant, isFloat, type Operation, type Sym, scalarValue } from '../sym.js'
import { greaterEqual, less, where } from './comparison.js'
import { elementwise, inferElementwise, type Operand, operands } from './elementwise.js'
import { joined } from './slice.js'
import { sumTo } from './sum.js'
import { reciprocal, square } from './unary.js'

/** An elementwise operation on two tensors, whose derivative is given by a factor or a function of the gradient. */
function binary(
  name: string,
  onnx: string,
  partial: readonly [(g: Sym, a: Sym, b: Sym, out: Sym) => Sym, (g: Sym, a: Sym, b: Sym, out: Sym) => Sym],
): Operation {
  return {
    name,
    infer: (inputs) => inferElementwise(name, inputs),
    derivative: (g, { inputs: [a, b], output }) => [
      () => sumTo(partial[0](g, a, b, output), a),
      () => sumTo(partial[1](g, a, b, output), b),
    ],
    onnx: (emit, inputs) => emit.node(onnx, inputs),
  }
}

const zero = (g: Sym) => constant(0, g.type)

const addition = binary('add', 'Add', [(g) => g, (g) => g])
const subtraction = binary('sub', 'Sub', [(g) => g, (g) => neg(g)])
const multiplication = binary('mul', 'Mul', [(g, _, b) => mul(g, b), (g, a) => mul(g, a)])
const division = binary('div', 'Div', [(g, _, b) => div(g, b), (g, _, b, out) => neg(div(mul(g, out), b))])
const larger = binary('maximum', 'Max', [
  (g, a, b) => where(greaterEqual(a, b), g, zero(g)),
  (g, a, b) => where(less(a, b), g, zero(g)),
])
const smaller = binary('minimum', 'Min', [
  (g, a, b) => where(less(a, b), g, zero(g)),
  (g, a, b) => where(greaterEqual(a, b), g, zero(g)),
])

const negation: Operation = {
  name: 'neg',
  infer: ([x]) => [x],
  derivative: (g) => [() => neg(g)],
  onnx: (emit, inputs) => emit.node('Neg', inputs),
}

/** What two constant scalars give. */
function folded(a: Sym, b: Sym, compute: (a: number, b: number) => number): Sym | undefined {
  const [left, right] = [scalarValue(a), scalarValue(b)]
  if (left === undefined || right === undefined || !isFloat(a)) return undefined
  return constant(compute(left, right), a.type)
}

const isScalar = (sym: Sym, value: number): boolean => scalarValue(sym) === value

/** a + b, broadcast. */
export function add(a: Operand, b: Operand): Sym {
  const [x, y] = operands('add', a, b)
  if (isScalar(y, 0)) return x
  if (isScalar(x, 0)) return y
  if (y.node.operation === negation) return sub(x, y.node.inputs[0])
  if (x.node.operation === negation) return sub(y, x.node.inputs[0])
  return folded(x, y, (p, q) => p + q) ?? joined(x, y) ?? elementwise(addition, [x, y])
}

/** a − b, broadcast. */
export function sub(a: Operand, b: Operand): Sym {
  const [x, y] = operands('sub', a, b)
  if (isScalar(y, 0)) return x
  if (isScalar(x, 0)) return neg(y)
  if (y.node.operation === negation) return add(x, y.node.inputs[0])
  return folded(x, y, (p, q) => p - q) ?? elementwise(subtraction, [x, y])
}

/** a·b, broadcast. Constant factors are brought together. */
export function mul(a: Operand, b: Operand): Sym {
  const [x, y] = operands('mul', a, b)
  if (isScalar(y, 1)) return x
  if (isScalar(x, 1)) return y
  if (isScalar(y, -1)) return neg(x)
  if (isScalar(x, -1)) return neg(y)
  if (x === y) return square(x)
  return folded(x, y, (p, q) => p * q) ?? withFactor(x, y) ?? withFactor(y, x) ?? elementwise(multiplication, [x, y])
}

/** c·(d·x) as (cd)·x, for constant scalars c and d. */
function withFactor(factor: Sym, product: Sym): Sym | undefined {
  const outer = scalarValue(factor)
  if (outer === undefined || !isFloat(product) || product.node.operation !== multiplication) return undefined
  const [left, right] = product.node.inputs
  const [c, d] = [scalarValue(left), scalarValue(right)]
  if (c !== undefined) return mul(constant(outer * c, factor.type), right)
  if (d !== undefined) return mul(constant(outer * d, factor.type), left)
  return undefined
}

/** a/b, broadcast. */
export function div(a: Operand, b: Operand): Sym {
  const [x, y] = operands('div', a, b)
  if (isScalar(y, 1)) return x
  if (isScalar(x, 1) && isFloat(y)) return reciprocal(y)
  return folded(x, y, (p, q) => p / q) ?? elementwise(division, [x, y])
}

/** The larger of a and b, broadcast. Where they are equal, the derivative goes to a. */
export function maximum(a: Operand, b: Operand): Sym {
  return elementwise(larger, operands('maximum', a, b))
}

/** The smaller of a and b, broadcast. Where they are equal, the derivative goes to b. */
export function minimum(a: Operand, b: Operand): Sym {
  return elementwise(smaller, operands('minimum', a, b))
}

/** −x. */
export function neg(x: Sym): Sym {
  const value = scalarValue(x)
  if (value !== undefined) return constant(-value, x.type)
  if (x.node.operation === negation) return x.node.inputs[0]
  return elementwise(negation, [x])
}
