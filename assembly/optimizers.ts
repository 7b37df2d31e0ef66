/** Kernels of optimizers, a module apart: its memory is not shared, because ONNX Runtime feeds no arrays on shared memory. */

/** Bytes whose squares are summed in single precision before their sum goes on in double. */
const BLOCK: usize = 16384

/** Σg² over `bytes` of gradients, a multiple of 64. */
export function squares(gradients: usize, bytes: usize): f64 {
  const last = gradients + bytes
  let sum: f64 = 0
  let i = gradients
  while (i < last) {
    const end = min(i + BLOCK, last)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    for (; i < end; i += 64) {
      a = f32x4.add(a, squared(v128.load(i)))
      b = f32x4.add(b, squared(v128.load(i, 16)))
      c = f32x4.add(c, squared(v128.load(i, 32)))
      d = f32x4.add(d, squared(v128.load(i, 48)))
    }
    sum += <f64>total(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)))
  }
  return sum
}

/**
 * Added and taken away again, it makes numbers below 2⁻¹²⁵ zero and leaves those above 2⁻⁷⁶ as they are. Moments of weights that have seen
 * no gradient for long would else fade to where processors take a hundred times as long, under 2⁻¹²⁶, and stay there.
 */
const FLUSH: f32 = 7.888609052210118e-31 // 2⁻¹⁰⁰

/**
 * A step of Adam or AdamW in one pass: M ← β₁M + g, V ← β₂V + g², p ← kept·p − scale·M/(√V + offset), with ωp added to g; moments too
 * small to matter become 0. A set is p, M and V one after another, `bytes` each, a multiple of 16. Gives the largest |p| that the
 * step leads to, where all are finite.
 */
export function adaptive(
  set: usize,
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
  let largest = f32x4.splat(0)
  let slope = gradients
  let mean = set + bytes
  let square = mean + bytes
  const end = mean
  for (let parameter = set; parameter < end; parameter += 64) {
    for (let at: usize = 0; at < 64; at += 16) {
      const p = v128.load(parameter + at)
      const g = f32x4.add(v128.load(slope + at), f32x4.mul(p, w))
      const m = flushed(f32x4.add(f32x4.mul(v128.load(mean + at), b1), g))
      const v = flushed(f32x4.add(f32x4.mul(v128.load(square + at), b2), squared(g)))
      const moved = f32x4.sub(f32x4.mul(p, k), f32x4.mul(f32x4.div(m, f32x4.add(f32x4.sqrt(v), e)), s))
      v128.store(parameter + at, moved)
      v128.store(mean + at, m)
      v128.store(square + at, v)
      largest = f32x4.pmax(largest, f32x4.abs(moved))
    }
    slope += 64
    mean += 64
    square += 64
  }
  return max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  )
}

@inline
function flushed(x: v128): v128 {
  const flush = f32x4.splat(FLUSH)
  return f32x4.sub(f32x4.add(x, flush), flush)
}

@inline
function squared(x: v128): v128 {
  return f32x4.mul(x, x)
}

@inline
function total(lanes: v128): f32 {
  return (
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 1) +
    (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
  )
}
