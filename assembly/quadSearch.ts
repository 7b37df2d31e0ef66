/**
 * A quick search for the supports of four observations at once, one a lane, in single precision: working sets grow by
 * groups of violators; coordinate descent sweeps all four in step to find the signs, and Newton steps land on the supports'
 * optima. The latency of a coordinate's chain of operations is then paid once for four. What it finds is a start for the exact
 * solver, so nothing here needs to be exact; but a lane's result depends on its own observation alone, whichever share its quad.
 */
import { ALLOWANCE, LANES, Quad, STRIDE, admit, dropIdle, lanesOf, largestSize, minimumOf, sizeOf, WORKING } from './quad'
import { factorize, newton } from './quadNewton'
import { enter, letGo } from './quadUpdate'
import { Problem } from './problem'
import { refreshCorrelations } from './refreshCorrelations'

const ROUNDS: i32 = 8
/** Sweeps after each admission, and after the last: until no correlation changes by this share of its threshold, at most so many. */
const SWEEPS: i32 = 4
const SETTLED: f32 = 0.2
const LAST_SWEEPS: i32 = 4
const LAST_SETTLED: f32 = 0.005
/** Newton steps at the end, at most. */
const STEPS: i32 = 10
/** Atoms whose violation is at least this share of the worst are admitted together; the first time, when no atom has explained its neighbours yet, fewer. */
const ADMIT_SHARE: f32 = 0.6
const FIRST_SHARE: f32 = 0.8
const ADMIT_AT_MOST: i32 = 16
/** A lane is done when no violation exceeds this share of the smallest threshold. */
const DONE_BELOW: f32 = 0.01
/** The same once Newton steps have landed; rounding shows below it. */
const LANDED_BELOW: f32 = 3e-5
/** … and the share of the worst violation that is admitted then. */
const LANDED_SHARE: f32 = 0.5

/** g ← g − first·row − second·next for two slots. */
@inline
function subtractBoth(g: usize, first: v128, row: usize, second: v128, next: usize): void {
  const a = f32x4.sub(v128.load(g), f32x4.mul(first, v128.load(row)))
  const b = f32x4.sub(v128.load(g, 16), f32x4.mul(first, v128.load(row, 16)))
  v128.store(g, f32x4.sub(a, f32x4.mul(second, v128.load(next))))
  v128.store(g, f32x4.sub(b, f32x4.mul(second, v128.load(next, 16))), 16)
}

/** By how much a change moves its own correlation beyond the share `settled` of its threshold. */
@inline
function excess(quad: Quad, i: usize, change: v128, settled: v128): v128 {
  return f32x4.sub(
    f32x4.mul(f32x4.abs(change), v128.load(quad.curvature + i)), f32x4.mul(settled, v128.load(quad.threshold + i)),
  )
}

/**
 * One sweep of coordinate descent over the lanes of `moving` (all bits set), two slots at a time; the others stay as they are.
 * Returns by how much each lane's largest change of a correlation exceeds the share `settled` of its threshold.
 */
function sweep(quad: Quad, nonNegative: bool, moving: v128, settled: v128): v128 {
  const bytes = <usize>quad.size << 4
  const g = quad.g
  const free = nonNegative ? f32x4.splat(Infinity) : f32x4.splat(0)
  const step = <usize>STRIDE << 4
  let row = quad.gram
  let largest = f32x4.splat(-Infinity)
  for (let i: usize = 0; i < bytes; i += 32) {
    const next = row + step
    const old0 = v128.load(quad.z + i), old1 = v128.load(quad.z + i, 16)
    const value0 = v128.bitselect(minimumOf(quad, i, v128.load(g + i), free), old0, moving)
    const first = f32x4.sub(value0, old0)
    const g1 = f32x4.sub(v128.load(g + i, 16), f32x4.mul(first, v128.load(row + i, 16)))
    const value1 = v128.bitselect(minimumOf(quad, i + 16, g1, free), old1, moving)
    const second = f32x4.sub(value1, old1)
    v128.store(quad.z + i, value0)
    v128.store(quad.z + i, value1, 16)
    largest = f32x4.pmax(largest, f32x4.pmax(excess(quad, i, first, settled), excess(quad, i + 16, second, settled)))
    // The next coordinates wait for these; the ones before are not needed until the next sweep.
    for (let at = i; at < bytes; at += 32) subtractBoth(g + at, first, row + at, second, next + at)
    for (let at: usize = 0; at < i; at += 32) subtractBoth(g + at, first, row + at, second, next + at)
    row = next + step
  }
  return largest
}

/** Sweeps each lane of `moving` until it settles, at most `most` times. */
function settle(quad: Quad, nonNegative: bool, moving: v128, share: f32, most: i32): void {
  const settled = f32x4.splat(share)
  const zero = f32x4.splat(0)
  for (let s = 0; s < most && v128.any_true(moving); s++) {
    moving = v128.and(moving, f32x4.gt(sweep(quad, nonNegative, moving, settled), zero))
  }
}

/** Lists a lane's support as Gram rows and coefficients; returns its size. */
function listSupport(problem: Problem, quad: Quad, lane: i32): i32 {
  const size = sizeOf(quad, lane)
  let at = <usize>lane << 2
  let count: usize = 0
  for (let i = 0; i < size; i++) {
    const value = load<f32>(quad.z + at)
    store<u32>(quad.rows + (count << 2), <u32>(problem.gramHigh + ((<usize>load<i32>(quad.atoms + at) * <usize>problem.kp) << 2)))
    store<f32>(quad.values + (count << 2), value)
    count += <usize>i32(value != 0)
    at += 16
  }
  return <i32>count
}

/** Admits a lane's atoms that violate by more than `bound`, at most `most`; returns how many. */
function admitViolators(problem: Problem, quad: Quad, lane: i32, c: usize, bound: f32, sign: v128, most: i32): i32 {
  if (most <= 0) return 0
  const thresholds = quad.thresholds + (<usize>(lane * problem.kp) << 2)
  const limit = f32x4.splat(bound)
  let admitted = 0
  for (let j = 0; j < problem.kp; j += 4) {
    const at = <usize>j << 2
    const excess = f32x4.sub(v128.and(v128.load(c + at), sign), v128.load(thresholds + at))
    let mask = i32x4.bitmask(f32x4.gt(excess, limit))
    while (mask != 0) {
      const atom = j + ctz(mask)
      admit(problem, quad, lane, atom, load<f32>(c + (<usize>atom << 2)))
      mask &= mask - 1
      if (++admitted == most) return admitted
    }
  }
  return admitted
}

/**
 * Searches the supports of up to four observations with correlations at `starts` (usize [4], each f32 [kp]); `quad.thresholds` is
 * filled for each, and `smallest` (f32 [4]) holds its smallest threshold; a lane with 0 stays empty. Leaves the factors of
 * the supports: slots whose coefficient is 0 are empty in them.
 */
export function search(problem: Problem, quad: Quad, starts: usize, lanes: i32, smallest: usize): void {
  const kp = problem.kp
  const nonNegative = <bool>problem.nonNegative
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  quad.size = 0
  quad.factored = 0
  v128.store(quad.sizes, i32x4.splat(0))
  v128.store(quad.excess, f32x4.splat(Infinity))
  v128.store(quad.allowance, i32x4.splat(ALLOWANCE))
  let open = 0
  for (let lane = 0; lane < lanes; lane++) open |= i32(load<f32>(smallest + (<usize>lane << 2)) > 0) << lane
  for (let round = 0; round < ROUNDS && open != 0; round++) {
    let grown = 0
    for (let lane = 0; lane < lanes; lane++) {
      const bit = 1 << lane
      if (!(open & bit)) continue
      dropIdle(problem, quad, lane)
      const support = listSupport(problem, quad, lane)
      const worst = refreshCorrelations(
        load<usize>(starts + (<usize>lane << 2)), quad.rows, quad.values, support,
        quad.thresholds + (<usize>(lane * kp) << 2), kp, nonNegative, quad.current,
      )
      const unit = load<f32>(smallest + (<usize>lane << 2))
      const bound = max(DONE_BELOW * unit, (round == 0 ? FIRST_SHARE : ADMIT_SHARE) * worst)
      if (worst > bound && admitViolators(problem, quad, lane, quad.current, bound, sign, min(ADMIT_AT_MOST, WORKING - sizeOf(quad, lane))) > 0) grown |= bit
      else open &= ~bit
    }
    if (grown == 0) break
    quad.size = (largestSize(quad) + 1) & ~1
    settle(quad, nonNegative, lanesOf(grown), SETTLED, SWEEPS)
  }
  if (quad.size == 0) return
  settle(quad, nonNegative, lanesOf((1 << lanes) - 1), LAST_SETTLED, LAST_SWEEPS)
  for (let lane = 0; lane < lanes; lane++) dropIdle(problem, quad, lane)
  quad.size = (largestSize(quad) + 1) & ~1
  factorize(quad, 0)
  land(problem, quad, starts, lanes, smallest)
}

/** Newton steps until no lane has a coefficient of the wrong sign or an atom that violates optimality; the factors follow the supports. */
function land(problem: Problem, quad: Quad, starts: usize, lanes: i32, smallest: usize): void {
  const kp = problem.kp
  const nonNegative = <bool>problem.nonNegative
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  let moving = 0
  for (let lane = 0; lane < lanes; lane++) moving |= i32(sizeOf(quad, lane) > 0) << lane
  for (let step = 0; step < STEPS && moving != 0; step++) {
    const crossing = newton(quad, moving)
    letGo(problem, quad, crossing)
    const base = quad.size
    let grown = 0
    for (let lane = 0; lane < lanes; lane++) {
      const bit = 1 << lane
      if (!(moving & ~crossing & bit)) continue
      const support = listSupport(problem, quad, lane)
      const worst = refreshCorrelations(
        load<usize>(starts + (<usize>lane << 2)), quad.rows, quad.values, support,
        quad.thresholds + (<usize>(lane * kp) << 2), kp, nonNegative, quad.current,
      )
      const bound = max(LANDED_BELOW * load<f32>(smallest + (<usize>lane << 2)), LANDED_SHARE * worst)
      if (!(worst > bound)) {
        store<f32>(quad.excess + (<usize>lane << 2), worst)
        continue
      }
      store<i32>(quad.sizes + (<usize>lane << 2), base)
      const left = quad.allowance + (<usize>lane << 2)
      const admitted = admitViolators(problem, quad, lane, quad.current, bound, sign, min(ADMIT_AT_MOST, load<i32>(left)))
      store<i32>(left, load<i32>(left) - ((admitted + 1) & ~1))
      if (admitted > 0) grown |= bit
    }
    if (grown != 0) {
      enter(quad, base, nonNegative)
      letGo(problem, quad, grown)
      factorize(quad, base)
    }
    moving = crossing | grown
  }
}
