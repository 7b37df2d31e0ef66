import type { Geometry } from '../../inference/convolutional/geometry.js'

/** A window of what codes leave over, where a kernel could begin anew. */
export interface ResidualWindow {
  /** Its energy, Σ r² over the window. */
  readonly energy: number
  /** [c, kh, kw] */
  readonly window: Float32Array
}

/**
 * The `wanted` windows of the size of a kernel in which a residual [c, H, W] has most energy, none overlapping another, from the
 * largest on; fewer where the rest is zero.
 */
export function residualWindows(residual: Float32Array, place: Geometry, wanted: number): ResidualWindow[] {
  const { mapHeight, mapWidth } = place
  const { height, width } = place.kernels
  const energies = windowEnergies(residual, place)
  const windows: ResidualWindow[] = []
  while (windows.length < wanted) {
    let best = 0
    for (let i = 1; i < energies.length; i++) if (energies[i] > energies[best]) best = i
    const energy = energies[best]
    if (!(energy > 0)) break
    const y = Math.floor(best / mapWidth)
    const x = best % mapWidth
    windows.push({ energy, window: cutWindow(residual, place, y, x) })
    for (let row = Math.max(0, y - height + 1); row < Math.min(mapHeight, y + height); row++) {
      energies.fill(0, row * mapWidth + Math.max(0, x - width + 1), row * mapWidth + Math.min(mapWidth, x + width))
    }
  }
  return windows
}

/** Σ r² over the window of a kernel at each position of a map, [h′, w′]. */
export function windowEnergies(residual: Float32Array, place: Geometry): Float64Array {
  const { mapHeight, mapWidth, canvasHeight, canvasWidth } = place
  const { height, width, channels } = place.kernels
  const area = canvasHeight * canvasWidth
  // Sums over the rows of the window, one row of positions at a time; then over its columns. No differences: sums of squares stay ≥ 0.
  const energies = new Float64Array(mapHeight * mapWidth)
  const squares = new Float64Array(area)
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) squares[i] += residual[c * area + i] * residual[c * area + i]
  }
  const columns = new Float64Array(canvasWidth)
  for (let y = 0; y < mapHeight; y++) {
    columns.fill(0)
    for (let ry = 0; ry < height; ry++) {
      const row = (y + ry) * canvasWidth
      for (let x = 0; x < canvasWidth; x++) columns[x] += squares[row + x]
    }
    for (let x = 0; x < mapWidth; x++) {
      let sum = 0
      for (let rx = 0; rx < width; rx++) sum += columns[x + rx]
      energies[y * mapWidth + x] = sum
    }
  }
  return energies
}

/** The window [c, kh, kw] of a canvas that a coefficient at (y, x) writes to. */
export function cutWindow(canvas: Float32Array, place: Geometry, y: number, x: number): Float32Array {
  const { canvasHeight, canvasWidth } = place
  const { height, width, channels } = place.kernels
  const window = new Float32Array(channels * height * width)
  for (let c = 0; c < channels; c++) {
    for (let ry = 0; ry < height; ry++) {
      const from = (c * canvasHeight + y + ry) * canvasWidth + x
      window.set(canvas.subarray(from, from + width), (c * height + ry) * width)
    }
  }
  return window
}
