import type { Tensor } from '../tensor/tensor.js'

/** Images or kernels [n, h, w] or [n, h, w, c], channels last, as graphs have them: [n, c, h, w]. */
export function planar({ shape, data }: Tensor): Tensor {
  const [count, height, width, channels = 1] = shape
  const out = channels === 1 ? data.slice() : new Float32Array(data.length)
  if (channels > 1) eachPixel(count, height * width, channels, (last, first) => (out[first] = data[last]))
  return { shape: [count, channels, height, width], data: out }
}

/** The reverse of {@link planar}; `channelled` says whether there is an axis of channels. */
export function channelsLast({ shape, data }: Tensor, channelled: boolean): Tensor {
  const [count, channels, height, width] = shape
  const out = channels === 1 ? data.slice() : new Float32Array(data.length)
  if (channels > 1) eachPixel(count, height * width, channels, (last, first) => (out[last] = data[first]))
  return { shape: [count, height, width, ...(channelled ? [channels] : [])], data: out }
}

function eachPixel(count: number, area: number, channels: number, visit: (last: number, first: number) => void): void {
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < area; p++) {
      for (let c = 0; c < channels; c++) visit((i * area + p) * channels + c, (i * channels + c) * area + p)
    }
  }
}
