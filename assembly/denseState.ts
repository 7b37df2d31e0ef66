/**
 * One observation's state over all atoms, in double precision, for the solvers that walk the whole Gram matrix:
 * z, q = Wᵀy and c = q − (G + μI)z, with the energy, the duality gap and the prox of each penalty.
 */
import { aligned, at8 } from './addresses'
import { dot, dotMixed, widen } from './double'
import { Penalty, Problem, Stop } from './problem'
import { reaches, statusOf, writeResult, writeRounded } from './writeCode'

@unmanaged
export class DenseState {
  lambda: f64
  squaredNorm: f64
  /** f64 [kp] each. */
  q: usize
  z: usize
  c: usize
  previousZ: usize
  previousC: usize
  work: usize
  /** f64 [m] */
  wide: usize
}

export function denseBytes(problem: Problem): usize {
  return aligned(offsetof<DenseState>()) + 6 * aligned(<usize>problem.kp << 3) + aligned(<usize>problem.m << 3)
}

/**
 * Reads observation `index` and its warm start; false where it holds a NaN or an infinity (its result is then written).
 */
export function begin(problem: Problem, piece: usize, index: i32): bool {
  const state = changetype<DenseState>(piece)
  const vector = aligned(<usize>problem.kp << 3)
  const first = piece + aligned(offsetof<DenseState>())
  state.q = first
  state.z = first + vector
  state.c = first + 2 * vector
  state.previousZ = first + 3 * vector
  state.previousC = first + 4 * vector
  state.work = first + 5 * vector
  state.wide = first + 6 * vector

  widen(problem.observations + (<usize>(index * problem.m) << 2), problem.m, state.wide)
  state.squaredNorm = dot(state.wide, state.wide, problem.m)
  if (!(state.squaredNorm < Infinity)) {
    writeResult(problem, index, 0, NaN, NaN, 0, Stop.NON_FINITE)
    return false
  }
  memory.fill(state.q, 0, <usize>problem.kp << 3)
  memory.fill(state.z, 0, <usize>problem.kp << 3)
  for (let j = 0; j < problem.k; j++) {
    store<f64>(at8(state.q, j), dotMixed(problem.atoms + ((<usize>j * <usize>problem.m) << 2), state.wide, problem.m))
  }
  state.lambda = problem.lambdaRatio > 0 ? problem.lambdaRatio * lambdaMax(problem, state) : problem.lambda
  if (problem.warmIndptr) {
    const from = load<i32>(problem.warmIndptr + (<usize>index << 2))
    const to = load<i32>(problem.warmIndptr + (<usize>index << 2), 4)
    for (let at = from; at < to; at++) {
      const value = <f64>load<f32>(problem.warmValues + (<usize>at << 2))
      const atom = load<i32>(problem.warmIndices + (<usize>at << 2))
      // A zero atom explains nothing: its coefficient is 0.
      if ((problem.nonNegative && value < 0) || curvatureOf(problem, atom) <= problem.ridge) continue
      store<f64>(at8(state.z, atom), value)
    }
  }
  if (state.lambda == 0 && problem.penalty != Penalty.TOP_K) memory.fill(state.z, 0, <usize>problem.kp << 3)
  correlate(problem, state)
  return true
}

@inline
export function weightOf(problem: Problem, atom: i32): f64 {
  return <f64>load<f32>(problem.weights + (<usize>atom << 2))
}

/** y ← y + α(G[j, ·] + μeⱼ) in double precision. */
export function addGramRow(problem: Problem, y: usize, alpha: f64, atom: i32): void {
  const offset = (<usize>atom * <usize>problem.kp) << 2
  const high = problem.gramHigh + offset
  const low = problem.gramLow + offset
  const a = f64x2.splat(alpha)
  for (let j = 0; j < problem.kp; j += 2) {
    const at = <usize>j << 2
    const g = f64x2.add(
      f64x2.promote_low_f32x4(v128.load64_zero(high + at)), f64x2.promote_low_f32x4(v128.load64_zero(low + at)),
    )
    const place = y + (<usize>j << 3)
    v128.store(place, f64x2.add(v128.load(place), f64x2.mul(a, g)))
  }
  store<f64>(at8(y, atom), load<f64>(at8(y, atom)) + alpha * problem.ridge)
}

/** c ← q − (G + μI)z. */
export function correlate(problem: Problem, state: DenseState): void {
  memory.copy(state.c, state.q, <usize>problem.kp << 3)
  for (let j = 0; j < problem.k; j++) {
    const value = load<f64>(at8(state.z, j))
    if (value != 0) addGramRow(problem, state.c, -value, j)
  }
}

/** Euclidean norm of `count` doubles from `base`. */
function norm(base: usize, count: i32, nonNegative: bool): f64 {
  let sum: f64 = 0
  for (let i = 0; i < count; i++) {
    const value = load<f64>(at8(base, i))
    if (!nonNegative || value > 0) sum += value * value
  }
  return Math.sqrt(sum)
}

@inline
function groupEnd(problem: Problem, first: i32): i32 {
  return min(problem.k, first + problem.groupSize)
}

/** The smallest λ for which the code is 0. */
function lambdaMax(problem: Problem, state: DenseState): f64 {
  if (problem.penalty == Penalty.L0) {
    let largest: f64 = 0
    for (let j = 0; j < problem.k; j++) {
      const q = load<f64>(at8(state.q, j))
      const curvature = curvatureOf(problem, j)
      if (curvature > 0) largest = max(largest, (0.5 * q * q) / curvature)
    }
    return largest
  }
  return dualRatio(problem, state.q, 1)
}

export function curvatureOf(problem: Problem, atom: i32): f64 {
  const at = (<usize>atom * <usize>problem.kp + <usize>atom) << 2
  return <f64>load<f32>(problem.gramHigh + at) + <f64>load<f32>(problem.gramLow + at) + problem.ridge
}

/** By how much `c` exceeds the dual ball of λR: 1 and less is inside. */
function dualRatio(problem: Problem, c: usize, lambda: f64): f64 {
  let largest: f64 = 0
  const nonNegative = <bool>problem.nonNegative
  if (problem.penalty == Penalty.GROUP) {
    for (let j = 0; j < problem.k; j += problem.groupSize) {
      largest = max(largest, norm(at8(c, j), groupEnd(problem, j) - j, nonNegative) / (lambda * weightOf(problem, j)))
    }
    return largest
  }
  for (let j = 0; j < problem.k; j++) {
    const value = load<f64>(at8(c, j))
    largest = max(largest, (nonNegative ? value : abs(value)) / (lambda * weightOf(problem, j)))
  }
  return largest
}

/** λR(z), without the ridge. */
function penaltyOf(problem: Problem, state: DenseState): f64 {
  let sum: f64 = 0
  if (problem.penalty == Penalty.GROUP) {
    for (let j = 0; j < problem.k; j += problem.groupSize) {
      sum += weightOf(problem, j) * norm(at8(state.z, j), groupEnd(problem, j) - j, false)
    }
  } else if (problem.penalty == Penalty.L0) {
    for (let j = 0; j < problem.k; j++) sum += <f64>i32(load<f64>(at8(state.z, j)) != 0)
  } else if (problem.penalty == Penalty.L1) {
    for (let j = 0; j < problem.k; j++) {
      const value = load<f64>(at8(state.z, j))
      if (value != 0) sum += weightOf(problem, j) * abs(value)
    }
  }
  return state.lambda * sum
}

/** E(z) from z, q and c. */
export function energyOf(problem: Problem, state: DenseState): f64 {
  return 0.5 * (state.squaredNorm - dot(state.z, state.q, problem.kp) - dot(state.z, state.c, problem.kp)) + penaltyOf(problem, state)
}

/**
 * The duality gap of z: with s the scaling that makes s(y − Wz) feasible,
 * P − D = ½(1 − s)²(‖y‖² − qᵀz) + λR(z) − ½(1 + s²)cᵀz. For penalties that are not convex: the largest correlation left
 * on the support, relative to the largest of q.
 */
export function gapOf(problem: Problem, state: DenseState): f64 {
  if (problem.penalty >= Penalty.TOP_K) {
    let left: f64 = 0
    let whole: f64 = 0
    for (let j = 0; j < problem.k; j++) {
      whole = max(whole, abs(load<f64>(at8(state.q, j))))
      if (load<f64>(at8(state.z, j)) != 0) left = max(left, abs(load<f64>(at8(state.c, j))))
    }
    return whole > 0 ? left / whole : left > 0 ? Infinity : 0
  }
  if (state.lambda == 0) return state.squaredNorm == 0 || problem.lambdaRatio > 0 ? 0 : Infinity
  const ratio = dualRatio(problem, state.c, state.lambda)
  const s = ratio > 1 ? 1 / ratio : 1
  const explained = state.squaredNorm - dot(state.z, state.q, problem.kp)
  return max(
    0,
    0.5 * (1 - s) * (1 - s) * explained + penaltyOf(problem, state) - 0.5 * (1 + s * s) * dot(state.z, state.c, problem.kp),
  )
}

/** Whether a point with this energy and gap is good enough. */
export function isDone(problem: Problem, state: DenseState, energy: f64, gap: f64): bool {
  if (problem.penalty >= Penalty.TOP_K) return gap <= problem.tolerance
  return reaches(problem, energy, gap) || gap <= 1e-14 * state.squaredNorm
}

function soft(value: f64, threshold: f64, nonNegative: bool): f64 {
  if (value > threshold) return value - threshold
  if (!nonNegative && value < -threshold) return value + threshold
  return 0
}

/** The L1 or L0 prox of one number with step 1/curvature. */
export function proxOne(problem: Problem, state: DenseState, value: f64, curvature: f64, atom: i32): f64 {
  if (problem.penalty == Penalty.L0) {
    if (problem.nonNegative && value < 0) return 0
    return 0.5 * curvature * value * value > state.lambda ? value : 0
  }
  return soft(value, (state.lambda * weightOf(problem, atom)) / curvature, <bool>problem.nonNegative)
}

/** v [from, to) ← prox of the group norm with step 1/curvature. */
export function proxGroup(problem: Problem, state: DenseState, v: usize, from: i32, to: i32, curvature: f64): void {
  if (problem.nonNegative) for (let j = from; j < to; j++) store<f64>(at8(v, j), max(0, load<f64>(at8(v, j))))
  const length = norm(at8(v, from), to - from, false)
  const threshold = (state.lambda * weightOf(problem, from)) / curvature
  const scale = length > threshold ? 1 - threshold / length : 0
  for (let j = from; j < to; j++) store<f64>(at8(v, j), scale * load<f64>(at8(v, j)))
}

/** v ← the `topK` entries of largest magnitude (largest value where z ≥ 0), the first of equals; the rest 0. */
function keepLargest(problem: Problem, state: DenseState, v: usize): void {
  const kept = state.work
  memory.fill(kept, 0, <usize>problem.kp << 3)
  for (let round = 0; round < problem.topK; round++) {
    let best = -1
    let largest: f64 = 0
    for (let j = 0; j < problem.k; j++) {
      const value = load<f64>(at8(v, j))
      const size = problem.nonNegative ? value : abs(value)
      if (size > largest) {
        largest = size
        best = j
      }
    }
    if (best < 0) break
    store<f64>(at8(kept, best), load<f64>(at8(v, best)))
    store<f64>(at8(v, best), 0)
  }
  memory.copy(v, kept, <usize>problem.kp << 3)
}

/** v ← prox_{λR/curvature}(v). */
export function prox(problem: Problem, state: DenseState, v: usize, curvature: f64): void {
  if (problem.penalty == Penalty.TOP_K) {
    keepLargest(problem, state, v)
  } else if (problem.penalty == Penalty.GROUP) {
    for (let j = 0; j < problem.k; j += problem.groupSize) proxGroup(problem, state, v, j, groupEnd(problem, j), curvature)
  } else {
    for (let j = 0; j < problem.k; j++) {
      const value = load<f64>(at8(v, j))
      if (value != 0) store<f64>(at8(v, j), proxOne(problem, state, value, curvature, j))
    }
  }
}

/** Rounds z to single precision and writes it with its energy and gap. */
export function finish(problem: Problem, state: DenseState, index: i32, steps: i32, status: i32): void {
  const energy = energyOf(problem, state)
  const gap = gapOf(problem, state)
  const count = writeRounded(problem, index, state.z)
  correlate(problem, state)
  const roundedEnergy = energyOf(problem, state)
  const roundedGap = problem.penalty >= Penalty.TOP_K ? gapOf(problem, state) : max(0, gap + roundedEnergy - energy)
  const convex = problem.penalty < Penalty.TOP_K
  const settled = convex && status == Stop.CONVERGED ? statusOf(problem, roundedEnergy, roundedGap, state.squaredNorm) : status
  writeResult(problem, index, count, roundedEnergy, roundedGap, steps, settled)
}
