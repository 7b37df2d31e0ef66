/** Correlations of all atoms with the residual of a sparse code, from the Gram matrix, in single precision. */
@inline
function largestLane(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  )
}

/** The largest |cⱼ| − thresholdⱼ (cⱼ − thresholdⱼ where z ≥ 0). */
function largestExcess(c: usize, thresholds: usize, width: usize, nonNegative: bool): f32 {
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  let w0 = f32x4.splat(-Infinity), w1 = w0
  for (let at: usize = 0; at < width; at += 32) {
    w0 = f32x4.pmax(w0, f32x4.sub(v128.and(v128.load(c + at), sign), v128.load(thresholds + at)))
    w1 = f32x4.pmax(w1, f32x4.sub(v128.and(v128.load(c + at, 16), sign), v128.load(thresholds + at, 16)))
  }
  return largestLane(f32x4.pmax(w0, w1))
}

/**
 * c ← c⁰ − Σ zᵢ G[i, ·] over `count` support rows, each read from end to end; returns the largest |cⱼ| − thresholdⱼ (cⱼ −
 * thresholdⱼ where z ≥ 0).
 */
export function refreshCorrelations(
  start: usize, rows: usize, values: usize, count: i32, thresholds: usize, kp: i32, nonNegative: bool, c: usize,
): f32 {
  const width = <usize>kp << 2
  let from = start
  let i = 0
  for (; i + 6 <= count; i += 6) {
    const row = rows + (<usize>i << 2)
    const value = values + (<usize>i << 2)
    const r0 = <usize>load<u32>(row), r1 = <usize>load<u32>(row, 4), r2 = <usize>load<u32>(row, 8)
    const r3 = <usize>load<u32>(row, 12), r4 = <usize>load<u32>(row, 16), r5 = <usize>load<u32>(row, 20)
    const a0 = v128.load32_splat(value), a1 = v128.load32_splat(value, 4), a2 = v128.load32_splat(value, 8)
    const a3 = v128.load32_splat(value, 12), a4 = v128.load32_splat(value, 16), a5 = v128.load32_splat(value, 20)
    for (let at: usize = 0; at < width; at += 16) {
      let x = f32x4.add(f32x4.mul(a0, v128.load(r0 + at)), f32x4.mul(a1, v128.load(r1 + at)))
      let y = f32x4.add(f32x4.mul(a2, v128.load(r2 + at)), f32x4.mul(a3, v128.load(r3 + at)))
      const z = f32x4.add(f32x4.mul(a4, v128.load(r4 + at)), f32x4.mul(a5, v128.load(r5 + at)))
      x = f32x4.add(f32x4.add(x, y), z)
      v128.store(c + at, f32x4.sub(v128.load(from + at), x))
    }
    from = c
  }
  for (; i + 2 <= count; i += 2) {
    const row = rows + (<usize>i << 2)
    const value = values + (<usize>i << 2)
    const r0 = <usize>load<u32>(row), r1 = <usize>load<u32>(row, 4)
    const a0 = v128.load32_splat(value), a1 = v128.load32_splat(value, 4)
    for (let at: usize = 0; at < width; at += 16) {
      const x = f32x4.add(f32x4.mul(a0, v128.load(r0 + at)), f32x4.mul(a1, v128.load(r1 + at)))
      v128.store(c + at, f32x4.sub(v128.load(from + at), x))
    }
    from = c
  }
  if (i < count) {
    const r0 = <usize>load<u32>(rows + (<usize>i << 2))
    const a0 = v128.load32_splat(values + (<usize>i << 2))
    for (let at: usize = 0; at < width; at += 16) {
      v128.store(c + at, f32x4.sub(v128.load(from + at), f32x4.mul(a0, v128.load(r0 + at))))
    }
    from = c
  }
  if (from == start) memory.copy(c, start, width)
  return largestExcess(c, thresholds, width, nonNegative)
}
