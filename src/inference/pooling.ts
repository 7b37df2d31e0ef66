import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import type { Codes } from './codes.js'

export type Pool = 'sum' | 'mean' | 'max'

export interface PoolingOptions {
  /** What becomes of the sizes of coefficients in a cell: their `max` (the default), `sum`, or `mean` over all positions, zeros included. */
  readonly pool?: Pool
  /**
   * Cells along each axis: 4 by default, which is a grid of 4×4 (4 for signals). Several numbers are a pyramid: [1, 2, 4] has 1 + 4 + 16
   * cells, one grid after the other.
   */
  readonly cells?: number | readonly number[]
  /** Whether positive and negative coefficients are pooled together by their size (`absolute`, the default), or each by itself (`split`). */
  readonly signs?: 'absolute' | 'split'
}

/** Pooling with all its options, checked. */
export interface Pooling {
  readonly pool: Pool
  readonly cells: readonly number[]
  readonly signs: 'absolute' | 'split'
}

const pools: readonly Pool[] = ['sum', 'mean', 'max']

/** Throws {@link ConfigurationError} for options out of range. */
export function checkedPooling(options: PoolingOptions): Pooling {
  const { pool = 'max', cells = 4, signs = 'absolute' } = options
  if (!pools.includes(pool)) {
    throw new ConfigurationError(`pool must be one of ${pools.join(', ')}; got ${JSON.stringify(pool)}.`)
  }
  if (signs !== 'absolute' && signs !== 'split') {
    throw new ConfigurationError(`signs must be absolute or split; got ${JSON.stringify(signs)}.`)
  }
  const levels = typeof cells === 'number' ? [cells] : [...cells]
  if (levels.length === 0 || !levels.every((level) => Number.isInteger(level) && level >= 1 && level <= 1000)) {
    throw new ConfigurationError(
      `cells must be a whole number from 1 to 1000, or several for a pyramid; got ${JSON.stringify(cells)}.`,
    )
  }
  return { pool, cells: levels, signs }
}

/** The number of features that codes of `kernels` maps become. */
export function pooledLength({ cells, signs }: Pooling, kernels: number, spatial: 1 | 2): number {
  return cells.reduce((sum, level) => sum + level ** spatial, 0) * kernels * (signs === 'split' ? 2 : 1)
}

/**
 * Features of one observation from its feature maps: the size of coefficients pooled over the cells of a grid, cells in rows, and in each
 * cell one number a kernel (with `split` signs, all positive ones before all negative ones). Cell a of c takes positions y with ⌊y c / h′⌋ = a.
 * `code` is one row of shape [m, h′, w′] or [m, t′]. Throws {@link ShapeError} where maps have fewer positions than there are cells.
 */
export function poolMaps(code: Codes, codeShape: readonly number[], pooling: Pooling): Float32Array {
  const [kernels, ...extent] = codeShape
  if (code.shape[0] !== 1 || code.shape[1] !== sizeOf(codeShape) || extent.length < 1 || extent.length > 2) {
    throw new ShapeError(
      `Codes [${code.shape.join(', ')}] were given as maps ${formatShape(codeShape)}; give one row, and its shape [m, h′, w′] or [m, t′].`,
    )
  }
  const spatial = extent.length === 1 ? 1 : 2
  const [height, width] = spatial === 1 ? [1, extent[0]] : extent
  const places = { rows: evenly(height), columns: evenly(width), spatial } as const
  return pooledOver(places, kernels, pooling, (visit) => {
    for (let at = 0; at < code.indices.length; at++) {
      const position = code.indices[at] % (height * width)
      const kernel = (code.indices[at] - position) / (height * width)
      visit(kernel, Math.floor(position / width), position % width, code.values[at])
    }
  })
}

/**
 * The same for codes of patches that lie on a grid over an image: a patch belongs to the cell in which its middle lies. `codes` is [n, k], row after
 * row of the grid; `rows` and `columns` are the middles of patches as shares of the image's height and width.
 */
export function poolPatches(
  codes: Codes,
  grid: { readonly rows: readonly number[]; readonly columns: readonly number[] },
  pooling: Pooling,
): Float32Array {
  const { rows, columns } = grid
  if (codes.shape[0] !== rows.length * columns.length) {
    throw new ShapeError(`${codes.shape[0]} codes were given for a grid of ${rows.length}×${columns.length} patches.`)
  }
  return pooledOver({ rows, columns, spatial: 2 }, codes.shape[1], pooling, (visit) => {
    for (let patch = 0; patch < codes.shape[0]; patch++) {
      const [row, column] = [Math.floor(patch / columns.length), patch % columns.length]
      for (let at = codes.indptr[patch]; at < codes.indptr[patch + 1]; at++) {
        visit(codes.indices[at], row, column, codes.values[at])
      }
    }
  })
}

/** Where the rows and columns of codes lie, as shares of the observation's extent in [0, 1). */
interface Places {
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  readonly spatial: 1 | 2
}

/** The i-th of n positions lies at i/n. */
const evenly = (n: number): number[] => Array.from({ length: n }, (_, i) => i / n)

type Visit = (kernel: number, row: number, column: number, value: number) => void

function pooledOver(
  { rows, columns, spatial }: Places,
  kernels: number,
  pooling: Pooling,
  visitAll: (visit: Visit) => void,
): Float32Array {
  const { pool, cells, signs } = pooling
  const out = new Float64Array(pooledLength(pooling, kernels, spatial))
  const perCell = kernels * (signs === 'split' ? 2 : 1)
  let first = 0
  for (const level of cells) {
    const down = spatial === 1 ? 1 : level
    if (rows.length < down || columns.length < level) {
      const extent = spatial === 1 ? `${columns.length}` : formatShape([rows.length, columns.length])
      throw new ShapeError(
        `Codes at ${extent} positions cannot be pooled over ${spatial === 1 ? level : formatShape([level, level])} cells; use fewer cells, or larger observations.`,
      )
    }
    const rowCells = cellsOf(rows, down)
    const columnCells = cellsOf(columns, level)
    const begin = first
    visitAll((kernel, row, column, value) => {
      const cell = rowCells[row] * level + columnCells[column]
      const at = begin + cell * perCell + kernel + (signs === 'split' && value < 0 ? kernels : 0)
      const size = Math.abs(value)
      out[at] = pool === 'max' ? Math.max(out[at], size) : out[at] + size
    })
    if (pool === 'mean') {
      const positions = new Float64Array(down * level)
      for (const row of rowCells) for (const column of columnCells) positions[row * level + column]++
      for (let i = 0; i < down * level * perCell; i++) out[begin + i] /= Math.max(1, positions[Math.floor(i / perCell)])
    }
    first += down * level * perCell
  }
  return Float32Array.from(out)
}

/** The cell of each place; a hair is added so that a place at exactly a/c is in cell a in spite of rounding. */
function cellsOf(places: readonly number[], count: number): Int32Array {
  return Int32Array.from(places, (place) => Math.min(count - 1, Math.floor(place * count + 1e-9)))
}
