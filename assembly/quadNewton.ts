/**
 * Newton steps of a quad: the supports of four lanes are solved at once, each through its own Cholesky factor in single
 * precision; the factors are formed side by side, one a lane, so that no operation is spent on gathering or summing lanes.
 */
import { Quad, lanesOf, quadRow } from './quad'

/** A pivot below this share of the atom's own curvature counts as none. */
const EPSILON_PIVOT: f32 = 1e-5

/** 1/√pivot; 0 in the lanes where the pivot vanished, whose coefficient then stays where it is. */
@inline
function inverseRoot(pivot: v128, curvature: v128): v128 {
  const sound = f32x4.gt(pivot, f32x4.mul(curvature, f32x4.splat(EPSILON_PIVOT)))
  return v128.and(f32x4.div(f32x4.splat(1), f32x4.sqrt(pivot)), sound)
}

/** a − b·c */
@inline
function less(a: v128, b: v128, c: v128): v128 {
  return f32x4.sub(a, f32x4.mul(b, c))
}

/** Where a correlation settles: its threshold with the sign of its coefficient. */
@inline
function bound(quad: Quad, i: usize, z: v128): v128 {
  return v128.or(v128.load(quad.threshold + i), v128.and(z, i32x4.splat(0x80000000)))
}

/** Forms the Cholesky factors LLᵀ of the slots' Gram matrices from row `first` (even) on, two rows by two columns at a time. */
export function factorize(quad: Quad, first: i32): void {
  const bytes = <usize>quad.size << 4
  const inverse = quad.inversePivot
  const curvature = quad.curvature
  for (let i = <usize>first << 4; i < bytes; i += 32) {
    const index = <i32>(i >> 4)
    const a = quadRow(quad.factor, index), b = quadRow(quad.factor, index + 1)
    const ga = quadRow(quad.gram, index), gb = quadRow(quad.gram, index + 1)
    for (let j: usize = 0; j < i; j += 32) {
      const c = quadRow(quad.factor, <i32>(j >> 4)), d = quadRow(quad.factor, <i32>(j >> 4) + 1)
      let s00 = v128.load(ga + j), s01 = v128.load(ga + j, 16), s10 = v128.load(gb + j), s11 = v128.load(gb + j, 16)
      for (let p: usize = 0; p < j; p += 16) {
        const x = v128.load(a + p), y = v128.load(b + p), u = v128.load(c + p), v = v128.load(d + p)
        s00 = less(s00, x, u)
        s01 = less(s01, x, v)
        s10 = less(s10, y, u)
        s11 = less(s11, y, v)
      }
      const first = v128.load(inverse + j)
      s00 = f32x4.mul(s00, first)
      s10 = f32x4.mul(s10, first)
      const between = v128.load(d + j)
      const second = v128.load(inverse + j, 16)
      v128.store(a + j, s00)
      v128.store(b + j, s10)
      v128.store(a + j, f32x4.mul(less(s01, s00, between), second), 16)
      v128.store(b + j, f32x4.mul(less(s11, s10, between), second), 16)
    }
    let s00 = v128.load(curvature + i), s10 = v128.load(gb + i), s11 = v128.load(curvature + i, 16)
    for (let p: usize = 0; p < i; p += 16) {
      const x = v128.load(a + p), y = v128.load(b + p)
      s00 = less(s00, x, x)
      s10 = less(s10, y, x)
      s11 = less(s11, y, y)
    }
    const first = inverseRoot(s00, v128.load(curvature + i))
    v128.store(inverse + i, first)
    s10 = f32x4.mul(s10, first)
    v128.store(b + i, s10)
    v128.store(inverse + i, inverseRoot(less(s11, s10, s10), v128.load(curvature + i, 16)), 16)
  }
  quad.factored = quad.size
}

/** Solves LLᵀx = step in place, in every lane. */
function solve(quad: Quad): void {
  const bytes = <usize>quad.size << 4
  const x = quad.step
  const inverse = quad.inversePivot
  for (let i: usize = 0; i < bytes; i += 32) {
    const a = quadRow(quad.factor, <i32>(i >> 4)), b = quadRow(quad.factor, <i32>(i >> 4) + 1)
    let s0 = v128.load(x + i), s1 = v128.load(x + i, 16)
    let t0 = f32x4.splat(0), t1 = t0
    for (let p: usize = 0; p < i; p += 32) {
      const u = v128.load(x + p), v = v128.load(x + p, 16)
      s0 = less(s0, v128.load(a + p), u)
      s1 = less(s1, v128.load(b + p), u)
      t0 = less(t0, v128.load(a + p, 16), v)
      t1 = less(t1, v128.load(b + p, 16), v)
    }
    s0 = f32x4.mul(f32x4.add(s0, t0), v128.load(inverse + i))
    v128.store(x + i, s0)
    v128.store(x + i, f32x4.mul(less(f32x4.add(s1, t1), v128.load(b + i), s0), v128.load(inverse + i, 16)), 16)
  }
  for (let i = bytes; i > 0;) {
    i -= 32
    const a = quadRow(quad.factor, <i32>(i >> 4)), b = quadRow(quad.factor, <i32>(i >> 4) + 1)
    const x1 = f32x4.mul(v128.load(x + i, 16), v128.load(inverse + i, 16))
    const x0 = f32x4.mul(less(v128.load(x + i), v128.load(b + i), x1), v128.load(inverse + i))
    v128.store(x + i, x0)
    v128.store(x + i, x1, 16)
    for (let p: usize = 0; p < i; p += 16) {
      v128.store(x + p, less(less(v128.load(x + p), v128.load(a + p), x0), v128.load(b + p), x1))
    }
  }
}

/**
 * One Newton step in the lanes whose bit is set in `lanes`, whose slots of atoms must all be active: z lands on the optimum of its
 * support; or, where coefficients would change sign on the way, on the point with those at 0 if that lowers the energy, and
 * else where the first of them reaches 0. Returns the bits of the lanes that
 * had to give way so.
 */
export function newton(quad: Quad, lanes: i32): i32 {
  const moving = lanesOf(lanes)
  const bytes = <usize>quad.size << 4
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const z = v128.load(quad.z + i)
    const active = v128.and(f32x4.ne(z, zero), moving)
    v128.store(quad.step + i, v128.and(f32x4.sub(v128.load(quad.g + i), bound(quad, i, z)), active))
  }
  solve(quad)
  let crossing = zero
  let reach = f32x4.splat(1)
  for (let i: usize = 0; i < bytes; i += 16) {
    const z = v128.load(quad.z + i)
    const step = v128.load(quad.step + i)
    const crosses = f32x4.lt(f32x4.mul(z, f32x4.add(z, step)), zero)
    crossing = v128.or(crossing, crosses)
    reach = v128.bitselect(f32x4.pmin(f32x4.div(f32x4.neg(z), step), reach), reach, crosses)
  }
  if (v128.any_true(crossing)) {
    giveWay(quad, moving, crossing, reach)
    return i32x4.bitmask(crossing)
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    const z = v128.load(quad.z + i)
    const active = v128.and(f32x4.ne(z, zero), moving)
    v128.store(quad.z + i, f32x4.add(z, v128.load(quad.step + i)))
    v128.store(quad.g + i, v128.bitselect(bound(quad, i, z), v128.load(quad.g + i), active))
  }
  return 0
}

/** Takes the step where, in the lanes of `crossing`, some coefficients would cross 0; see {@link newton}. */
function giveWay(quad: Quad, moving: v128, crossing: v128, reach: v128): void {
  const bytes = <usize>quad.size << 4
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const z = v128.load(quad.z + i)
    const step = v128.load(quad.step + i)
    const crosses = f32x4.lt(f32x4.mul(z, f32x4.add(z, step)), zero)
    v128.store(quad.cut + i, v128.bitselect(f32x4.neg(z), step, crosses))
  }
  let change = zero
  for (let i: usize = 0; i < bytes; i += 32) {
    const a = quadRow(quad.gram, <i32>(i >> 4)), b = quadRow(quad.gram, <i32>(i >> 4) + 1)
    let s0 = zero, s1 = zero, t0 = zero, t1 = zero
    for (let p: usize = 0; p < bytes; p += 32) {
      const u = v128.load(quad.cut + p), v = v128.load(quad.cut + p, 16)
      s0 = f32x4.add(s0, f32x4.mul(v128.load(a + p), u))
      s1 = f32x4.add(s1, f32x4.mul(v128.load(b + p), u))
      t0 = f32x4.add(t0, f32x4.mul(v128.load(a + p, 16), v))
      t1 = f32x4.add(t1, f32x4.mul(v128.load(b + p, 16), v))
    }
    v128.store(quad.pull + i, f32x4.add(s0, t0))
    v128.store(quad.pull + i, f32x4.add(s1, t1), 16)
    change = f32x4.add(change, energyChange(quad, i))
    change = f32x4.add(change, energyChange(quad, i + 16))
  }
  const lower = f32x4.lt(change, zero)
  for (let i: usize = 0; i < bytes; i += 16) {
    const z = v128.load(quad.z + i)
    const g = v128.load(quad.g + i)
    const step = v128.load(quad.step + i)
    const active = v128.and(f32x4.ne(z, zero), moving)
    const settled = v128.bitselect(bound(quad, i, z), g, active)
    // A step cut short leaves the coefficient that stops it at 0, whatever the rounding.
    const short = f32x4.add(z, f32x4.mul(reach, step))
    const stops = f32x4.le(f32x4.mul(z, short), f32x4.mul(f32x4.mul(z, z), f32x4.splat(1e-6)))
    const shortened = v128.andnot(short, stops)
    const landed = f32x4.add(z, v128.load(quad.cut + i))
    v128.store(quad.z + i, v128.bitselect(v128.bitselect(landed, shortened, lower), landed, crossing))
    const left = v128.bitselect(
      f32x4.sub(g, v128.load(quad.pull + i)), f32x4.sub(g, f32x4.mul(reach, f32x4.sub(g, settled))), lower,
    )
    v128.store(quad.g + i, v128.bitselect(left, settled, crossing))
  }
}

/** What slot `i` gives to the change of the energy: δ(½Gδ − g) + threshold(|z + δ| − |z|). */
@inline
function energyChange(quad: Quad, i: usize): v128 {
  const step = v128.load(quad.cut + i)
  const z = v128.load(quad.z + i)
  const smooth = f32x4.mul(step, f32x4.sub(f32x4.mul(f32x4.splat(0.5), v128.load(quad.pull + i)), v128.load(quad.g + i)))
  const penalty = f32x4.mul(v128.load(quad.threshold + i), f32x4.sub(f32x4.abs(f32x4.add(z, step)), f32x4.abs(z)))
  return v128.and(f32x4.add(smooth, penalty), f32x4.ne(step, f32x4.splat(0)))
}
