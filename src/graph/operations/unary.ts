import { ConfigurationError } from '../../tensor/errors.js'
import type { ElementType, Emitter, Operation, Sym } from '../sym.js'
import { div, mul, neg, sub } from './arithmetic.js'
import { elementwise, inferReal } from './elementwise.js'
import { onesLike } from './expand.js'

/** A function of one real number, whose ONNX form is one operator or a few. */
function unary(
  name: string,
  onnx: string | ((emit: Emitter, x: string, type: ElementType) => string),
  derivative?: (g: Sym, x: Sym, out: Sym) => Sym,
): (x: Sym) => Sym {
  const operation: Operation = {
    name,
    infer: (inputs) => inferReal(name, inputs),
    derivative: (g, { inputs: [x], output }) => [derivative && (() => derivative(g, x, output))],
    onnx: (emit, [x], { inputs: [{ type }] }) =>
      typeof onnx === 'string' ? emit.node(onnx, [x]) : onnx(emit, x, type),
  }
  return (x) => elementwise(operation, [x])
}

const squaring: Operation = {
  name: 'square',
  infer: (inputs) => inferReal('square', inputs),
  derivative: (g, { inputs: [x] }) => [() => mul(mul(g, 2), x)],
  onnx: (emit, [x]) => emit.node('Mul', [x, x]),
}

/** x². */
export const square = (x: Sym): Sym => elementwise(squaring, [x])

/** √x. */
export const sqrt: (x: Sym) => Sym = unary('sqrt', 'Sqrt', (g, _, out) => div(mul(g, 0.5), out))
/** eˣ. */
export const exp: (x: Sym) => Sym = unary('exp', 'Exp', (g, _, out) => mul(g, out))
/** The natural logarithm. */
export const log: (x: Sym) => Sym = unary('log', 'Log', (g, x) => div(g, x))
/** |x|, with derivative 0 at 0. */
export const abs: (x: Sym) => Sym = unary('abs', 'Abs', (g, x) => mul(g, sign(x)))
/** The largest finite numbers: times these, no normal number lies between −1 and 1. */
const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE }

/**
 * −1, 0 or 1 (subnormal numbers give something between). Written as a product and Clip: faster than Sign, which WebGPU lacks.
 */
export const sign: (x: Sym) => Sym = unary('sign', (emit, x, type) => {
  const scalar = (value: number) => emit.constant(type, [], [value])
  const far = emit.node('Mul', [x, scalar(type === 'float64' ? largest.float64 : largest.float32)])
  return emit.node('Clip', [far, scalar(-1), scalar(1)])
})
/** 1/x. */
export const reciprocal: (x: Sym) => Sym = unary('reciprocal', 'Reciprocal', (g, _, out) => neg(mul(g, square(out))))
/** The hyperbolic tangent. */
export const tanh: (x: Sym) => Sym = unary('tanh', 'Tanh', (g, _, out) => mul(g, sub(1, square(out))))
/** 1/(1 + e⁻ˣ). */
export const sigmoid: (x: Sym) => Sym = unary('sigmoid', 'Sigmoid', (g, _, out) => mul(g, mul(out, sub(1, out))))
/** max(x, 0), with derivative 0 at 0. */
export const relu: (x: Sym) => Sym = unary('relu', 'Relu', (g, _, out) =>
  // The result rather than x, so that ONNX Runtime can fuse Relu into what makes x; its sign is 0 or 1.
  mul(g, sign(out)),
)
/** log(1 + eˣ), without overflow. Written as max(x, 0) − log sigmoid |x|: Softplus is several times slower, and WebGPU lacks it. */
export const softplus: (x: Sym) => Sym = unary(
  'softplus',
  (emit, x) => {
    const bend = emit.node('Log', [emit.node('Sigmoid', [emit.node('Abs', [x])])])
    return emit.node('Sub', [emit.node('Relu', [x]), bend])
  },
  (g, x) => mul(g, sigmoid(x)),
)
/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf: (x: Sym) => Sym = unary('erf', 'Erf', (g, x) =>
  mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
)
/** The sine of radians. */
export const sin: (x: Sym) => Sym = unary('sin', 'Sin', (g, x) => mul(g, cos(x)))
/** The cosine of radians. */
export const cos: (x: Sym) => Sym = unary('cos', 'Cos', (g, x) => neg(mul(g, sin(x))))

interface PowerAttributes {
  readonly exponent: number
}

const power: Operation<PowerAttributes> = {
  name: 'pow',
  infer: (inputs) => inferReal('pow', inputs),
  derivative: (g, { inputs: [x], attributes: { exponent } }) => [() => mul(g, mul(pow(x, exponent - 1), exponent))],
  onnx: (emit, [x], { attributes: { exponent }, inputs: [{ type }] }) =>
    emit.node('Pow', [x, emit.constant(type, [], [exponent])]),
}

/** xᵖ for a number p. Throws {@link ConfigurationError} where p is not finite. */
export function pow(x: Sym, p: number): Sym {
  if (!Number.isFinite(p)) throw new ConfigurationError(`pow needs a finite exponent; got ${p}.`)
  if (p === 0) return onesLike(x)
  if (p === 1) return x
  if (p === 2) return square(x)
  if (p === 0.5) return sqrt(x)
  if (p === -1) return reciprocal(x)
  return elementwise(power, [x], { exponent: p })
}
