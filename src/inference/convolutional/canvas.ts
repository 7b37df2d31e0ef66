import type { Tensor } from '../../tensor/tensor.js'
import type { Geometry } from './geometry.js'

/** Rows of a plane in the kernels' memory go on for this many floats, which vectors may read and write unharmed. */
const SLACK = 16

/** Floats a row and a plane of a canvas take. */
export function planeSizes({ canvasHeight, canvasWidth }: Geometry): { stride: number; plane: number } {
  const stride = Math.ceil((canvasWidth + SLACK) / 4) * 4
  return { stride, plane: stride * canvasHeight }
}

/**
 * Lays an observation [h, w(, c)] out on its canvas, one plane a channel: around it zeros, or what a circular canvas repeats.
 * `factor` (as long as the observation) multiplies it; what is not observed there may be NaN.
 */
export function layOut(
  geometry: Geometry,
  values: ArrayLike<number>,
  factor: Float32Array | undefined,
  out: Float32Array,
): void {
  const { height, width, canvasHeight, canvasWidth, top, left, boundary } = geometry
  const { channels } = geometry.kernels
  const { stride, plane } = planeSizes(geometry)
  const circular = boundary === 'circular'
  out.fill(0)
  for (let y = 0; y < canvasHeight; y++) {
    const fromY = circular ? y % height : y - top
    if (fromY < 0 || fromY >= height) continue
    for (let x = 0; x < canvasWidth; x++) {
      const fromX = circular ? x % width : x - left
      if (fromX < 0 || fromX >= width) continue
      const from = (fromY * width + fromX) * channels
      for (let channel = 0; channel < channels; channel++) {
        const value = values[from + channel]
        out[channel * plane + y * stride + x] = factor === undefined ? value : factor[from + channel] === 0 ? 0 : value
      }
    }
  }
}

/** A mask [h, w] or of the observation's own shape as one number for each number of the observation. */
export function expandMask(mask: Tensor, size: number): Float32Array {
  if (mask.data.length === size) return mask.data
  const channels = size / mask.data.length
  return Float32Array.from({ length: size }, (_, i) => mask.data[Math.floor(i / channels)])
}
