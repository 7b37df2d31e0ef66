/**
 * What the convolutional kernels work on: one observation on its canvas, kernels, and sparse maps in tiles. The host writes these
 * fields; `src/kernels/structs.ts` holds the same order. Pointers are byte addresses.
 *
 *     E(Z) = ½‖M ⊙ (Y − Σₖ Kₖ * Zₖ)‖² + Σₖ,ₚ λ wₖ uₖₚ |Zₖ(p)|
 *
 * A coefficient at (y, x) writes its kernel to rows y … y + kh − 1 and columns x … x + kw − 1 of the canvas; planes of the canvas (one
 * a channel) have rows of `stride` floats. Where the boundary is circular the canvas goes on for kh − 1 rows and kw − 1 columns
 * past the observation, which repeat its beginning.
 *
 * Positions are parted into tiles, each at least as large as a kernel, so that what two tiles with one between them write is disjoint.
 */
@unmanaged
export class Convolution {
  /** Kernels. */
  k: i32
  channels: i32
  kernelHeight: i32
  kernelWidth: i32
  /** `kernelWidth` padded with zeros to a multiple of 4. */
  paddedWidth: i32
  /** Positions. */
  mapHeight: i32
  mapWidth: i32
  canvasHeight: i32
  canvasWidth: i32
  /** Floats a row of a plane, and floats a plane. */
  stride: i32
  plane: i32
  /** 1: the canvas repeats after `periodY` rows and `periodX` columns. */
  circular: i32
  periodY: i32
  periodX: i32
  tilesY: i32
  tilesX: i32
  /** i32 [tilesY + 1], [tilesX + 1]: where tiles begin. */
  tileRows: usize
  tileColumns: usize
  /** {@link Tile} [tilesY, tilesX] */
  tiles: usize
  /** i32 [tilesY · tilesX]: the tiles that a sweep over one colour visits. */
  unsettled: usize
  /** f32 [k, channels, kh, paddedWidth] */
  kernels: usize
  /** f32 [⌈k / 5⌉, channels, kh, kw, 5]: five kernels side by side. */
  panels: usize
  /** f32 [k]: wₖ, and 1 / (λ wₖ) on room for 5 more, 0 on the padding. */
  weights: usize
  scales: usize
  /** f32 [k]: ‖Kₖ‖². */
  curvatures: usize
  /** f32 planes of the positions, `weightPlane` floats apart for each kernel (0: one for all): u and 1 / u; 0 where all are 1. */
  positionWeights: usize
  positionScales: usize
  weightPlane: i32
  /** f32 plane of the positions: the largest 1 / u over kernels. */
  largestScales: usize
  /** f32 planes: Y (0 where missing). */
  observation: usize
  /** f32 planes: 1 where observed, else 0; 0: everything is. */
  mask: usize
  /** f32 planes: M ⊙ (Y − Σ K * Z). */
  residual: usize
  /** f32 planes: the residual when it was last formed anew. */
  formed: usize
  /** f32 plane: the square of what the residual has changed by between the last two times it was formed, summed over channels. */
  change: usize
  /** f32 plane of the positions: an upper bound of |⟨K, r⟩| / (λ w u) over all coefficients outside of the working sets. */
  reach: usize
  /** One piece of `scratchStride` bytes a thread. */
  scratch: usize
  scratchStride: usize
  nonNegative: i32
  /** Conjugate gradient steps after the sweeps, at most. */
  refinements: i32
  /** Entries of the fullest tile. */
  fullest: i32
  /** 1: a scan admits every coefficient above 1, and entries hold the point without momentum in place of the curvature. */
  accelerated: i32
  /** The number of the round; and 1: all of the residual is formed and scanned, not only what has changed. */
  round: i32
  anew: i32
  /** Which rows of tiles a scan is over: the `strip`-th of `strips` equal shares. */
  strip: i32
  strips: i32
  lambda: f64
  /** 1 / L and the momentum of an accelerated step. */
  stepSize: f64
  momentum: f64
  /** The largest ‖Kₖ‖ / (λ wₖ). */
  sensitivity: f64
  /** Levels closer to 1 than this are computed in double precision. */
  band: f64
  /** Unrest that is left alone; and the share of its first decrease below which a tile's decrease ends its visits until the next scan. */
  calm: f64
  faded: f64
}

/** A tile's working set, and what was last measured of it. */
@unmanaged
export class Tile {
  /** {@link Entry} [capacity] */
  entries: usize
  capacity: i32
  count: i32
  /** Coefficients for which there was no room. */
  lacking: i32
  /** The largest |⟨K, r⟩| / (λ w u) of the last scan; at least 1 is certain only if larger. */
  level: f64
  /** ‖r‖² of the formed residual in double precision, and of its single-precision copy; yᵀr of the copy. */
  squares: f64
  singleSquares: f64
  agreement: f64
  /** Σ λ w u |z| */
  penalty: f64
  /** A lower bound of what the last visit took off the energy. */
  decrease: f64
  /** How far from its optimum a level of the working set was when it was last looked at, at most. */
  unrest: f64
  /** What the first visit since the last scan took off the energy; negative before that. */
  first: f64
  /** The rounds in which a coefficient last changed, and in which this part of the residual last changed. */
  moved: i32
  formed: i32
  /** The round of the last scan. */
  scanned: i32
}

/** A coefficient of a working set. */
@unmanaged
export class Entry {
  /** The corner's place in a plane, in floats. */
  corner: i32
  /** The kernel; {@link PARTIAL} is added where part of the window is missing or repeated. */
  kernel: i32
  value: f32
  /** ‖M ⊙ K‖² in the window; for accelerated steps the last point without momentum. */
  curvature: f32
}

export const PARTIAL: i32 = 1 << 30
export const ENTRY_BYTES: usize = 16
export const TILE_BYTES: usize = 96

@inline
export function tileAt(c: Convolution, index: i32): Tile {
  return changetype<Tile>(c.tiles + <usize>index * TILE_BYTES)
}

/** A tile's first row and column of positions, and how many it has. */
@inline
export function tileTop(c: Convolution, index: i32): i32 {
  return load<i32>(at4(c.tileRows, index / c.tilesX))
}

@inline
export function tileLeft(c: Convolution, index: i32): i32 {
  return load<i32>(at4(c.tileColumns, index % c.tilesX))
}

@inline
export function tileHeight(c: Convolution, index: i32): i32 {
  return load<i32>(at4(c.tileRows, index / c.tilesX), 4) - tileTop(c, index)
}

@inline
export function tileWidth(c: Convolution, index: i32): i32 {
  return load<i32>(at4(c.tileColumns, index % c.tilesX), 4) - tileLeft(c, index)
}

/** Rows and columns of the canvas from a tile's corner to the next tile's; the last ones reach to where the canvas ends or repeats. */
@inline
export function partHeight(c: Convolution, index: i32): i32 {
  const last = c.circular ? c.periodY : c.canvasHeight
  return (index / c.tilesX + 1 == c.tilesY ? last : tileTop(c, index) + tileHeight(c, index)) - tileTop(c, index)
}

@inline
export function partWidth(c: Convolution, index: i32): i32 {
  const last = c.circular ? c.periodX : c.canvasWidth
  return (index % c.tilesX + 1 == c.tilesX ? last : tileLeft(c, index) + tileWidth(c, index)) - tileLeft(c, index)
}

/** The tile `down` and `across` from another, wrapped round on a circular canvas; -1 where there is none. */
@inline
export function neighbour(c: Convolution, index: i32, down: i32, across: i32): i32 {
  let y = index / c.tilesX + down
  let x = index % c.tilesX + across
  if (c.circular) {
    y = (y + c.tilesY) % c.tilesY
    x = (x + c.tilesX) % c.tilesX
  }
  return y < 0 || y >= c.tilesY || x < 0 || x >= c.tilesX ? -1 : y * c.tilesX + x
}

@inline
export function entryAt(tile: Tile, index: i32): Entry {
  return changetype<Entry>(tile.entries + (<usize>index << 4))
}

/** Element `index` of an array of 4-byte numbers. */
@inline
export function at4(base: usize, index: i32): usize {
  return base + (<usize>index << 2)
}

/** Bytes of a kernel in rows padded to vectors. */
@inline
export function kernelBytes(c: Convolution): usize {
  return <usize>(c.channels * c.kernelHeight * c.paddedWidth) << 2
}

/** λ w u of a coefficient. */
@inline
export function thresholdOf(c: Convolution, corner: i32, kernel: i32): f64 {
  const threshold = c.lambda * <f64>load<f32>(at4(c.weights, kernel))
  return c.positionWeights != 0 ? threshold * <f64>load<f32>(at4(c.positionWeights, kernel * c.weightPlane + corner)) : threshold
}
