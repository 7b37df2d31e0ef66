import type { Picture } from '../data/picture.js'
import { ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { samples } from './samples.js'

/** Grey of the line between what was given and what was made, of a pixel's largest value. */
const LINE = 0.4

/**
 * Several y for each x, one below the other in one picture: x [n, h₁, w] above, a thin line, y [n, count, h₂, w] below it; a row
 * for each x. 0 is black and 1 white. `scale` is the pixels of the picture to a side of a pixel, 2 by default. Throws ShapeError
 * where x and y do not fit together, DataError for NaN and infinity.
 */
export function completions(x: Tensor, y: Tensor, options: { readonly scale?: number } = {}): Picture {
  const { scale = 2 } = options
  const [count, above, width] = x.shape
  const [rows, each, below, across] = y.shape
  if (x.shape.length !== 3 || y.shape.length !== 4 || rows !== count || across !== width || count === 0 || each === 0) {
    throw new ShapeError(
      `Completions need x [n, h, width] and y [n, count, h, width] of one n and width; got ${formatShape(x.shape)} and ${formatShape(y.shape)}.`,
    )
  }
  const [upper, lower] = [above * width, below * width]
  const size = upper + width + lower
  const data = new Float32Array(count * each * size)
  for (let i = 0; i < count * each; i++) {
    const row = Math.floor(i / each)
    data.set(x.data.subarray(row * upper, (row + 1) * upper), i * size)
    data.fill(LINE, i * size + upper, i * size + upper + width)
    data.set(y.data.subarray(i * lower, (i + 1) * lower), i * size + upper + width)
  }
  return samples({ shape: [count * each, above + 1 + below, width], data }, { columns: each, scale })
}
