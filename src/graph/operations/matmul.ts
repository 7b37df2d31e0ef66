import { broadcast, type Dimension, sameDimensions } from '../shapes.js'
import { apply, checkFloat, checkSameType, type Operation, type Sym, shapeError } from '../sym.js'
import { add } from './arithmetic.js'
import { reshape, transpositionOf } from './reshape.js'
import { sumTo } from './sum.js'

interface ProductAttributes {
  /** Whether the last two axes of a or b change places before they are multiplied. */
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** The last two sizes of a factor. */
function matrixSizes({ shape }: Sym, transposed: boolean): readonly [Dimension, Dimension] {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

const swapped = (x: Sym): readonly number[] => {
  const rank = x.shape.length
  return x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
}

const product: Operation<ProductAttributes> = {
  name: 'matmul',
  infer([a, b], { transposeA, transposeB }) {
    const [rows, inner] = matrixSizes(a, transposeA)
    const [depth, columns] = matrixSizes(b, transposeB)
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
    if (inner !== depth) {
      throw shapeError('matmul', [a, b], `the inner sizes ${inner} and ${depth} differ`)
    }
    if (batch === undefined) throw shapeError('matmul', [a, b], 'the leading axes do not broadcast')
    return [{ shape: [...batch, rows, columns], type: checkFloat('matmul', a) }]
  },
  derivative: (g, { inputs: [a, b], attributes: { transposeA, transposeB } }) => [
    () => sumTo(transposeA ? times(b, g, transposeB, true) : times(g, b, false, !transposeB), a),
    () => sumTo(transposeB ? times(g, a, true, transposeA) : times(a, g, !transposeA, false), b),
  ],
  onnx(emit, [a, b], { inputs, attributes: { transposeA, transposeB } }) {
    const turned = (name: string, sym: Sym) => emit.node('Transpose', [name], { perm: swapped(sym) })
    // ONNX Runtime multiplies by a transposed matrix on the right at full speed, and by one on the left at five sixths of it.
    const left = transposeA ? turned(a, inputs[0]) : a
    if (!transposeB) return emit.node('MatMul', [left, b])
    if (inputs.every(({ shape }) => shape.length === 2)) return emit.node('Gemm', [left, b], { transB: 1 })
    return emit.node('MatMul', [left, turned(b, inputs[1])])
  },
}

/** The product with transpositions taken into its attributes. */
function times(a: Sym, b: Sym, transposeA: boolean, transposeB: boolean): Sym {
  const bare = (x: Sym, transposed: boolean): readonly [Sym, boolean] => {
    const turned = transpositionOf(x)
    const swaps = turned && swapped(x).every((axis, place) => axis === turned.permutation[place])
    return swaps ? [turned.x, !transposed] : [x, transposed]
  }
  const [left, turnLeft] = bare(a, transposeA)
  const [right, turnRight] = bare(b, transposeB)
  return apply(product, [left, right], { transposeA: turnLeft, transposeB: turnRight })
}

/**
 * The matrix product a·b over the last two axes; the axes before them broadcast. A vector counts as a row on the left and
 * as a column on the right. Throws {@link ShapeError} where the inner sizes differ.
 */
export function matmul(a: Sym, b: Sym): Sym {
  checkSameType('matmul', [a, b])
  if (a.shape.length === 0 || b.shape.length === 0) throw shapeError('matmul', [a, b], 'a scalar is no matrix; use mul')
  if (a.shape.length === 1) {
    const row = matmul(reshape(a, [1, ...a.shape]), b)
    return reshape(row, b.shape.length === 1 ? [] : row.shape.filter((_, axis) => axis !== row.shape.length - 2))
  }
  if (b.shape.length === 1) {
    const column = matmul(a, reshape(b, [...b.shape, 1]))
    return reshape(column, column.shape.slice(0, -1))
  }
  return times(a, b, false, false)
}

const affine: Operation = {
  name: 'linear',
  infer([x, weight, bias]) {
    const [out, width] = weight.shape
    if (weight.shape.length !== 2 || x.shape.length !== 2 || x.shape[1] !== width) {
      throw shapeError('linear', [x, weight], 'the last size of x must be the second of the weight [out, in]')
    }
    const shape = [x.shape[0], out]
    if (!sameDimensions(broadcast(bias.shape, shape) ?? [], shape)) {
      throw shapeError('linear', [weight, bias], 'the bias must have one number for each row of the weight')
    }
    return [{ shape, type: checkFloat('linear', x) }]
  },
  derivative: (g, { inputs: [x, weight, bias] }) => [
    () => matmul(g, weight),
    () => times(g, x, true, false),
    () => sumTo(g, bias),
  ],
  onnx: (emit, inputs) => emit.node('Gemm', inputs, { transB: 1 }),
}

/**
 * x·Wᵀ + b: x [.., in], weight [out, in], bias [out], or anything that broadcasts to the result: adding to a product is
 * cheaper here than afterwards. Throws {@link ShapeError} where they do not fit.
 */
export function linear(x: Sym, weight: Sym, bias?: Sym): Sym {
  checkSameType('linear', bias ? [x, weight, bias] : [x, weight])
  if (weight.shape.length !== 2 || x.shape.length < 1 || x.shape[x.shape.length - 1] !== weight.shape[1]) {
    throw shapeError('linear', [x, weight], 'the last size of x must be the second of the weight [out, in]')
  }
  if (x.shape.length === 1) {
    return reshape(linear(reshape(x, [1, ...x.shape]), weight, bias), [weight.shape[0]])
  }
  if (bias && x.shape.length === 2) return apply(affine, [x, weight, bias], {})
  const scores = times(x, weight, false, true)
  return bias ? add(scores, bias) : scores
}
