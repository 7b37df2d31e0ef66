import { at, build, indices, place, type Values } from './evaluateGraphTensors.js'

interface Window {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly pads: readonly (readonly [number, number])[]
  readonly group: number
}

/** Every product of an image's entry and a kernel's entry, with the place of the map where they meet. */
function meetings(
  image: readonly number[],
  map: readonly number[],
  kernel: readonly number[],
  { strides, dilations, pads, group }: Window,
  visit: (inImage: number[], inMap: number[], inKernel: number[]) => void,
): void {
  const perGroup = kernel[0] / group
  for (const inKernel of indices(kernel)) {
    const [out, channel, ...offset] = inKernel
    const imageChannel = Math.floor(out / perGroup) * kernel[1] + channel
    for (const [n, ...where] of indices([map[0], ...map.slice(2)])) {
      const pixel = where.map((p, axis) => p * strides[axis] + offset[axis] * dilations[axis] - pads[axis][0])
      if (pixel.some((i, axis) => i < 0 || i >= image[axis + 2])) continue
      visit([n, imageChannel, ...pixel], [n, out, ...where], inKernel)
    }
  }
}

const zeros = (shape: readonly number[]): Values => build(shape, () => 0)

/** y(p) = Σ x(p·stride + i·dilation − pad)·K(i). */
export function convolve(x: Values, kernel: Values, window: Window): Values {
  const sizes = x.shape.slice(2).map((size, axis) => {
    const reach = (kernel.shape[axis + 2] - 1) * window.dilations[axis] + 1
    let places = 0
    while (places * window.strides[axis] + reach <= size + window.pads[axis][0] + window.pads[axis][1]) places++
    return places
  })
  const out = zeros([x.shape[0], kernel.shape[0], ...sizes])
  meetings(x.shape, out.shape, kernel.shape, window, (inImage, inMap, inKernel) => {
    out.data[place(out.shape, inMap)] += at(x, inImage) * at(kernel, inKernel)
  })
  return out
}

/** The transpose of `convolve`: each entry of a map puts its kernel onto the image. */
export function spread(map: Values, kernel: Values, window: Window & { outputPadding: readonly number[] }): Values {
  const sizes = map.shape.slice(2).map((size, axis) => {
    const whole = (size - 1) * window.strides[axis] + (kernel.shape[axis + 2] - 1) * window.dilations[axis] + 1
    return whole - window.pads[axis][0] - window.pads[axis][1] + window.outputPadding[axis]
  })
  const out = zeros([map.shape[0], kernel.shape[1] * window.group, ...sizes])
  meetings(out.shape, map.shape, kernel.shape, window, (inImage, inMap, inKernel) => {
    out.data[place(out.shape, inImage)] += at(map, inMap) * at(kernel, inKernel)
  })
  return out
}

/** What each entry of a kernel meets: the derivative of `convolve` to its kernel. */
export function kernelSums(x: Values, map: Values, window: Window & { sizes: readonly number[] }): Values {
  const out = zeros([map.shape[1], x.shape[1] / window.group, ...window.sizes])
  meetings(x.shape, map.shape, out.shape, window, (inImage, inMap, inKernel) => {
    out.data[place(out.shape, inKernel)] += at(x, inImage) * at(map, inMap)
  })
  return out
}
