/** Correlations of all atoms with the residual of a sparse code, from the Gram matrix, in single precision. */
@inline
function largestLane(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  )
}

/** Stores a correlation vector; returns by how much it exceeds the thresholds. */
@inline
function keep(value: v128, place: usize, thresholds: usize, sign: v128): v128 {
  v128.store(place, value)
  return f32x4.sub(v128.and(value, sign), v128.load(thresholds))
}

/**
 * c ← c⁰ − Σ zᵢ G[i, ·] over `count` support rows; returns the largest |cⱼ| − thresholdⱼ (cⱼ − thresholdⱼ where z ≥ 0).
 */
export function refreshCorrelations(
  start: usize, rows: usize, values: usize, count: i32, thresholds: usize, kp: i32, nonNegative: bool, c: usize,
): f32 {
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  let worst = f32x4.splat(-Infinity)
  const end = rows + (<usize>count << 2)
  let at: usize = 0
  for (; at + 128 <= <usize>kp << 2; at += 128) {
    let c0 = v128.load(start + at), c1 = v128.load(start + at, 16), c2 = v128.load(start + at, 32), c3 = v128.load(start + at, 48)
    let c4 = v128.load(start + at, 64), c5 = v128.load(start + at, 80), c6 = v128.load(start + at, 96), c7 = v128.load(start + at, 112)
    let value = values
    for (let row = rows; row < end; row += 4) {
      const g = <usize>load<u32>(row) + at
      const a = v128.load32_splat(value)
      c0 = f32x4.sub(c0, f32x4.mul(a, v128.load(g)))
      c1 = f32x4.sub(c1, f32x4.mul(a, v128.load(g, 16)))
      c2 = f32x4.sub(c2, f32x4.mul(a, v128.load(g, 32)))
      c3 = f32x4.sub(c3, f32x4.mul(a, v128.load(g, 48)))
      c4 = f32x4.sub(c4, f32x4.mul(a, v128.load(g, 64)))
      c5 = f32x4.sub(c5, f32x4.mul(a, v128.load(g, 80)))
      c6 = f32x4.sub(c6, f32x4.mul(a, v128.load(g, 96)))
      c7 = f32x4.sub(c7, f32x4.mul(a, v128.load(g, 112)))
      value += 4
    }
    worst = f32x4.pmax(worst, keep(c0, c + at, thresholds + at, sign))
    worst = f32x4.pmax(worst, keep(c1, c + at + 16, thresholds + at + 16, sign))
    worst = f32x4.pmax(worst, keep(c2, c + at + 32, thresholds + at + 32, sign))
    worst = f32x4.pmax(worst, keep(c3, c + at + 48, thresholds + at + 48, sign))
    worst = f32x4.pmax(worst, keep(c4, c + at + 64, thresholds + at + 64, sign))
    worst = f32x4.pmax(worst, keep(c5, c + at + 80, thresholds + at + 80, sign))
    worst = f32x4.pmax(worst, keep(c6, c + at + 96, thresholds + at + 96, sign))
    worst = f32x4.pmax(worst, keep(c7, c + at + 112, thresholds + at + 112, sign))
  }
  for (; at < <usize>kp << 2; at += 16) {
    let c0 = v128.load(start + at)
    let value = values
    for (let row = rows; row < end; row += 4) {
      c0 = f32x4.sub(c0, f32x4.mul(v128.load32_splat(value), v128.load(<usize>load<u32>(row) + at)))
      value += 4
    }
    worst = f32x4.pmax(worst, keep(c0, c + at, thresholds + at, sign))
  }
  return largestLane(worst)
}
