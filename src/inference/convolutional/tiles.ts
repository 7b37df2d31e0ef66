import type { Geometry } from './geometry.js'

/** Tiles of positions: where rows and columns of tiles begin, and the largest tile. */
export interface Tiling {
  readonly rows: Int32Array
  readonly columns: Int32Array
  readonly tilesY: number
  readonly tilesX: number
  readonly tallest: number
  readonly widest: number
}

/** Side of a tile of an image, and length of a tile of a signal, where kernels allow. */
const SIDE = 32
const LENGTH = 512
/** Tiles begin at multiples of this, so that positions are taken together whole. */
const STEP = 8

/**
 * Parts the positions of maps into tiles no smaller than a kernel, so that two tiles with another between them touch disjoint
 * parts of the canvas: tiles of even and odd rows and columns form four colours, and those of one colour can be worked on at
 * once. Where the canvas is circular the number of tiles along an axis is even, or 1. It depends on the sizes alone.
 */
export function tilesOf(geometry: Geometry): Tiling {
  const { kernels, mapHeight, mapWidth, boundary } = geometry
  const circular = boundary === 'circular'
  const rows = cuts(mapHeight, Math.max(SIDE, kernels.height + STEP), circular)
  const columns = cuts(
    mapWidth,
    Math.max(kernels.spatial === 1 ? LENGTH : SIDE, Math.ceil(kernels.width / 4) * 4 + STEP),
    circular,
  )
  return {
    rows,
    columns,
    tilesY: rows.length - 1,
    tilesX: columns.length - 1,
    tallest: longest(rows),
    widest: longest(columns),
  }
}

function cuts(length: number, side: number, circular: boolean): Int32Array {
  let count = Math.max(1, Math.floor(length / side))
  if (circular && count > 1 && count % 2 === 1) count--
  const at = new Int32Array(count + 1)
  for (let i = 1; i < count; i++) at[i] = Math.floor((i * length) / count / STEP) * STEP
  at[count] = length
  return at
}

function longest(cuts: Int32Array): number {
  let most = 0
  for (let i = 1; i < cuts.length; i++) most = Math.max(most, cuts[i] - cuts[i - 1])
  return most
}

/** For each place before the last of increasing cuts, from 0, between which two it lies. */
export function places(cuts: Int32Array): Int32Array {
  const last = cuts.length - 1
  const between = new Int32Array(cuts[last])
  for (let i = 0; i < last; i++) between.fill(i, cuts[i], cuts[i + 1])
  return between
}
