import type { Picture } from '../data/picture.js'
import { ShapeError } from '../tensor/errors.js'
import { formatShape, rows, sameShape, type Tensor } from '../tensor/tensor.js'
import { requireWhole } from './canvas.js'
import type { MosaicOptions } from './mosaic.js'
import { samples } from './samples.js'

/**
 * Observations with what a model makes of them below each, in rows of `columns` pairs (10 by default). Both are [n, …shape of a
 * picture]. Throws {@link ShapeError} where the two are not alike; other errors are those of `mosaic`.
 */
export function reconstructions(originals: Tensor, decoded: Tensor, options: MosaicOptions = {}): Picture {
  if (!sameShape(originals.shape, decoded.shape)) {
    throw new ShapeError(
      `Originals of ${formatShape(originals.shape)} and reconstructions of ${formatShape(decoded.shape)} were given; give as many of one shape.`,
    )
  }
  const [count, ...shape] = originals.shape
  const { columns = Math.min(10, Math.max(1, count)) } = options
  requireWhole(columns, 'columns', 1, 1e6)
  const width = shape.reduce((size, extent) => size * extent, 1)
  const lines = Math.ceil(count / columns)
  // Places without an observation, at the end of the last row, stay black.
  const data = new Float32Array(2 * lines * columns * width)
  for (let line = 0; line < lines; line++) {
    const [begin, end] = [line * columns, Math.min((line + 1) * columns, count)]
    data.set(rows(originals, begin, end).data, 2 * line * columns * width)
    data.set(rows(decoded, begin, end).data, (2 * line + 1) * columns * width)
  }
  return samples({ shape: [2 * lines * columns, ...shape], data }, { ...options, columns })
}
