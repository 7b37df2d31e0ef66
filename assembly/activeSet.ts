/**
 * The exact solver for L1-like regularizers (weighted, non-negative, elastic net): a working set of atoms is minimized to the
 * optimum in double precision, the correlations of all atoms are refreshed once an outer step, and all atoms that violate
 * optimality by a fair share of the worst violation are admitted together. A point is returned with its energy and
 * duality gap in double precision: correlations of atoms outside the working set enter with a bound on their rounding.
 */
import { at8 } from './addresses'
import { correlateChunk } from './correlateChunk'
import { descendFully } from './coordinateDescent'
import { squaredNormOf } from './double'
import { exactCorrelation, exactCorrelations, spread } from './exactCorrelation'
import { Scratch, layScratch } from './activeSetScratch'
import { dualEnergy, gramRoundingShows, residual } from './certificate'
import { Problem, Stop } from './problem'
import { Quad, layQuad, listLive } from './quad'
import { search } from './quadSearch'
import { refine } from './refine'
import { refreshCorrelations } from './refreshCorrelations'
import { minimize } from './minimize'
import { roundCode, roundingCost, writeSorted } from './roundCode'
import { LEAST_SLACK, WorkingSet, admit, largestRatio, open, refresh } from './workingSet'
import { RESOLVED, reaches, statusOf, writeResult } from './writeCode'

/** Unit roundoff of single precision. */
const ROUNDOFF: f64 = 5.9604644775390625e-8
/** Atoms whose violation is at least this share of the worst are admitted together. */
const ADMIT_SHARE: f32 = 0.5
const ADMIT_AT_MOST: i32 = 24
/** Squared norms of observation times atom beyond which single precision would overflow. */
const LARGEST_SCALE: f64 = 1e72
/** Share of the gap before that it must fall below for more steps to be worth their while. */
const PROGRESS: f64 = 0.5

/** λ·weight of each atom in single precision; the padding's stays infinite. */
function fillThresholds(problem: Problem, lambda: f64, thresholds: usize): void {
  const scale = f32x4.splat(<f32>lambda)
  for (let j = 0; j < problem.kp; j += 4) {
    const at = <usize>j << 2
    v128.store(thresholds + at, f32x4.mul(scale, v128.load(problem.weights + at)))
  }
}

/**
 * The smallest λ for which the code of an observation with correlations `c` is 0: max |cⱼ| / weightⱼ, the candidates that
 * rounding leaves for the maximum being computed in double precision.
 */
function lambdaMax(problem: Problem, scratch: Scratch, c: usize, norm: f64, sparseCount: i32): f64 {
  const nonNegative = <bool>problem.nonNegative
  let largest: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const value = <f64>load<f32>(c + (<usize>j << 2))
    largest = max(largest, (nonNegative ? value : abs(value)) / <f64>load<f32>(problem.weights + (<usize>j << 2)))
  }
  const rounding = ROUNDOFF * (<f64>problem.m + 4) * problem.atomNorm * norm
  let exact: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const weight = <f64>load<f32>(problem.weights + (<usize>j << 2))
    const value = <f64>load<f32>(c + (<usize>j << 2))
    if ((nonNegative ? value : abs(value)) + rounding < largest * weight - rounding) continue
    const candidate = exactCorrelation(problem, scratch, j, sparseCount)
    exact = max(exact, (nonNegative ? candidate : abs(candidate)) / weight)
  }
  return exact
}

/** Codes rows of the batch; `piece` is this thread's scratch. */
export function activeSetChunk(problem: Problem, begin: i32, end: i32, piece: usize): void {
  const scratch = layScratch(problem, piece)
  const quad = layQuad(problem, scratch.quad)
  const searching = problem.warmIndptr == 0 && problem.maxSteps > 0
  correlateChunk(problem, begin, end, scratch)
  const count = end - begin
  for (let i = 0; i < count; i++) {
    const start = correlationsOf(problem, scratch, i)
    const lambda = prepare(problem, scratch, begin + i, i, start)
    store<f64>(scratch.lambdas + (<usize>i << 3), lambda)
    rank(scratch, i, searching && lambda > 0 ? countAbove(start, problem.kp, <f32>(lambda * scratch.smallestWeight)) : 0)
  }
  for (let first = 0; first < count; first += 4) {
    const lanes = min(4, count - first)
    if (searching) {
      for (let lane = 0; lane < lanes; lane++) {
        const i = load<i32>(scratch.ranked + (<usize>(first + lane) << 2))
        const lambda = load<f64>(scratch.lambdas + (<usize>i << 3))
        store<f32>(scratch.smallest + (<usize>lane << 2), lambda > 0 ? <f32>(lambda * scratch.smallestWeight) : 0)
        store<usize>(scratch.starts + (<usize>lane << 2), correlationsOf(problem, scratch, i))
        if (lambda > 0) fillThresholds(problem, lambda, quad.thresholds + (<usize>(lane * problem.kp) << 2))
      }
      search(problem, quad, scratch.starts, lanes, scratch.smallest)
    }
    for (let lane = 0; lane < lanes; lane++) {
      const i = load<i32>(scratch.ranked + (<usize>(first + lane) << 2))
      solve(
        problem, scratch, begin + i, i, correlationsOf(problem, scratch, i),
        load<f64>(scratch.lambdas + (<usize>i << 3)), searching ? lane : -1,
      )
    }
  }
}

@inline
function correlationsOf(problem: Problem, scratch: Scratch, i: i32): usize {
  return scratch.correlations + (<usize>(i * problem.kp) << 2)
}

/** How many correlations exceed `threshold` in magnitude: a measure of how much work an observation will be. */
function countAbove(c: usize, kp: i32, threshold: f32): i32 {
  const limit = f32x4.splat(threshold)
  let counts = i32x4.splat(0)
  for (let j: usize = 0; j < <usize>kp << 2; j += 16) {
    counts = i32x4.sub(counts, f32x4.gt(f32x4.abs(v128.load(c + j)), limit))
  }
  return (
    i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) + i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3)
  )
}

/** Inserts observation `i` into the chunk's order by work, so that quads hold observations alike. */
function rank(scratch: Scratch, i: i32, work: i32): void {
  let place = i
  while (place > 0 && load<i32>(scratch.works + (<usize>(place - 1) << 2)) < work) {
    store<i32>(scratch.works + (<usize>place << 2), load<i32>(scratch.works + (<usize>(place - 1) << 2)))
    store<i32>(scratch.ranked + (<usize>place << 2), load<i32>(scratch.ranked + (<usize>(place - 1) << 2)))
    place--
  }
  store<i32>(scratch.works + (<usize>place << 2), work)
  store<i32>(scratch.ranked + (<usize>place << 2), i)
}

/** The λ of an observation: 0 where its code is 0 for certain, NaN where it cannot be coded. */
function prepare(problem: Problem, scratch: Scratch, index: i32, row: i32, start: usize): f64 {
  const squaredNorm = squaredNormOf(problem.observations + (<usize>(index * problem.m) << 2), problem.m)
  store<f64>(scratch.squaredNorms + (<usize>row << 3), squaredNorm)
  if (!(squaredNorm * problem.atomNorm * problem.atomNorm < LARGEST_SCALE)) return NaN
  if (squaredNorm == 0) return 0
  if (problem.lambdaRatio == 0) return problem.lambda
  scratch.start = start
  return problem.lambdaRatio *
    lambdaMax(problem, scratch, start, Math.sqrt(squaredNorm), spread(problem, scratch, index, row))
}

function solve(
  problem: Problem, scratch: Scratch, index: i32, row: i32, start: usize, lambda: f64, lane: i32,
): void {
  const m = problem.m
  const kp = problem.kp
  const nonNegative = <bool>problem.nonNegative
  const set = changetype<WorkingSet>(scratch.set)
  open(set, problem.tolerance)

  const squaredNorm = load<f64>(scratch.squaredNorms + (<usize>row << 3))
  if (!(squaredNorm < Infinity)) {
    writeResult(problem, index, 0, NaN, NaN, 0, Stop.NON_FINITE)
    return
  }
  if (isNaN(lambda)) {
    writeResult(problem, index, 0, 0.5 * squaredNorm, NaN, 0, Stop.DIVERGED)
    return
  }
  if (lambda == 0) {
    writeResult(problem, index, 0, 0.5 * squaredNorm, 0, 0, Stop.CONVERGED)
    return
  }
  scratch.start = start
  const sparseCount = problem.certify ? spread(problem, scratch, index, row) : -1
  const norm = Math.sqrt(squaredNorm)
  fillThresholds(problem, lambda, scratch.thresholds)
  const smallestThreshold = lambda * scratch.smallestWeight

  if (problem.warmIndptr) {
    const from = load<i32>(problem.warmIndptr + (<usize>index << 2))
    const to = load<i32>(problem.warmIndptr + (<usize>index << 2), 4)
    for (let at = from; at < to; at++) {
      if (set.size == set.capacity) break
      const value = <f64>load<f32>(problem.warmValues + (<usize>at << 2))
      if (value == 0 || (nonNegative && value < 0)) continue
      const atom = load<i32>(problem.warmIndices + (<usize>at << 2))
      if (!admitAtom(problem, scratch, set, atom, exactCorrelation(problem, scratch, atom, sparseCount), lambda)) continue
      store<f64>(set.z + (<usize>(set.size - 1) << 3), value)
    }
    refresh(set)
    if (set.size > 0 && problem.maxSteps > 0) minimize(set, nonNegative, false, problem.maxSteps)
  }

  let steps = 0
  // The largest excess outside the working set where it is known without a look.
  let known: f64 = Infinity
  let least: f64 = Infinity
  if (lane >= 0) {
    steps += startFrom(problem, scratch, set, lane, sparseCount, lambda)
    known = excessAfter(problem, changetype<Quad>(scratch.quad), set, lane)
  }
  for (;;) {
    const seen = known < Infinity
    const support = seen ? set.size : listRows(problem, scratch, set)
    const worst = seen ? known : <f64>refreshCorrelations(
      start, scratch.supportRows, scratch.supportValues, support, scratch.thresholds, kp, nonNegative, scratch.current,
    )
    known = Infinity
    let absolute: f64 = 0
    let fit: f64 = 0
    let penalty: f64 = 0
    let agreement: f64 = 0
    for (let i = 0; i < set.size; i++) {
      const at = <usize>i << 3
      const value = load<f64>(set.z + at)
      absolute += abs(value)
      fit += value * load<f64>(set.q + at)
      agreement += value * load<f64>(set.g + at)
      penalty += abs(value) * load<f64>(set.threshold + at)
    }
    // What rounding may have hidden in the single-precision correlations.
    const rounding = ROUNDOFF * (
      (<f64>(m + support) + 4) * problem.atomNorm * norm +
      (<f64>support + 6) * problem.atomNorm * problem.atomNorm * absolute + 2 * lambda * scratch.largestWeight
    )
    const outside = worst + (problem.certify ? rounding : 0)
    const ratio = max(1 + outside / smallestThreshold, largestRatio(set, nonNegative))
    const shrink = ratio > 1 ? 1 / ratio : 1
    const explained = squaredNorm - fit
    const slack = 1 - shrink
    const gap = max(
      0, 0.5 * slack * slack * explained + penalty - 0.5 * (1 + shrink * shrink) * agreement,
    )
    const energy = 0.5 * (explained - agreement) + penalty
    // Nothing violates for certain, and working atoms were solved for as well as double precision can.
    const final = outside <= 0 && set.size > 0 && steps > 0 && set.slack <= LEAST_SLACK
    const spent = final && !seen && !(gap < PROGRESS * least)
    if (final && !seen) least = gap
    if (reaches(problem, energy, gap) || spent || (final && gap <= RESOLVED * squaredNorm)) {
      finishPoint(problem, scratch, set, index, squaredNorm, energy, gap, 1 + outside / smallestThreshold, absolute, steps, Stop.CONVERGED)
      return
    }
    if (steps >= problem.maxSteps) {
      finishPoint(problem, scratch, set, index, squaredNorm, energy, gap, 1 + outside / smallestThreshold, absolute, steps, Stop.MAX_STEPS)
      return
    }
    if (seen) continue
    const bound: f32 = worst > 4 * rounding ? ADMIT_SHARE * <f32>worst : <f32>-rounding
    const full = admitViolators(problem, scratch, set, bound, sparseCount, lambda, nonNegative)
    if (full) {
      descendFully(problem, scratch.full, index, set, steps)
      return
    }
    // No atom is missing for certain, so what is left of the gap is what the working atoms were allowed.
    if (worst <= 4 * rounding) set.slack = LEAST_SLACK
    steps += minimize(set, nonNegative, false, problem.maxSteps - steps)
  }
}

/**
 * Starts from what the search left in a lane, its coefficients brought to double precision. Returns the steps that it took.
 */
function startFrom(problem: Problem, scratch: Scratch, set: WorkingSet, lane: i32, sparseCount: i32, lambda: f64): i32 {
  const quad = changetype<Quad>(scratch.quad)
  const count = listLive(quad, lane)
  for (let i = 0; i < count; i += 2) {
    const place = lanePlace(quad, i, lane)
    const atom = load<i32>(quad.atoms + place)
    if (i + 1 == count) {
      take(problem, scratch, set, quad, place, exactCorrelation(problem, scratch, atom, sparseCount), lambda)
      break
    }
    const next = lanePlace(quad, i + 1, lane)
    exactCorrelations(problem, scratch, atom, load<i32>(quad.atoms + next), sparseCount)
    take(problem, scratch, set, quad, place, load<f64>(scratch.pair), lambda)
    take(problem, scratch, set, quad, next, load<f64>(scratch.pair, 8), lambda)
  }
  if (set.size == 0) return 0
  refresh(set)
  return refine(set, quad, lane, problem.maxSteps)
}

/** Where entry `i` of the live slots lies in the quad's lists. */
@inline
function lanePlace(quad: Quad, i: i32, lane: i32): usize {
  return (<usize>load<i32>(quad.live + (<usize>i << 2)) << 4) + (<usize>lane << 2)
}

/** Takes over the atom at `place` of the quad, with its coefficient. */
function take(problem: Problem, scratch: Scratch, set: WorkingSet, quad: Quad, place: usize, q: f64, lambda: f64): void {
  admitAtom(problem, scratch, set, load<i32>(quad.atoms + place), q, lambda)
  store<f64>(at8(set.z, set.size - 1), <f64>load<f32>(quad.z + place))
}

/**
 * A bound on the largest excess of a correlation outside the support that the search left in a lane, now that its coefficients
 * are refined: what the search saw, and ‖wⱼ‖ max‖wᵢ‖ times their change. Infinite where the search did not see it.
 */
function excessAfter(problem: Problem, quad: Quad, set: WorkingSet, lane: i32): f64 {
  const excess = <f64>load<f32>(quad.excess + (<usize>lane << 2))
  if (excess == Infinity) return Infinity
  let change: f64 = 0
  for (let i = 0; i < set.size; i++) {
    change += abs(load<f64>(at8(set.z, i)) - <f64>load<f32>(quad.z + lanePlace(quad, i, lane)))
  }
  return excess + problem.atomNorm * problem.atomNorm * change
}

/** Takes an atom with correlation `q` into the working set; false for a zero atom, which stays out. */
function admitAtom(problem: Problem, scratch: Scratch, set: WorkingSet, atom: i32, q: f64, lambda: f64): bool {
  const row = (<usize>atom * <usize>problem.kp) << 2
  const threshold = scratch.thresholds + (<usize>atom << 2)
  store<f32>(threshold, Infinity)
  // A zero atom explains nothing: its coefficient is 0.
  if (load<f32>(problem.gramHigh + row + (<usize>atom << 2)) <= 0) return false
  admit(
    set, atom, q, lambda * <f64>load<f32>(problem.weights + (<usize>atom << 2)), problem.ridge,
    problem.gramHigh + row, problem.gramLow + row,
  )
  return true
}

/** Admits every outside atom that exceeds its threshold by more than `bound`; returns true where the set has no room for it. */
function admitViolators(
  problem: Problem, scratch: Scratch, set: WorkingSet, bound: f32, sparseCount: i32, lambda: f64, nonNegative: bool,
): bool {
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  const limit = f32x4.splat(bound)
  let admitted = 0
  for (let j = 0; j < problem.kp; j += 4) {
    const at = <usize>j << 2
    const excess = f32x4.sub(v128.and(v128.load(scratch.current + at), sign), v128.load(scratch.thresholds + at))
    let mask = i32x4.bitmask(f32x4.gt(excess, limit))
    while (mask != 0) {
      if (set.size == set.capacity) return true
      const atom = j + ctz(mask)
      admitAtom(problem, scratch, set, atom, exactCorrelation(problem, scratch, atom, sparseCount), lambda)
      mask &= mask - 1
      if (++admitted == ADMIT_AT_MOST) return false
    }
  }
  return false
}

/** Lists the Gram rows and single-precision coefficients of the support. */
function listRows(problem: Problem, scratch: Scratch, set: WorkingSet): i32 {
  let count = 0
  for (let i = 0; i < set.size; i++) {
    const value = load<f64>(set.z + (<usize>i << 3))
    if (value == 0) continue
    const atom = <usize>load<i32>(set.atoms + (<usize>i << 2))
    const at = <usize>count << 2
    store<u32>(scratch.supportRows + at, <u32>(problem.gramHigh + ((atom * <usize>problem.kp) << 2)))
    store<f32>(scratch.supportValues + at, <f32>value)
    count++
  }
  return count
}

/**
 * Writes the code rounded to single precision. The dual point belongs to the unrounded z, so the gap of what is written is
 * the old one and what rounding added to the energy. `ratio` bounds that of outside correlations to their thresholds.
 */
function finishPoint(
  problem: Problem, scratch: Scratch, set: WorkingSet, index: i32, squaredNorm: f64, energy: f64, gap: f64, ratio: f64,
  absolute: f64, steps: i32, status: i32,
): void {
  let rounded: f64
  let written: f64
  if (problem.certify && gramRoundingShows(set, absolute * Math.sqrt(problem.atomNorm * problem.atomNorm + problem.ridge), energy)) {
    const dual = dualEnergy(problem, scratch, set, index, ratio)
    roundCode(set)
    let penalty: f64 = 0
    for (let i = 0; i < set.size; i++) penalty += abs(load<f64>(at8(set.z, i))) * load<f64>(at8(set.threshold, i))
    rounded = 0.5 * residual(problem, scratch, set, index) + penalty
    written = rounded - dual
  } else {
    const cost = roundingCost(problem, set, energy)
    rounded = energy + cost
    written = gap + cost
  }
  const count = writeSorted(problem, scratch, set, index)
  const own = max(0, written)
  const settled = status == Stop.CONVERGED ? statusOf(problem, rounded, own, squaredNorm) : status
  writeResult(problem, index, count, rounded, own, steps, settled)
}
