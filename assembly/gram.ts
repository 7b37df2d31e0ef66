/** What a dictionary needs before coding: panels, the transpose, and the Gram matrix as a high and a low part. */
import { correlateDense } from './correlate'
import { widen } from './double'
import { Problem } from './problem'

/** Fills `panels` and `transposed` for atoms `first` to `end` from `atoms`. Rows beyond k are zero. */
export function layAtoms(problem: Problem, first: i32, end: i32): void {
  const m = problem.m
  const kp = problem.kp
  for (let j = first; j < end; j++) {
    const atom = problem.atoms + ((<usize>j * <usize>problem.m) << 2)
    const lane = problem.panels + (((<usize>(j >> 3) * <usize>m) << 3) + <usize>(j & 7) << 2)
    const column = problem.transposed + (<usize>j << 2)
    for (let p = 0; p < m; p++) {
      const value = j < problem.k ? load<f32>(atom + (<usize>p << 2)) : <f32>0
      store<f32>(lane + (<usize>p << 5), value)
      store<f32>(column + ((<usize>p * <usize>kp) << 2), value)
    }
  }
}

/** Rows `first` to `end` of WᵀW: each entry a double-precision dot product, split into two floats. */
export function gramChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  const m = problem.m
  const other = memory + (<usize>m << 3)
  for (let j = first; j < end; j += 2) {
    widen(rowOf(problem, j), m, memory)
    widen(rowOf(problem, min(j + 1, problem.k - 1)), m, other)
    for (let i = 0; i <= min(j + 1, end - 1); i += 2) {
      const rows = dotPairs(rowOf(problem, i), rowOf(problem, min(i + 1, problem.k - 1)), memory, other, m)
      keep(problem, j, i, f64x2.extract_lane(rows, 0))
      keep(problem, j, i + 1, f64x2.extract_lane(rows, 1))
      if (j + 1 == end) continue
      keep(problem, j + 1, i, f64x2.extract_lane(second, 0))
      keep(problem, j + 1, i + 1, f64x2.extract_lane(second, 1))
    }
  }
}

@inline
function rowOf(problem: Problem, atom: i32): usize {
  return problem.atoms + ((<usize>atom * <usize>problem.m) << 2)
}

/** What {@link dotPairs} found for its second wide vector. */
let second: v128 = f64x2.splat(0)

/** The dot products of two vectors in single precision, a lane each, with `wide`; those with `other` are left in `second`. */
function dotPairs(a: usize, b: usize, wide: usize, other: usize, m: i32): v128 {
  let a0 = f64x2.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0
  const end = a + (<usize>m << 2)
  while (a < end) {
    const x = v128.load(wide), y = v128.load(wide, 16), u = v128.load(other), v = v128.load(other, 16)
    let low = f64x2.promote_low_f32x4(v128.load64_zero(a))
    let high = f64x2.promote_low_f32x4(v128.load64_zero(a, 8))
    a0 = f64x2.add(a0, f64x2.mul(low, x))
    a1 = f64x2.add(a1, f64x2.mul(high, y))
    c0 = f64x2.add(c0, f64x2.mul(low, u))
    c1 = f64x2.add(c1, f64x2.mul(high, v))
    low = f64x2.promote_low_f32x4(v128.load64_zero(b))
    high = f64x2.promote_low_f32x4(v128.load64_zero(b, 8))
    b0 = f64x2.add(b0, f64x2.mul(low, x))
    b1 = f64x2.add(b1, f64x2.mul(high, y))
    d0 = f64x2.add(d0, f64x2.mul(low, u))
    d1 = f64x2.add(d1, f64x2.mul(high, v))
    a += 16
    b += 16
    wide += 32
    other += 32
  }
  second = sumsOf(f64x2.add(c0, c1), f64x2.add(d0, d1))
  return sumsOf(f64x2.add(a0, a1), f64x2.add(b0, b1))
}

/** The sums of the lanes of `a` and of `b`. */
@inline
function sumsOf(a: v128, b: v128): v128 {
  return f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3))
}

/** Stores an entry at or below the diagonal, and its mirror image. */
@inline
function keep(problem: Problem, j: i32, i: i32, value: f64): void {
  if (i > j) return
  const high = <f32>value
  const low = <f32>(value - <f64>high)
  const at = (<usize>j * <usize>problem.kp + <usize>i) << 2
  const mirrored = (<usize>i * <usize>problem.kp + <usize>j) << 2
  store<f32>(problem.gramHigh + at, high)
  store<f32>(problem.gramLow + at, low)
  store<f32>(problem.gramHigh + mirrored, high)
  store<f32>(problem.gramLow + mirrored, low)
}

/**
 * Rows of WᵀW in single precision, for learning, where every batch needs a new one; the low part is not touched. A row is
 * formed from its diagonal on, and what lies below is copied over.
 */
export function gramSingleChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  const width = <usize>problem.kp << 2
  correlateDense(
    problem.atoms + ((<usize>first * <usize>problem.m) << 2), end - first, problem.m, problem.panels, first & ~7, problem.kp,
    memory, problem.gramHigh + <usize>first * width,
  )
  for (let i = first; i < end; i++) {
    const row = problem.gramHigh + <usize>i * width
    let below = row + width + (<usize>i << 2)
    for (let j = i + 1; j < problem.k; j++) {
      store<f32>(below, load<f32>(row + (<usize>j << 2)))
      below += width
    }
  }
}
