import type { Tensor } from '../tensor/tensor.js'

/** Sweeps of relaxation at each scale. */
const SWEEPS = 40

interface Level {
  readonly height: number
  readonly width: number
  readonly values: Float64Array
  /** 1 where a value is known. */
  readonly known: Uint8Array
}

/**
 * An image [h, w] or [h, w, c] with its missing pixels (mask 0) filled smoothly: each becomes about the mean of its neighbours, as a membrane
 * hung from what was observed. Solved from coarse to fine, by means over squares of pixels and some relaxation at each scale.
 * A channel of which nothing was observed becomes 0.
 */
export function smoothFill(image: Tensor, mask: Tensor): Tensor {
  const [height, width, channels = 1] = image.shape
  const data = new Float32Array(image.data.length)
  for (let channel = 0; channel < channels; channel++) {
    const known = Uint8Array.from({ length: height * width }, (_, i) => mask.data[i * channels + channel])
    const values = Float64Array.from(known, (is, i) => (is ? image.data[i * channels + channel] : 0))
    relaxed({ height, width, values, known })
    for (let i = 0; i < values.length; i++) {
      const at = i * channels + channel
      data[at] = known[i] ? image.data[at] : values[i]
    }
  }
  return { shape: image.shape, data }
}

/** Fills the unknown values of a level, from the next coarser one. */
function relaxed(level: Level): void {
  const { height, width, values, known } = level
  if (known.every((is) => is === 1)) return
  if (height > 1 || width > 1) {
    const coarse = halved(level)
    relaxed(coarse)
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (!known[at]) values[at] = coarse.values[(y >> 1) * coarse.width + (x >> 1)]
      }
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (known[at]) continue
        const [above, below, left, right] = [y > 0, y < height - 1, x > 0, x < width - 1]
        const count = Number(above) + Number(below) + Number(left) + Number(right)
        let sum = 0
        if (above) sum += values[at - width]
        if (below) sum += values[at + width]
        if (left) sum += values[at - 1]
        if (right) sum += values[at + 1]
        if (count > 0) values[at] = sum / count
      }
    }
  }
}

/** Means over squares of 2×2 of what is known. */
function halved({ height, width, values, known }: Level): Level {
  const rows = Math.ceil(height / 2)
  const columns = Math.ceil(width / 2)
  const sums = new Float64Array(rows * columns)
  const counts = new Uint8Array(rows * columns)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!known[at]) continue
      const to = (y >> 1) * columns + (x >> 1)
      sums[to] += values[at]
      counts[to]++
    }
  }
  return {
    height: rows,
    width: columns,
    values: sums.map((sum, i) => (counts[i] > 0 ? sum / counts[i] : 0)),
    known: counts.map((count) => (count > 0 ? 1 : 0)),
  }
}
