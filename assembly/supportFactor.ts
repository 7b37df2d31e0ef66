/** The Cholesky factor of the support's Gram matrix, which grows with it: rows that still belong to the support are kept. */
import { at8 } from './addresses'
import { dot, subtractScaled } from './double'
import { WorkingSet, row } from './workingSet'

/** A pivot below this share of the atom's own curvature counts as none. */
const EPSILON_PIVOT: f64 = 1e-10
/** A pivot below this share is not to be judged by rows in single precision. */
const ROUGH_PIVOT: f64 = 1e-4

/** Lists the support in slot order and keeps the factor's rows that still belong to it. Returns its size. */
export function listSupport(set: WorkingSet): i32 {
  let count = 0
  let kept = true
  for (let i = 0; i < set.size; i++) {
    if (load<f64>(at8(set.z, i)) == 0) continue
    const place = set.order + (<usize>count << 2)
    if (kept && (count >= set.factored || load<i32>(place) != i)) {
      kept = false
      set.factored = min(set.factored, count)
    }
    store<i32>(place, i)
    count++
  }
  set.factored = min(set.factored, count)
  return count
}

/**
 * Reduces the leading `count` entries of four rows of the factor against its finished rows: four chains of dependent
 * operations run side by side.
 */
@inline
function reduceFour(set: WorkingSet, first: usize, step: usize, count: i32): void {
  const r1 = first + step
  const r2 = r1 + step
  const r3 = r2 + step
  let other = set.factor
  for (let j = 0; j < count; j++) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    const even = <usize>(j & ~1) << 3
    for (let at: usize = 0; at < even; at += 16) {
      const b = v128.load(other + at)
      s0 = f64x2.add(s0, f64x2.mul(v128.load(first + at), b))
      s1 = f64x2.add(s1, f64x2.mul(v128.load(r1 + at), b))
      s2 = f64x2.add(s2, f64x2.mul(v128.load(r2 + at), b))
      s3 = f64x2.add(s3, f64x2.mul(v128.load(r3 + at), b))
    }
    // Sums of lanes, two rows a register.
    let t0 = f64x2.add(i64x2.shuffle(s0, s1, 0, 2), i64x2.shuffle(s0, s1, 1, 3))
    let t1 = f64x2.add(i64x2.shuffle(s2, s3, 0, 2), i64x2.shuffle(s2, s3, 1, 3))
    if (j & 1) {
      const b = v128.load64_splat(other + even)
      t0 = f64x2.add(t0, f64x2.mul(pair(first + even, r1 + even), b))
      t1 = f64x2.add(t1, f64x2.mul(pair(r2 + even, r3 + even), b))
    }
    const inverse = v128.load64_splat(at8(set.inverseDiagonal, j))
    const here = <usize>j << 3
    t0 = f64x2.mul(f64x2.sub(pair(first + here, r1 + here), t0), inverse)
    t1 = f64x2.mul(f64x2.sub(pair(r2 + here, r3 + here), t1), inverse)
    v128.store64_lane(first + here, t0, 0)
    v128.store64_lane(r1 + here, t0, 1)
    v128.store64_lane(r2 + here, t1, 0)
    v128.store64_lane(r3 + here, t1, 1)
    other += step
  }
}

@inline
function pair(low: usize, high: usize): v128 {
  return v128.load64_lane(high, v128.load64_zero(low), 1)
}

/** Copies the Gram entries of support row `i` with the rows before it and itself into the factor's row. */
function gather(set: WorkingSet, i: i32): void {
  const gram = row(set.gram, set, load<i32>(set.order + (<usize>i << 2)))
  let out = row(set.factor, set, i)
  let slot = set.order
  const end = slot + (<usize>(i + 1) << 2)
  for (; slot < end; slot += 4) {
    store<f64>(out, load<f64>(at8(gram, load<i32>(slot))))
    out += 8
  }
}

/** Extends the Cholesky factor to `count` rows. Returns `count`, or the row whose pivot vanished. */
export function extendFactor(set: WorkingSet, count: i32): i32 {
  const step = <usize>set.stride << 3
  let i = set.factored
  while (i < count) {
    const together = i + 4 <= count ? 4 : 1
    const done = i
    for (let r = 0; r < together; r++) gather(set, i + r)
    if (together == 4) reduceFour(set, row(set.factor, set, i), step, done)
    for (let r = 0; r < together; r++, i++) {
      const own = row(set.factor, set, i)
      const curvature = load<f64>(at8(own, i))
      for (let j = together == 4 ? done : 0; j < i; j++) {
        const place = at8(own, j)
        store<f64>(place, (load<f64>(place) - dot(own, row(set.factor, set, j), j)) * load<f64>(at8(set.inverseDiagonal, j)))
      }
      const pivot = curvature - dot(own, own, i)
      if (set.rough && !(pivot > ROUGH_PIVOT * curvature)) {
        set.rough = 0
        set.factored = 0
        return extendFactor(set, count)
      }
      if (!(pivot > EPSILON_PIVOT * curvature)) {
        set.factored = i
        return i
      }
      store<f64>(at8(set.inverseDiagonal, i), 1 / sqrt(pivot))
    }
  }
  set.factored = count
  return count
}

/** Solves LLᵀx = solution in place, over the first `count` rows of the factor. */
export function solveFactored(set: WorkingSet, count: i32): void {
  const x = set.solution
  for (let i = 0; i < count; i++) {
    const place = at8(x, i)
    store<f64>(place, (load<f64>(place) - dot(row(set.factor, set, i), x, i)) * load<f64>(at8(set.inverseDiagonal, i)))
  }
  backSubstitute(set, count)
}

/** Solves Lᵀx = solution in place. */
export function backSubstitute(set: WorkingSet, count: i32): void {
  const x = set.solution
  for (let i = count - 1; i >= 0; i--) {
    const value = load<f64>(at8(x, i)) * load<f64>(at8(set.inverseDiagonal, i))
    subtractScaled(x, value, row(set.factor, set, i), i)
    // An odd length has also touched this entry.
    store<f64>(at8(x, i), value)
  }
}
