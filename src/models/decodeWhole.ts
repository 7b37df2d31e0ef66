import { checkIsCodes } from '../inference/checkCodes.js'
import { type Codes, codeRows } from '../inference/codes.js'
import { decodeConvolutional } from '../inference/convolutional/decodeConvolutional.js'
import { type Boundary, codeSize, geometry, type KernelGeometry } from '../inference/convolutional/geometry.js'
import type { ImageStep, NamedTensors } from '../preprocess/preprocessor.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { formatShape, sizeOf, type Tensor } from '../tensor/tensor.js'

export interface ConvolutionalDecodeOptions {
  /** The shape of one observation. */
  readonly shape: readonly number[]
  /** What the transform took out of it, or of each; without it the transform is undone as far as it can be. */
  readonly context?: NamedTensors | readonly NamedTensors[]
}

/**
 * Σᵢ Kᵢ * Zᵢ with the transform undone: of one row of codes [...shape], of several [n, …shape]. Throws {@link ShapeError} for codes of
 * another size, {@link ConfigurationError} where no shape is given.
 */
export function decodeWhole(
  codes: Codes,
  decoder: {
    readonly kernels: Tensor
    readonly shapes: KernelGeometry
    readonly boundary: Boundary
    readonly transform: ImageStep
  },
  options: ConvolutionalDecodeOptions | undefined,
): Tensor {
  if (!options) {
    throw new ConfigurationError(
      'A convolutional code fits observations of several shapes; say which, as decode(codes, { shape }).',
    )
  }
  const { kernels, shapes, boundary, transform } = decoder
  const { shape, context } = checkOptions('decode', options, { shape: true, context: true })
  checkIsCodes(codes, 'Codes')
  const { spatial } = shapes
  const size = codeSize(geometry(shapes, boundary, shape))
  const [count, width] = codes.shape
  if (width !== size) {
    throw new ShapeError(
      `Codes of ${width} coefficients were given, but an observation of ${formatShape(shape)} has ${size} of them; give the shape that was coded.`,
    )
  }
  const data = new Float32Array(count * sizeOf(shape))
  for (let row = 0; row < count; row++) {
    const decoded = decodeConvolutional(codeRows(codes, row, row + 1), kernels, { boundary, shape, spatial })
    const own = Array.isArray(context) ? context[row] : context
    data.set(transform.invert(decoded, own).data, row * sizeOf(shape))
  }
  return { shape: count === 1 ? [...shape] : [count, ...shape], data }
}
