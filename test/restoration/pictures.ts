import { rng } from '../../src/tensor/random.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'

/** Soft stripes in two directions, and a disc: what atoms learn well and a smooth fill does not. */
export function stripedImage(height: number, width: number, channels?: number): Tensor {
  const each = channels ?? 1
  const data = new Float32Array(height * width * each)
  for (let at = 0; at < height * width; at++) {
    const [y, x] = [Math.floor(at / width), at % width]
    const inside = Math.hypot(y - height / 2, x - width / 2) < Math.min(height, width) / 3
    for (let c = 0; c < each; c++) {
      data[at * each + c] = 0.5 + 0.3 * Math.sin(inside ? 1.3 * x + 0.4 * y : 0.5 * x - 1.1 * y) - (0.1 * c) / each
    }
  }
  return tensor(channels === undefined ? [height, width] : [height, width, channels], data)
}

/** The image with white noise. */
export function noisy({ shape, data }: Tensor, sigma: number, seed = 1): Tensor {
  const random = rng(seed, 3)
  return tensor(
    shape,
    data.map((value) => value + sigma * random.normal()),
  )
}

/** A mask that hides each number of `shape` with the given probability. */
export function randomMask(shape: readonly number[], missing: number, seed = 1): Tensor {
  const random = rng(seed, 4)
  const size = shape.reduce((product, extent) => product * extent, 1)
  return tensor(
    shape,
    Float32Array.from({ length: size }, () => (random.uniform() < missing ? 0 : 1)),
  )
}
