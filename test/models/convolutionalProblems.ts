import type { ConvolutionalSparseCodingModel } from '../../src/models/convolutionalSparseCodingModel.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'

/** Kernels as rows, each of norm 1: damped waves of different paces (times across, for images). */
export function plantedKernels(count: number, height: number, width: number, channels = 1): number[][] {
  return Array.from({ length: count }, (_, k) => {
    const kernel: number[] = []
    const angle = (Math.PI * k) / count
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [dy, dx] = [y - (height - 1) / 2, x - (width - 1) / 2]
        const along = height === 1 ? dx : Math.cos(angle) * dx + Math.sin(angle) * dy
        const envelope = Math.exp(-((dx / (width / 3)) ** 2) - (dy / (height / 3)) ** 2)
        for (let c = 0; c < channels; c++) kernel.push(envelope * Math.sin((0.6 + 0.5 * (k % 3)) * along + k + 0.9 * c))
      }
    }
    const norm = Math.hypot(...kernel)
    return kernel.map((value) => value / norm)
  })
}

/** `count` images (or, with height 1, signals) made of planted kernels at random places. */
export function plantedImages(
  kernels: readonly number[][],
  [kernelHeight, kernelWidth]: readonly [number, number],
  {
    count,
    height,
    width,
    channels = 1,
    active,
    seed,
    nonNegative = false,
    noise = 0.01,
  }: {
    count: number
    height: number
    width: number
    channels?: number
    active: number
    seed: number
    nonNegative?: boolean
    noise?: number
  },
): Tensor {
  const random = rng(seed)
  const size = height * width * channels
  const data = Float32Array.from({ length: count * size }, () => noise * random.normal())
  for (let image = 0; image < count; image++) {
    for (let i = 0; i < active; i++) {
      const kernel = kernels[random.integer(kernels.length)]
      const top = random.integer(height - kernelHeight + 1)
      const left = random.integer(width - kernelWidth + 1)
      const sign = nonNegative || random.uniform() < 0.5 ? 1 : -1
      const value = sign * (1 + random.uniform())
      for (let at = 0; at < kernel.length; at++) {
        const [c, pixel] = [at % channels, Math.floor(at / channels)]
        const [y, x] = [top + Math.floor(pixel / kernelWidth), left + (pixel % kernelWidth)]
        data[image * size + (y * width + x) * channels + c] += value * kernel[at]
      }
    }
  }
  const axes = [...(height === 1 ? [width] : [height, width]), ...(channels > 1 ? [channels] : [])]
  return { shape: [count, ...axes], data }
}

/** Of each planted kernel the largest |cosine| to a learned one, over all shifts. */
export function foundAgain(
  planted: readonly number[][],
  kernels: Tensor,
  [height, width]: readonly [number, number],
): number[] {
  const channels = planted[0].length / (height * width)
  const learned = Array.from({ length: kernels.shape[0] }, (_, k) =>
    kernels.data.subarray(k * planted[0].length, (k + 1) * planted[0].length),
  )
  const cosine = (a: ArrayLike<number>, b: ArrayLike<number>, dy: number, dx: number): number => {
    let sum = 0
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue
        for (let c = 0; c < channels; c++) {
          sum += a[(y * width + x) * channels + c] * b[((y + dy) * width + x + dx) * channels + c]
        }
      }
    }
    return Math.abs(sum)
  }
  return planted.map((kernel) => {
    let best = 0
    for (const other of learned) {
      for (let dy = 1 - height; dy < height; dy++) {
        for (let dx = 1 - width; dx < width; dx++) best = Math.max(best, cosine(kernel, other, dy, dx))
      }
    }
    return best
  })
}

/** All that learning determines, as bits. */
export const bitsOf = ({ kernels, usage }: ConvolutionalSparseCodingModel) => ({
  shape: [...kernels.shape],
  kernels: [...new Uint32Array(kernels.data.buffer, kernels.data.byteOffset, kernels.data.length)],
  usage: [...usage],
})
