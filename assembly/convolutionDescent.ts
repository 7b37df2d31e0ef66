/**
 * Coordinate descent over a tile's working set, in the residual's domain: one coefficient costs one window. Tiles of one
 * colour write to disjoint places.
 */
import { at4, Convolution, entryAt, PARTIAL, thresholdOf, tileAt } from './convolution'
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

/** One sweep over the working set of a tile, and conjugate gradients where they are asked for. */
export function descend(c: Convolution, item: i32, scratch: usize): void {
  const index = tileOfColour(c, item)
  const tile = tileAt(c, index)
  const row = <usize>c.stride << 2
  const plane = <usize>c.plane << 2
  let decrease: f64 = 0
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    const curvature = entry.curvature
    if (!(curvature > 0)) {
      // Nothing is observed of what it writes: only its penalty is left, which a start from given codes may bring.
      decrease += <f64>abs(entry.value) * thresholdOf(c, entry.corner, entry.kernel & ~PARTIAL)
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
    entry.value = value
    decrease += 0.5 * <f64>curvature * <f64>delta * <f64>delta
    subtractEntry(c, entry.corner, entry.kernel, delta)
  }
  if (c.refinements > 0) decrease += refine(c, index, scratch)
  tile.decrease = decrease
}
