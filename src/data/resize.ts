import { ConfigurationError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** Of which numbers of a line, and in which parts, each of a shorter or longer one is the mean: the overlap of their lengths. */
function overlaps(from: number, to: number): { readonly first: number; readonly weights: readonly number[] }[] {
  return Array.from({ length: to }, (_, i) => {
    const [begin, end] = [(i * from) / to, ((i + 1) * from) / to]
    const first = Math.floor(begin)
    const last = Math.min(from - 1, Math.ceil(end) - 1)
    const weights = Array.from({ length: last - first + 1 }, (_, k) => {
      const place = first + k
      return (Math.min(end, place + 1) - Math.max(begin, place)) / (end - begin)
    })
    return { first, weights }
  })
}

/**
 * An image [h, w] or [h, w, c] brought to another height and width: each new pixel is the mean over the area that it covers, so that nothing
 * aliases where the image becomes smaller. Proportions change where those of the sizes do. Throws {@link ConfigurationError} unless
 * both sides are whole numbers, 1 or more.
 */
export function resized(image: Tensor, size: readonly [height: number, width: number]): Tensor {
  if (!size.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new ConfigurationError(`An image is brought to whole pixels, 1 or more a side; got ${size.join('×')}.`)
  }
  const [height, width, ...channels] = image.shape
  if (height === size[0] && width === size[1]) return image
  const depth = channels[0] ?? 1
  const across = overlaps(width, size[1])
  const narrow = new Float64Array(height * size[1] * depth)
  for (let y = 0; y < height; y++) {
    for (const [x, { first, weights }] of across.entries()) {
      for (const [k, weight] of weights.entries()) {
        const from = (y * width + first + k) * depth
        const to = (y * size[1] + x) * depth
        for (let c = 0; c < depth; c++) narrow[to + c] += weight * image.data[from + c]
      }
    }
  }
  const line = size[1] * depth
  const data = new Float32Array(size[0] * line)
  for (const [y, { first, weights }] of overlaps(height, size[0]).entries()) {
    for (let x = 0; x < line; x++) {
      let sum = 0
      for (const [k, weight] of weights.entries()) sum += weight * narrow[(first + k) * line + x]
      data[y * line + x] = sum
    }
  }
  return { shape: [...size, ...channels], data }
}
