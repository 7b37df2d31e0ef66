/**
 * Coordinate descent over a tile's working set, in the residual's domain: one coefficient costs one window. Tiles of one
 * colour write to disjoint places.
 */
import { at4, Convolution, entryAt, neighbour, PARTIAL, thresholdOf, tileAt } from './convolution'
import { refine } from './convolutionRefine'
import { subtractEntry, windowDot } from './convolutionWindow'

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

/**
 * Lists the tiles of one of the four colours (2·row + column, each even or odd) that have not settled: how many they are. Threads then share
 * out work alone; among all tiles, late in a solution, a slice would hold one at work and many that are at rest.
 */
export function listUnsettledTiles(c: Convolution, colour: i32): i32 {
  let count = 0
  for (let row = colour >> 1; row < c.tilesY; row += 2) {
    for (let column = colour & 1; column < c.tilesX; column += 2) {
      const index = row * c.tilesX + column
      if (isCalm(c, index)) tileAt(c, index).decrease = 0
      else store<i32>(at4(c.unsettled, count++), index)
    }
  }
  return count
}

/** One sweep over the working set of a listed tile, and conjugate gradients where they are asked for. */
export function descend(c: Convolution, item: i32, scratch: usize): void {
  const index = load<i32>(at4(c.unsettled, item))
  const tile = tileAt(c, index)
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
