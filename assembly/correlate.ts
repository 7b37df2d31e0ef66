/** Correlations c = Wᵀy of observations with all atoms, in single precision; sums run over p = 0, 1, … in this order. */

/** The share of non-zero numbers below which an observation is correlated number by number. */
export const SPARSE_SHARE: f32 = 0.4

/** Lists the non-zero positions of `y` [m] in `positions` (i32); returns how many there are. */
export function nonZeros(y: usize, m: i32, positions: usize): i32 {
  const zero = f32x4.splat(0)
  let out = positions
  for (let p = 0; p < m; p += 4) {
    let mask = i32x4.bitmask(f32x4.ne(v128.load(y + (<usize>p << 2)), zero))
    while (mask != 0) {
      store<i32>(out, p + ctz(mask))
      out += 4
      mask &= mask - 1
    }
  }
  return <i32>((out - positions) >> 2)
}

export function isSparse(count: i32, m: i32): bool {
  return <f32>count < SPARSE_SHARE * <f32>m
}

/** Observations that the dense kernel takes together: with eight atoms they fill the registers and spill none. */
export const TOGETHER: i32 = 5

/** Interleaves five observations (rows of `y`, `m` apart) number by number. */
function interleave(y: usize, m: i32, packed: usize): void {
  const row = <usize>m << 2
  for (let at: usize = 0; at < row; at += 4) {
    store<f32>(packed, load<f32>(y + at))
    store<f32>(packed, load<f32>(y + row + at), 4)
    store<f32>(packed, load<f32>(y + 2 * row + at), 8)
    store<f32>(packed, load<f32>(y + 3 * row + at), 12)
    store<f32>(packed, load<f32>(y + 4 * row + at), 16)
    packed += 20
  }
}

/** Five interleaved observations against one panel of eight atoms; `m` is even. */
@inline
function fiveByEight(packed: usize, m: i32, panel: usize, c: usize, kp: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00
  const end = panel + (<usize>m << 5)
  while (panel < end) {
    let b0 = v128.load(panel)
    let b1 = v128.load(panel, 16)
    let a = v128.load32_splat(packed)
    c00 = f32x4.add(c00, f32x4.mul(a, b0))
    c01 = f32x4.add(c01, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 4)
    c10 = f32x4.add(c10, f32x4.mul(a, b0))
    c11 = f32x4.add(c11, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 8)
    c20 = f32x4.add(c20, f32x4.mul(a, b0))
    c21 = f32x4.add(c21, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 12)
    c30 = f32x4.add(c30, f32x4.mul(a, b0))
    c31 = f32x4.add(c31, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 16)
    c40 = f32x4.add(c40, f32x4.mul(a, b0))
    c41 = f32x4.add(c41, f32x4.mul(a, b1))
    b0 = v128.load(panel, 32)
    b1 = v128.load(panel, 48)
    a = v128.load32_splat(packed, 20)
    c00 = f32x4.add(c00, f32x4.mul(a, b0))
    c01 = f32x4.add(c01, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 24)
    c10 = f32x4.add(c10, f32x4.mul(a, b0))
    c11 = f32x4.add(c11, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 28)
    c20 = f32x4.add(c20, f32x4.mul(a, b0))
    c21 = f32x4.add(c21, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 32)
    c30 = f32x4.add(c30, f32x4.mul(a, b0))
    c31 = f32x4.add(c31, f32x4.mul(a, b1))
    a = v128.load32_splat(packed, 36)
    c40 = f32x4.add(c40, f32x4.mul(a, b0))
    c41 = f32x4.add(c41, f32x4.mul(a, b1))
    panel += 64
    packed += 40
  }
  const width = <usize>kp << 2
  v128.store(c, c00)
  v128.store(c, c01, 16)
  c += width
  v128.store(c, c10)
  v128.store(c, c11, 16)
  c += width
  v128.store(c, c20)
  v128.store(c, c21, 16)
  c += width
  v128.store(c, c30)
  v128.store(c, c31, 16)
  c += width
  v128.store(c, c40)
  v128.store(c, c41, 16)
}

@inline
function oneByEight(y: usize, m: i32, panel: usize, c: usize): void {
  let c0 = f32x4.splat(0)
  let c1 = c0
  const end = y + (<usize>m << 2)
  while (y < end) {
    const a = v128.load32_splat(y)
    c0 = f32x4.add(c0, f32x4.mul(a, v128.load(panel)))
    c1 = f32x4.add(c1, f32x4.mul(a, v128.load(panel, 16)))
    panel += 32
    y += 4
  }
  v128.store(c, c0)
  v128.store(c, c1, 16)
}

/**
 * Correlates `rows` dense observations (f32 [rows, m]) with the atoms from `from` on (a multiple of 8) into `c` (f32 [rows, kp]);
 * `packed` is room for f32 [m, 5].
 */
export function correlateDense(
  y: usize, rows: i32, m: i32, panels: usize, from: i32, kp: i32, packed: usize, c: usize,
): void {
  const panelBytes = <usize>m << 5
  const rowBytes = <usize>m << 2
  let row = 0
  for (; row + TOGETHER <= rows; row += TOGETHER) {
    interleave(y + <usize>row * rowBytes, m, packed)
    for (let j = from; j < kp; j += 8) {
      fiveByEight(packed, m, panels + <usize>(j >> 3) * panelBytes, c + (<usize>(row * kp + j) << 2), kp)
    }
  }
  for (; row < rows; row++) {
    for (let j = from; j < kp; j += 8) {
      oneByEight(y + <usize>row * rowBytes, m, panels + <usize>(j >> 3) * panelBytes, c + (<usize>(row * kp + j) << 2))
    }
  }
}

/** Correlates one observation given by its `count` non-zero positions, with the same sums as {@link correlateDense}. */
export function correlateSparse(y: usize, positions: usize, count: i32, transposed: usize, kp: i32, c: usize): void {
  const end = positions + (<usize>count << 2)
  const width = <usize>kp << 2
  let j = 0
  for (; j + 48 <= kp; j += 48) {
    const column = transposed + (<usize>j << 2)
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0
    let c6 = c0, c7 = c0, c8 = c0, c9 = c0, c10 = c0, c11 = c0
    for (let at = positions; at < end; at += 4) {
      const p = <usize>load<i32>(at)
      const a = v128.load32_splat(y + (p << 2))
      const w = column + p * width
      c0 = f32x4.add(c0, f32x4.mul(a, v128.load(w)))
      c1 = f32x4.add(c1, f32x4.mul(a, v128.load(w, 16)))
      c2 = f32x4.add(c2, f32x4.mul(a, v128.load(w, 32)))
      c3 = f32x4.add(c3, f32x4.mul(a, v128.load(w, 48)))
      c4 = f32x4.add(c4, f32x4.mul(a, v128.load(w, 64)))
      c5 = f32x4.add(c5, f32x4.mul(a, v128.load(w, 80)))
      c6 = f32x4.add(c6, f32x4.mul(a, v128.load(w, 96)))
      c7 = f32x4.add(c7, f32x4.mul(a, v128.load(w, 112)))
      c8 = f32x4.add(c8, f32x4.mul(a, v128.load(w, 128)))
      c9 = f32x4.add(c9, f32x4.mul(a, v128.load(w, 144)))
      c10 = f32x4.add(c10, f32x4.mul(a, v128.load(w, 160)))
      c11 = f32x4.add(c11, f32x4.mul(a, v128.load(w, 176)))
    }
    const out = c + (<usize>j << 2)
    v128.store(out, c0)
    v128.store(out, c1, 16)
    v128.store(out, c2, 32)
    v128.store(out, c3, 48)
    v128.store(out, c4, 64)
    v128.store(out, c5, 80)
    v128.store(out, c6, 96)
    v128.store(out, c7, 112)
    v128.store(out, c8, 128)
    v128.store(out, c9, 144)
    v128.store(out, c10, 160)
    v128.store(out, c11, 176)
  }
  for (; j < kp; j += 16) {
    const column = transposed + (<usize>j << 2)
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0
    for (let at = positions; at < end; at += 4) {
      const p = <usize>load<i32>(at)
      const a = v128.load32_splat(y + (p << 2))
      const w = column + p * width
      c0 = f32x4.add(c0, f32x4.mul(a, v128.load(w)))
      c1 = f32x4.add(c1, f32x4.mul(a, v128.load(w, 16)))
      c2 = f32x4.add(c2, f32x4.mul(a, v128.load(w, 32)))
      c3 = f32x4.add(c3, f32x4.mul(a, v128.load(w, 48)))
    }
    const out = c + (<usize>j << 2)
    v128.store(out, c0)
    v128.store(out, c1, 16)
    v128.store(out, c2, 32)
    v128.store(out, c3, 48)
  }
}
