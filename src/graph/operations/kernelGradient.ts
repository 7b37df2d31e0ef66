import { apply, type Emitter, type Operation, type Sym } from '../sym.js'
import { correlate, spatial, spread } from './convolution.js'
import { reach, type Window, windowAttributes } from './window.js'

interface KernelAttributes extends Window {
  readonly sizes: readonly number[]
}

/**
 * The derivative of conv with respect to its kernel: Kₒ,c(i) = Σ over observations and places p of yₒ(p)·x_c(p·stride + i·dilation − pad).
 * It is a correlation of the images with y as the kernel, in which observations are channels, and strides and dilations
 * change places.
 */
const operation: Operation<KernelAttributes> = {
  name: 'kernelGradient',
  infer: ([x, y], { group, sizes }) => [
    { shape: [y.shape[1], (x.shape[1] as number) / group, ...sizes], type: x.type },
  ],
  derivative: (g, { inputs: [x, y], attributes: { sizes: _, ...window } }) => [
    () => spread(y, g, window, spatial(x)),
    () => correlate(x, g, window),
  ],
  // What lies under each entry of the kernel, for one channel of the images.
  scratch: ([x, y], { sizes }) => [{ shape: [y.shape[0], ...y.shape.slice(2), ...sizes], type: x.type }],
  onnx(emit, [x, y], { inputs: [images, maps], attributes: { sizes, strides, dilations, pads, group } }) {
    const moved = spatial(images).map((size, axis) => {
      const [before, after] = pads[axis]
      const used = reach(sizes[axis], dilations[axis]) + (spatial(maps)[axis] - 1) * strides[axis]
      return [before, Math.max(after - (before + size + after - used), 0)] as const
    })
    const window = { strides: dilations, dilations: strides, pads: moved, group }
    const result = emit.node(
      'Conv',
      [channelsFirst(emit, x, images, group), swap(emit, y, maps)],
      windowAttributes(window, spatial(maps)),
    )
    return swap(emit, crop(), images)

    /** Where the stride left a rest of the image unused, the correlation has entries beyond the kernel. */
    function crop(): string {
      const found = spatial(images).map((size, axis) => {
        const rest = moved[axis][0] + size + moved[axis][1] - reach(spatial(maps)[axis], strides[axis])
        return Math.floor(rest / dilations[axis]) + 1
      })
      const axes = found.flatMap((size, axis) => (size > sizes[axis] ? [axis] : []))
      if (axes.length === 0) return result
      const vector = (values: readonly number[]) => emit.constant('int64', [values.length], values)
      const ends = vector(axes.map((axis) => sizes[axis]))
      return emit.node('Slice', [result, vector(axes.map(() => 0)), ends, vector(axes.map((axis) => axis + 2))])
    }
  },
}

/** The first two axes change places. */
const swap = (emit: Emitter, name: string, { shape }: Sym): string =>
  emit.node('Transpose', [name], { perm: shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)) })

/** Images [n, c, …] as [c, n, …]; with groups as [c/group, group·n, …], group by group. */
function channelsFirst(emit: Emitter, name: string, images: Sym, group: number): string {
  if (group === 1) return swap(emit, name, images)
  const channels = (images.shape[1] as number) / group
  const vector = (sizes: readonly number[]) => emit.constant('int64', [sizes.length], sizes)
  const parted = emit.node('Reshape', [name, vector([-1, group, channels, ...spatial(images)])])
  const turned = emit.node('Transpose', [parted], { perm: [2, 1, 0, ...spatial(images).map((_, axis) => axis + 3)] })
  return emit.node('Reshape', [turned, vector([channels, -1, ...spatial(images)])])
}

/** The derivative of conv with respect to a kernel of the given sizes, where `g` is that with respect to its result. */
export const kernelGradient = (x: Sym, g: Sym, window: Window, sizes: readonly number[]): Sym =>
  apply(operation, [x, g], { ...window, sizes })
