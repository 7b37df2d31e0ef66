import { apply, checkFloat, checkSameType, type Operation, type Sym, shapeError } from '../sym.js'
import { kernelGradient } from './kernelGradient.js'
import {
  type ConvolutionOptions,
  checkedOutputPadding,
  checkedWindow,
  places,
  reach,
  type Window,
  windowAttributes,
} from './window.js'

/** The sizes of an image's or a kernel's spatial axes. */
export const spatial = (sym: Sym): readonly number[] => sym.shape.slice(2) as readonly number[]

/** Checks ranks, element types, and that channels and groups go together: `channels` of the image, `own` axis of the kernel. */
function checkOperands(operation: string, x: Sym, kernel: Sym, group: number, own: 0 | 1): void {
  checkSameType(operation, [x, kernel])
  checkFloat(operation, x)
  if (![3, 4].includes(x.shape.length) || kernel.shape.length !== x.shape.length) {
    throw shapeError(
      operation,
      [x, kernel],
      'needs images [n, channels, …sizes] and kernels with one or two spatial axes',
    )
  }
  if (x.shape.slice(1).includes('n') || kernel.shape.includes('n')) {
    throw shapeError(operation, [x, kernel], 'only the first axis of the images may be the open batch')
  }
  const needed = (kernel.shape[own] as number) * (own === 1 ? group : 1)
  if (x.shape[1] !== needed) {
    throw shapeError(operation, [x, kernel], `the kernel is for ${needed} channels, the image has ${x.shape[1]}`)
  }
  if ((kernel.shape[0] as number) % group !== 0) {
    throw shapeError(operation, [x, kernel], `the kernel's first axis does not divide into ${group} groups`)
  }
}

const correlation: Operation<Window> = {
  name: 'conv',
  infer([x, kernel], window) {
    const sizes = spatial(x).map((size, axis) => places(size, spatial(kernel)[axis], axis, window))
    if (sizes.some((size) => size < 1))
      throw shapeError('conv', [x, kernel], 'the kernel is larger than the padded image')
    return [{ shape: [x.shape[0], kernel.shape[0], ...sizes], type: x.type }]
  },
  derivative: (g, { inputs: [x, kernel], attributes }) => [
    () => spread(g, kernel, attributes, spatial(x)),
    () => kernelGradient(x, g, attributes, spatial(kernel)),
  ],
  onnx: (emit, inputs, { inputs: [, kernel], attributes }) =>
    emit.node('Conv', inputs, windowAttributes(attributes, spatial(kernel))),
}

interface SpreadAttributes extends Window {
  /** Entries beyond the last place of the kernel: images of several sizes have equally many places. */
  readonly outputPadding: readonly number[]
}

/** The size of the image on which a kernel takes so many places. */
const spreadSize = (count: number, kernel: number, axis: number, { strides, dilations, pads }: Window): number =>
  (count - 1) * strides[axis] + reach(kernel, dilations[axis]) - pads[axis][0] - pads[axis][1]

const spreading: Operation<SpreadAttributes> = {
  name: 'convTranspose',
  infer([x, kernel], { outputPadding, ...window }) {
    const sizes = spatial(x).map(
      (size, axis) => spreadSize(size, spatial(kernel)[axis], axis, window) + outputPadding[axis],
    )
    if (sizes.some((size) => size < 1)) throw shapeError('convTranspose', [x, kernel], 'the padding leaves nothing')
    return [{ shape: [x.shape[0], (kernel.shape[1] as number) * window.group, ...sizes], type: x.type }]
  },
  derivative: (g, { inputs: [x, kernel], attributes: { outputPadding: _, ...window } }) => [
    () => apply(correlation, [g, kernel], window),
    () => kernelGradient(g, x, window, spatial(kernel)),
  ],
  onnx: (emit, inputs, { inputs: [, kernel], attributes: { outputPadding, ...window } }) =>
    emit.node('ConvTranspose', inputs, {
      ...windowAttributes(window, spatial(kernel)),
      output_padding: outputPadding,
    }),
}

/** The derivative of conv with respect to an image of the given sizes. */
export function spread(x: Sym, kernel: Sym, window: Window, sizes: readonly number[]): Sym {
  const outputPadding = sizes.map(
    (size, axis) => size - spreadSize(spatial(x)[axis], spatial(kernel)[axis], axis, window),
  )
  return apply(spreading, [x, kernel], { ...window, outputPadding })
}

/** Conv without further checks. */
export const correlate = (x: Sym, kernel: Sym, window: Window): Sym => apply(correlation, [x, kernel], window)

/**
 * Correlates images with kernels: yₒ = Σ_c x_c ⋆ kernelₒ,c, as neural networks have it (the kernel is not flipped).
 * Images [n, channels, …sizes], kernels [out, channels/group, …sizes], with one or two spatial axes. Throws
 * {@link ShapeError} where channels do not agree or the kernel does not fit.
 */
export function conv(x: Sym, kernel: Sym, options: ConvolutionOptions = {}): Sym {
  checkOperands('conv', x, kernel, options.group ?? 1, 1)
  const window = checkedWindow('conv', options, x.shape.length - 2, (axis, stride, dilation) => {
    const size = spatial(x)[axis]
    return (Math.ceil(size / stride) - 1) * stride + reach(spatial(kernel)[axis], dilation) - size
  })
  return correlate(x, kernel, window)
}

/**
 * The transpose of {@link conv} with the same kernel and options, the direction of decoders: each entry of `x` puts its
 * kernel onto the result. Images [n, channels, …sizes], kernels [channels, out/group, …sizes]. `outputPadding` adds entries
 * at the end, where a stride has let several sizes come to one. Throws {@link ShapeError} where channels do not agree.
 */
export function convTranspose(
  x: Sym,
  kernel: Sym,
  options: ConvolutionOptions & { readonly outputPadding?: number | readonly number[] } = {},
): Sym {
  checkOperands('convTranspose', x, kernel, options.group ?? 1, 0)
  const window = checkedWindow(
    'convTranspose',
    options,
    x.shape.length - 2,
    (axis, stride, dilation) => reach(spatial(kernel)[axis], dilation) - stride,
  )
  if (options.padding === 'same' && options.outputPadding === undefined) {
    const sizes = spatial(x).map((size, axis) => size * window.strides[axis])
    return spread(x, kernel, window, sizes)
  }
  const outputPadding = checkedOutputPadding(options.outputPadding ?? 0, window)
  return apply(spreading, [x, kernel], { ...window, outputPadding })
}
