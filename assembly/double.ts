/** Dot products in double precision of vectors stored in single precision. */

/** Widens `count` floats to doubles. */
export function widen(from: usize, count: i32, to: usize): void {
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const x = v128.load(from + (<usize>i << 2))
    v128.store(to + (<usize>i << 3), f64x2.promote_low_f32x4(x))
    v128.store(to + (<usize>i << 3), promoteHigh(x), 16)
  }
  for (; i < count; i++) store<f64>(to + (<usize>i << 3), <f64>load<f32>(from + (<usize>i << 2)))
}

/** The upper two floats as doubles. */
@inline
export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
}

@inline
export function sumLanes(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1)
}

/** aᵀb of doubles. */
@inline
export function dot(a: usize, b: usize, count: i32): f64 {
  let s0 = f64x2.splat(0)
  let s1 = s0
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const at = <usize>i << 3
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a + at), v128.load(b + at)))
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a + at, 16), v128.load(b + at, 16)))
  }
  if (i + 2 <= count) {
    const at = <usize>i << 3
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a + at), v128.load(b + at)))
    i += 2
  }
  const sum = sumLanes(f64x2.add(s0, s1))
  return i < count ? sum + load<f64>(a + (<usize>i << 3)) * load<f64>(b + (<usize>i << 3)) : sum
}

/** y ← y − αx for doubles; the number after an odd `count` is overwritten by itself less α times its neighbour in x. */
@inline
export function subtractScaled(y: usize, alpha: f64, x: usize, count: i32): void {
  const a = f64x2.splat(alpha)
  for (let i = 0; i < count; i += 2) {
    const at = <usize>i << 3
    v128.store(y + at, f64x2.sub(v128.load(y + at), f64x2.mul(a, v128.load(x + at))))
  }
}

/** wᵀy for an atom in single and an observation in double precision; `count` is a multiple of 4. */
export function dotMixed(w: usize, y: usize, count: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
  let i = 0
  for (; i + 8 <= count; i += 8) {
    const a = w + (<usize>i << 2)
    const b = y + (<usize>i << 3)
    s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a)), v128.load(b)))
    s1 = f64x2.add(s1, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a, 8)), v128.load(b, 16)))
    s2 = f64x2.add(s2, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a, 16)), v128.load(b, 32)))
    s3 = f64x2.add(s3, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a, 24)), v128.load(b, 48)))
  }
  if (i < count) {
    const a = w + (<usize>i << 2)
    const b = y + (<usize>i << 3)
    s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a)), v128.load(b)))
    s1 = f64x2.add(s1, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(a, 8)), v128.load(b, 16)))
  }
  return sumLanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)))
}

/** ‖y‖² of single-precision numbers; `count` is a multiple of 4. */
export function squaredNormOf(y: usize, count: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0
  for (let i = 0; i < count; i += 4) {
    const a = f64x2.promote_low_f32x4(v128.load64_zero(y + (<usize>i << 2)))
    const b = f64x2.promote_low_f32x4(v128.load64_zero(y + (<usize>i << 2), 8))
    s0 = f64x2.add(s0, f64x2.mul(a, a))
    s1 = f64x2.add(s1, f64x2.mul(b, b))
  }
  return sumLanes(f64x2.add(s0, s1))
}

/** Widens the floats at the listed positions, one after another. */
export function widenAt(from: usize, positions: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i++) {
    const p = <usize>load<i32>(positions + (<usize>i << 2))
    store<f64>(to + (<usize>i << 3), <f64>load<f32>(from + (p << 2)))
  }
}

/** wᵀy for an observation given by its non-zero `values` (f64 [count]) and their positions. */
export function dotAt(w: usize, values: usize, positions: usize, count: i32): f64 {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const at = positions + (<usize>i << 2)
    const y = values + (<usize>i << 3)
    s0 += <f64>load<f32>(w + (<usize>load<i32>(at) << 2)) * load<f64>(y)
    s1 += <f64>load<f32>(w + (<usize>load<i32>(at, 4) << 2)) * load<f64>(y, 8)
    s2 += <f64>load<f32>(w + (<usize>load<i32>(at, 8) << 2)) * load<f64>(y, 16)
    s3 += <f64>load<f32>(w + (<usize>load<i32>(at, 12) << 2)) * load<f64>(y, 24)
  }
  for (; i < count; i++) {
    const p = <usize>load<i32>(positions + (<usize>i << 2))
    s0 += <f64>load<f32>(w + (p << 2)) * load<f64>(values + (<usize>i << 3))
  }
  return s0 + s1 + (s2 + s3)
}

/** wᵀy as {@link dotAt} has it, of two atoms at once: `out` (f64 [2]). */
export function dotAtTwo(w: usize, other: usize, values: usize, positions: usize, count: i32, out: usize): void {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0
  let t0: f64 = 0, t1: f64 = 0, t2: f64 = 0, t3: f64 = 0
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const at = positions + (<usize>i << 2)
    const y = values + (<usize>i << 3)
    const p0 = <usize>load<i32>(at) << 2, p1 = <usize>load<i32>(at, 4) << 2
    const p2 = <usize>load<i32>(at, 8) << 2, p3 = <usize>load<i32>(at, 12) << 2
    const y0 = load<f64>(y), y1 = load<f64>(y, 8), y2 = load<f64>(y, 16), y3 = load<f64>(y, 24)
    s0 += <f64>load<f32>(w + p0) * y0
    t0 += <f64>load<f32>(other + p0) * y0
    s1 += <f64>load<f32>(w + p1) * y1
    t1 += <f64>load<f32>(other + p1) * y1
    s2 += <f64>load<f32>(w + p2) * y2
    t2 += <f64>load<f32>(other + p2) * y2
    s3 += <f64>load<f32>(w + p3) * y3
    t3 += <f64>load<f32>(other + p3) * y3
  }
  for (; i < count; i++) {
    const p = <usize>load<i32>(positions + (<usize>i << 2)) << 2
    const y0 = load<f64>(values + (<usize>i << 3))
    s0 += <f64>load<f32>(w + p) * y0
    t0 += <f64>load<f32>(other + p) * y0
  }
  store<f64>(out, s0 + s1 + (s2 + s3))
  store<f64>(out, t0 + t1 + (t2 + t3), 8)
}
