import type { Picture } from '../data/picture.js'
import type { Codes } from '../inference/codes.js'
import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import { drawText, textWidth } from './bitmapFont.js'
import { canvas, drawTile, requireWhole } from './canvas.js'
import { formatNumber } from './formatNumber.js'

import { type MosaicOptions, mosaic, orderByUse } from './mosaic.js'

export interface CodesBesideKernelsOptions extends Pick<MosaicOptions, 'usage' | 'columns'> {
  /** The longer side of a map and of a kernel, in pixels of the picture; 54 by default. */
  readonly tile?: number
}

const MARGIN = 12
const HEAD = 26
const INK = [28, 36, 48] as const

/**
 * The convolutional code of one image beside the kernels, as in the lecture's figure 7: on the left the feature map of each
 * kernel, on the right the kernel, at the same place of both grids; above them the share of the code that is active. Zero is mid-grey. In
 * maps a pixel is the coefficient of largest size where it stands for several, and sizes from the median of the active ones on are black or
 * white; each kernel has its own scale. `code` is one row, `codeShape` its shape [m, h′, w′], `kernels` [m, kh, kw] or [m, kh, kw, 3].
 * Throws {@link ShapeError} where they do not fit together, DataError for NaN and infinity, ConfigurationError for options out of range.
 */
export function codesBesideKernels(
  code: Codes,
  codeShape: readonly number[],
  kernels: Tensor,
  options: CodesBesideKernelsOptions = {},
): Picture {
  const { tile = 54, usage, columns = Math.ceil(Math.sqrt(codeShape[0] ?? 1)) } = options
  requireWhole(tile, 'tile', 4, 1000)
  if (codeShape.length !== 3 || code.shape[0] !== 1 || code.shape[1] !== sizeOf(codeShape)) {
    throw new ShapeError(
      `Codes [${code.shape.join(', ')}] were given as maps ${formatShape(codeShape)}; give one row, and its shape [kernels, height, width].`,
    )
  }
  const [count] = codeShape
  if (kernels.shape[0] !== count) {
    throw new ShapeError(`${count} maps were given for ${kernels.shape[0]} kernels; give the kernels of these maps.`)
  }
  const broken = code.values.findIndex((value) => !Number.isFinite(value))
  if (broken >= 0) throw new DataError(`The code holds ${code.values[broken]}; only finite numbers can be drawn.`)
  const order = orderByUse(count, usage)
  const common = { columns, border: 0 } as const
  const kernelSide = Math.max(kernels.shape[1], kernels.shape[2] ?? 1)
  const scale = Math.max(1, Math.round(tile / kernelSide))
  const drawn = mosaic(kernels, { ...common, ...(usage === undefined ? {} : { usage }), scale })
  const pooled = pooledMaps(code, codeShape, order, scale * kernelSide)
  const maps = mosaic(saturated(pooled, code.values), {
    ...common,
    contrast: 'shared',
    scale: Math.max(1, Math.floor((scale * kernelSide) / Math.max(pooled.shape[1], pooled.shape[2]))),
  })

  const active = code.values.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0)
  const share = formatNumber((100 * active) / Math.max(1, code.shape[1]), 3)
  const titles = [`sparse code: ${share} % active`, `${count} kernels ${kernels.shape[1]}×${kernels.shape[2] ?? 1}`]
  const widths = [maps, drawn].map((grid, i) => Math.max(grid.width, textWidth(titles[i], 2)))
  const tallest = Math.max(maps.height, drawn.height)
  const picture = canvas(3 * MARGIN + widths[0] + widths[1], 2 * MARGIN + HEAD + tallest, 3, 255)
  let left = MARGIN
  for (const [i, grid] of [maps, drawn].entries()) {
    drawText(picture, left + Math.floor((widths[i] - textWidth(titles[i], 2)) / 2), MARGIN, titles[i], 2, INK)
    drawTile(picture, left + Math.floor((widths[i] - grid.width) / 2), MARGIN + HEAD, grid, 1)
    left += widths[i] + MARGIN
  }
  return picture
}

/** Maps in `order`, at most `most` pixels wide and high; where a pixel stands for several it has the value of largest size. */
function pooledMaps(code: Codes, shape: readonly number[], order: readonly number[], most: number): Tensor {
  const [count, height, width] = shape
  const share = Math.min(1, most / Math.max(height, width))
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side * share)))
  const places = new Map(order.map((map, place) => [map, place]))
  const data = new Float32Array(count * rows * columns)
  for (let i = code.indptr[0]; i < code.indptr[1]; i++) {
    const position = code.indices[i] % (height * width)
    const place = places.get((code.indices[i] - position) / (height * width))!
    const row = Math.floor((Math.floor(position / width) * rows) / height)
    const column = Math.floor(((position % width) * columns) / width)
    const at = (place * rows + row) * columns + column
    if (Math.abs(code.values[i]) > Math.abs(data[at])) data[at] = code.values[i]
  }
  return { shape: [count, rows, columns], data }
}

/** Values relative to the median size of the active ones, cut off at ±1. */
function saturated({ shape, data }: Tensor, values: Float32Array): Tensor {
  const sizes = values
    .filter((value) => value !== 0)
    .map(Math.abs)
    .sort()
  const median = sizes.length === 0 ? 1 : sizes[Math.floor(sizes.length / 2)]
  return { shape, data: data.map((value) => Math.max(-1, Math.min(1, value / median))) }
}
