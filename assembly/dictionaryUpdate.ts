/**
 * Block-coordinate descent on the dictionary, min over W of ½Σ‖y − Wz‖² given A and B (Mairal et al. 2010, algorithm 2):
 * wⱼ ← normalize(wⱼ + (bⱼ − Waⱼ)/Aⱼⱼ), atoms in order. Gradients are formed for a block of atoms at once and corrected
 * for the changes within the block, which gives the same atoms as one at a time.
 */
import { BLOCK, Learning } from './learning'
import { Job, parallelFor } from './parallel'

/** One pass over all atoms. Atoms whose share of use is below `leastUse` stay. Returns 1 where a helper failed. */
export function updateAtoms(control: usize, pointer: usize, helpers: i32, leastUse: f64): i32 {
  const batch = changetype<Learning>(pointer)
  const m = batch.m
  for (let first = 0; first < batch.k; first += BLOCK) {
    batch.blockBegin = first
    batch.blockSize = min(BLOCK, batch.k - first)
    const tiles = m >> 3
    if (parallelFor(control, Job.ATOMS, 0, tiles, max(1, tiles >> 3), pointer, helpers)) return 1
    for (let r = 0; r < batch.blockSize; r++) {
      const j = first + r
      const weights = batch.codeProducts + ((<usize>j * <usize>batch.kp) << 2)
      const own = load<f32>(weights + (<usize>j << 2))
      if (!(<f64>own > leastUse)) continue
      const atom = batch.atoms + ((<usize>j * <usize>m) << 2)
      const gradient = batch.gradient + ((<usize>r * <usize>m) << 2)
      step(atom, gradient, 1 / own, m, <bool>batch.nonNegative)
      // `gradient` now holds the change of this atom; the block's later gradients see it.
      for (let later = r + 1; later < batch.blockSize; later++) {
        const weight = f32x4.splat(load<f32>(weights + (<usize>(first + later) << 2)))
        const other = batch.gradient + ((<usize>later * <usize>m) << 2)
        for (let p: usize = 0; p < <usize>m << 2; p += 16) {
          v128.store(other + p, f32x4.sub(v128.load(other + p), f32x4.mul(weight, v128.load(gradient + p))))
        }
      }
    }
  }
  return 0
}

/** atom ← normalize(atom + scale·gradient); `gradient` ← the atom's change. An atom that would vanish stays. */
function step(atom: usize, gradient: usize, scale: f32, m: i32, nonNegative: bool): void {
  const bytes = <usize>m << 2
  const s = f32x4.splat(scale)
  const floor = f32x4.splat(nonNegative ? 0 : -Infinity)
  let squares = f64x2.splat(0)
  for (let p: usize = 0; p < bytes; p += 16) {
    const moved = f32x4.pmax(floor, f32x4.add(v128.load(atom + p), f32x4.mul(s, v128.load(gradient + p))))
    v128.store(gradient + p, moved)
    const low = f64x2.promote_low_f32x4(moved)
    const high = f64x2.promote_low_f32x4(i8x16.shuffle(moved, moved, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
    squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
  }
  const norm = Math.sqrt(f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1))
  if (!(norm > 1e-10) || !(norm < Infinity)) {
    memory.fill(gradient, 0, bytes)
    return
  }
  const inverse = f32x4.splat(<f32>(1 / norm))
  for (let p: usize = 0; p < bytes; p += 16) {
    const old = v128.load(atom + p)
    const value = f32x4.mul(inverse, v128.load(gradient + p))
    v128.store(atom + p, value)
    v128.store(gradient + p, f32x4.sub(value, old))
  }
}

/**
 * The lecture's step: W ← W + rate·(B − AW), A and B being sums over the batch, then each column to unit norm (`columns`)
 * or all by one factor so that the norms' sum is k. Returns 1 where a helper failed.
 */
export function gradientAtoms(control: usize, pointer: usize, helpers: i32, rate: f64, columns: bool): i32 {
  const batch = changetype<Learning>(pointer)
  const m = batch.m
  batch.blockBegin = 0
  batch.blockSize = batch.k
  const tiles = m >> 3
  if (parallelFor(control, Job.ATOMS, 0, tiles, max(1, tiles >> 3), pointer, helpers)) return 1
  let sum: f64 = 0
  for (let j = 0; j < batch.k; j++) {
    const offset = (<usize>j * <usize>m) << 2
    let squares: f64 = 0
    for (let p: usize = 0; p < <usize>m << 2; p += 4) {
      let value = load<f32>(batch.atoms + offset + p) + <f32>rate * load<f32>(batch.gradient + offset + p)
      if (batch.nonNegative && value < 0) value = 0
      store<f32>(batch.gradient + offset + p, value)
      squares += <f64>value * <f64>value
    }
    const norm = Math.sqrt(squares)
    if (!(norm > 1e-10) || !(norm < Infinity)) {
      // An atom that would vanish stays.
      let kept: f64 = 0
      for (let p: usize = 0; p < <usize>m << 2; p += 4) {
        const value = <f64>load<f32>(batch.atoms + offset + p)
        kept += value * value
      }
      sum += Math.sqrt(kept)
      continue
    }
    sum += norm
    const scale: f32 = columns ? <f32>(1 / norm) : 1
    for (let p: usize = 0; p < <usize>m << 2; p += 4) {
      store<f32>(batch.atoms + offset + p, scale * load<f32>(batch.gradient + offset + p))
    }
  }
  if (!columns && sum > 0) {
    const scale = <f32>(<f64>batch.k / sum)
    for (let at: usize = 0; at < (<usize>batch.k * <usize>m) << 2; at += 4) {
      store<f32>(batch.atoms + at, scale * load<f32>(batch.atoms + at))
    }
  }
  return 0
}
