/**
 * Coordinate descent over a tile's working set, in the residual's domain: one coefficient costs one window. Tiles of one
 * colour write to disjoint places.
 */
import { at4, Convolution, entryAt, neighbour, PARTIAL, thresholdOf, tileAt } from './convolution'
import { refine } from './convolutionRefine'
import { subtractEntry, windowDot } from './convolutionWindow'

/** Tile `item` of the current colour. */
function tileOfColour(c: Convolution, item: i32): i32 {
  const row = c.colour >> 1
  const column = c.colour & 1
  const across = (c.tilesX - column + 1) >> 1
  const y = item / across
  return (row + 2 * y) * c.tilesX + column + 2 * (item - y * across)
}

/** Whether a tile has settled and no neighbour has moved much since; neighbours are of other colours. */
function isCalm(c: Convolution, index: i32): bool {
  const tile = tileAt(c, index)
  if (tile.decrease <= c.faded * tile.first) return true
  if (tile.unrest > c.calm) return false
  for (let down = -1; down <= 1; down++) {
    for (let across = -1; across <= 1; across++) {
      const other = neighbour(c, index, down, across)
      if (other >= 0 && tileAt(c, other).unrest > 4 * c.calm) return false
    }
  }
  return true
}

/** One sweep over the working set of a tile, and conjugate gradients where they are asked for. */
export function descend(c: Convolution, item: i32, scratch: usize): void {
  const index = tileOfColour(c, item)
  const tile = tileAt(c, index)
  if (isCalm(c, index)) {
    tile.decrease = 0
    return
  }
  const row = <usize>c.stride << 2
  const plane = <usize>c.plane << 2
  let decrease: f64 = 0
  let unrest: f64 = 0
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    const curvature = entry.curvature
    if (!(curvature > 0)) {
      // Nothing is observed of what it writes: only its penalty is left, which a start from given codes may bring.
      decrease += <f64>abs(entry.value) * thresholdOf(c, entry.corner, entry.kernel & ~PARTIAL)
      if (entry.value != 0) unrest = 1
      entry.value = 0
      continue
    }
    const kernel = entry.kernel & ~PARTIAL
    const threshold = <f32>thresholdOf(c, entry.corner, kernel)
    const pull = windowDot(c, at4(c.residual, entry.corner), row, plane, kernel) + curvature * entry.value
    let value: f32 = 0
    if (pull > threshold) value = (pull - threshold) / curvature
    else if (pull < -threshold && !c.nonNegative) value = (pull + threshold) / curvature
    const delta = value - entry.value
    if (delta == 0) continue
    unrest = max(unrest, <f64>(abs(delta) * curvature / threshold))
    entry.value = value
    decrease += 0.5 * <f64>curvature * <f64>delta * <f64>delta
    subtractEntry(c, entry.corner, entry.kernel, delta)
  }
  // Refinement moves coefficients that the sweep may have left alone.
  if (c.refinements > 0) {
    tile.moved = c.round
    decrease += refine(c, index, scratch)
  }
  tile.decrease = decrease
  if (tile.first < 0) tile.first = decrease
  tile.unrest = unrest
  if (unrest > 0) tile.moved = c.round
}
