export { gradient } from './gradient.js'
export { encodeOnnx, type Graph } from './onnx/encodeOnnx.js'
export { add, div, maximum, minimum, mul, neg, sub } from './operations/arithmetic.js'
export { batchSize } from './operations/batchSize.js'
export { clip, shrink } from './operations/clip.js'
export {
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  stopGradient,
  where,
} from './operations/comparison.js'
export { conv, convTranspose } from './operations/convolution.js'
export { crossEntropy } from './operations/crossEntropy.js'
export type { Operand } from './operations/elementwise.js'
export { expand, expandLike, onesLike, zerosLike } from './operations/expand.js'
export { maxOver } from './operations/extremes.js'
export { gather } from './operations/gather.js'
export { type LoopOptions, loop } from './operations/loop.js'
export { linear, matmul } from './operations/matmul.js'
export { reshape, transpose } from './operations/reshape.js'
export { concat, pad, slice } from './operations/slice.js'
export { logSoftmax, logSumExp, softmax } from './operations/softmax.js'
export { mean, sum, sumPerObservation } from './operations/sum.js'
export {
  abs,
  cos,
  erf,
  exp,
  log,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  tanh,
} from './operations/unary.js'
export type { ConvolutionOptions } from './operations/window.js'
export { constant, type Dimension, type ElementType, type GraphNode, input, type Sym } from './sym.js'
