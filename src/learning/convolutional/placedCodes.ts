import type { Codes } from '../../inference/codes.js'
import type { Geometry } from '../../inference/convolutional/geometry.js'

/**
 * The coefficients of one observation in order of their positions: those at row y and column x of a plane are
 * `starts[y · width + x]` to the next start, in order of their kernels. The plane is that of the maps; where the boundary is
 * circular, coefficients are repeated around it as far as a kernel reaches (left, right and below), so that neighbours are
 * found without wrapping.
 */
export interface PlacedCodes {
  readonly place: Geometry
  readonly rows: number
  readonly width: number
  /** The column of the plane in which the maps begin. */
  readonly left: number
  readonly starts: Int32Array
  readonly kernel: Int32Array
  /** Columns of the plane. */
  readonly column: Int32Array
  readonly value: Float64Array
}

/** Sorts a code (one row, in increasing order of its flat index) by position. */
export function placedCodes(codes: Codes, place: Geometry): PlacedCodes {
  const { mapHeight, mapWidth, boundary } = place
  const circular = boundary === 'circular'
  const left = circular ? place.kernels.width - 1 : 0
  const rows = circular ? mapHeight + place.kernels.height - 1 : mapHeight
  const width = mapWidth + 2 * left
  const positions = mapHeight * mapWidth
  const count = codes.indptr[1]

  const starts = new Int32Array(rows * width + 1)
  // Visited twice: to count what each cell holds, and to place it.
  const visit = (act: (cell: number, at: number) => void): void => {
    for (let at = 0; at < count; at++) {
      const position = codes.indices[at] % positions
      const x = position % mapWidth
      for (let row = (position - x) / mapWidth; row < rows; row += mapHeight) {
        for (let column = (x + left) % mapWidth; column < width; column += mapWidth) act(row * width + column, at)
      }
    }
  }
  visit((cell) => {
    starts[cell + 1]++
  })
  for (let cell = 0; cell < rows * width; cell++) starts[cell + 1] += starts[cell]
  const total = starts[rows * width]
  const kernel = new Int32Array(total)
  const column = new Int32Array(total)
  const value = new Float64Array(total)
  const next = starts.slice()
  visit((cell, at) => {
    const to = next[cell]++
    kernel[to] = Math.floor(codes.indices[at] / positions)
    column[to] = cell % width
    value[to] = codes.values[at]
  })
  return { place, rows, width, left, starts, kernel, column, value }
}
