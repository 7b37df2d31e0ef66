/**
 * A step of FISTA on a tile's coefficients: z ← shrink(v + ⟨K, r(v)⟩ / L), v ← z + momentum · (z − z of before). The residual stays
 * that of the point v until it is formed anew.
 */
import { at4, Convolution, entryAt, PARTIAL, thresholdOf, tileAt } from './convolution'
import { windowDot } from './convolutionWindow'

export function accelerate(c: Convolution, index: i32): void {
  const tile = tileAt(c, index)
  if (tile.count > 0) tile.moved = c.round
  const step = <f32>c.stepSize
  const momentum = <f32>c.momentum
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    const kernel = entry.kernel & ~PARTIAL
    const pull = windowDot(c, at4(c.residual, entry.corner), <usize>c.stride << 2, <usize>c.plane << 2, kernel)
    const target = entry.value + step * pull
    const threshold = step * <f32>thresholdOf(c, entry.corner, kernel)
    let z: f32 = 0
    if (target > threshold) z = target - threshold
    else if (target < -threshold && !c.nonNegative) z = target + threshold
    entry.value = z + momentum * (z - entry.curvature)
    entry.curvature = z
  }
}
