/** Kernels of optimizers, a module apart: its memory is not shared, because ONNX Runtime feeds no arrays on shared memory. */

/** Σg² of the last step. */
let squares: f64 = 0

/** Numbers that are summed in single precision before their sum goes on in double. */
const BLOCK: usize = 16384

export function gradientSquares(): f64 {
  return squares
}

/**
 * A step of Adam or AdamW in one pass: M ← β₁M + g, V ← β₂V + g², p ← kept·p − scale·M/(√V + offset), with ωp added to g. A set is
 * p, M and V one after another, `bytes` each, a multiple of 16; it is read at `from` and written at `to`. Gives 0, or NaN where a new
 * parameter is not finite.
 */
export function adaptive(
  from: usize,
  to: usize,
  gradients: usize,
  bytes: usize,
  beta1: f32,
  beta2: f32,
  decay: f32,
  kept: f32,
  scale: f32,
  offset: f32,
): f32 {
  const b1 = f32x4.splat(beta1)
  const b2 = f32x4.splat(beta2)
  const w = f32x4.splat(decay)
  const k = f32x4.splat(kept)
  const s = f32x4.splat(scale)
  const e = f32x4.splat(offset)
  const zero = f32x4.splat(0)
  let health = zero
  squares = 0
  for (let begin: usize = 0; begin < bytes; begin += BLOCK) {
    const end = min(begin + BLOCK, bytes)
    let sum = zero
    for (let i = begin; i < end; i += 16) {
      const p = v128.load(from + i)
      const bare = v128.load(gradients + i)
      const g = f32x4.add(bare, f32x4.mul(p, w))
      const mean = f32x4.add(f32x4.mul(v128.load(from + bytes + i), b1), g)
      const square = f32x4.add(f32x4.mul(v128.load(from + 2 * bytes + i), b2), f32x4.mul(g, g))
      const step = f32x4.mul(f32x4.div(mean, f32x4.add(f32x4.sqrt(square), e)), s)
      const moved = f32x4.sub(f32x4.mul(p, k), step)
      v128.store(to + i, moved)
      v128.store(to + bytes + i, mean)
      v128.store(to + 2 * bytes + i, square)
      sum = f32x4.add(sum, f32x4.mul(bare, bare))
      health = f32x4.add(health, f32x4.mul(moved, zero))
    }
    squares += <f64>total(sum)
  }
  return total(health)
}

@inline
function total(lanes: v128): f32 {
  return (
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 1) +
    (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
  )
}
