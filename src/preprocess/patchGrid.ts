import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { cutPatch, type PatchSize, patchSize } from './patchSize.js'
import { imageSize } from './preprocessor.js'

/** Where the patches of one image lie: every pair of a row and a column is the first pixel of one, columns fastest. */
export interface PatchGrid {
  /** [h, w] or [h, w, c] */
  readonly imageShape: readonly number[]
  readonly size: readonly [height: number, width: number]
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  readonly count: number
}

/** How a grid is laid. */
export interface GridOptions {
  readonly size: PatchSize
  /** Pixels between patches, 1 to the patch's size; the patch's size by default (patches side by side). */
  readonly stride?: PatchSize
}

/**
 * The grid that covers an image completely: patches every `stride` pixels, the last row and column shifted back to the border.
 * Throws {@link ConfigurationError} for a stride that would leave gaps, {@link DataError} where the image is smaller than a patch.
 */
export function patchGrid(imageShape: readonly number[], options: GridOptions): PatchGrid {
  const size = patchSize(options.size)
  const stride = options.stride === undefined ? size : patchSize(options.stride)
  if (stride[0] > size[0] || stride[1] > size[1]) {
    throw new ConfigurationError(
      `A stride of ${formatShape(stride)} leaves gaps between patches of ${formatShape(size)}; it must not be larger than them.`,
    )
  }
  const [height, width] = imageShape
  if (height < size[0] || width < size[1]) {
    throw new DataError(
      `An image of ${formatShape([height, width])} (height×width) is smaller than a patch of ${formatShape(size)}; use smaller patches (patch: ${Math.max(1, Math.min(height, width, 8))}, or --patch ${Math.max(1, Math.min(height, width, 8))}).`,
    )
  }
  const rows = starts(height, size[0], stride[0])
  const columns = starts(width, size[1], stride[1])
  return { imageShape: [...imageShape], size, rows, columns, count: rows.length * columns.length }
}

function starts(extent: number, size: number, stride: number): number[] {
  const last = extent - size
  return Array.from({ length: Math.ceil(last / stride) + 1 }, (_, i) => Math.min(i * stride, last))
}

/** All patches of one image, [n, h, w] or [n, h, w, c]. Throws {@link ShapeError} where the image is not the grid's. */
export function cutGrid(image: Tensor, grid: PatchGrid): Tensor {
  if (!sameShape(image.shape, grid.imageShape)) {
    throw new ShapeError(
      `The grid was laid for an image of ${formatShape(grid.imageShape)}; this one is ${formatShape(image.shape)}.`,
    )
  }
  const shape = [grid.count, ...grid.size, ...image.shape.slice(2)]
  const width = grid.size[0] * grid.size[1] * imageSize(image).channels
  const data = new Float32Array(grid.count * width)
  for (let i = 0; i < grid.count; i++) cutPatch(image, ...corner(grid, i), grid.size, data, i * width)
  return { shape, data }
}

/** First row and column of patch `i`. */
export function corner(grid: PatchGrid, i: number): [row: number, column: number] {
  return [grid.rows[Math.floor(i / grid.columns.length)], grid.columns[i % grid.columns.length]]
}

/**
 * Puts the patches of one image (those of {@link cutGrid}, perhaps changed) back together: a pixel is the mean of what the patches that cover it
 * say. Throws {@link ShapeError} where the patches are not the grid's.
 */
export function assemble(patches: Tensor, grid: PatchGrid): Tensor {
  const channels = grid.imageShape[2] ?? 1
  const expected = [grid.count, ...grid.size, ...grid.imageShape.slice(2)]
  if (!sameShape(patches.shape, expected)) {
    throw new ShapeError(
      `Patches of shape ${formatShape(expected)} make up an image of ${formatShape(grid.imageShape)}; ` +
        `got ${formatShape(patches.shape)}.`,
    )
  }
  const [height, width] = grid.imageShape
  const [patchHeight, patchWidth] = grid.size
  const sums = new Float64Array(height * width * channels)
  const covers = new Uint32Array(height * width)
  let from = 0
  for (let i = 0; i < grid.count; i++) {
    const [row, column] = corner(grid, i)
    for (let y = 0; y < patchHeight; y++) {
      for (let x = 0; x < patchWidth; x++) {
        const pixel = (row + y) * width + column + x
        covers[pixel]++
        for (let channel = 0; channel < channels; channel++) sums[pixel * channels + channel] += patches.data[from++]
      }
    }
  }
  return {
    shape: [...grid.imageShape],
    data: Float32Array.from(sums, (sum, i) => sum / covers[Math.floor(i / channels)]),
  }
}
