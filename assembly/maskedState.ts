/**
 * One observation with missing numbers: M is 1 where a number was observed and 0 where it is missing,
 *
 *     E(z) = ½‖M ⊙ (y − Wz)‖² + Σⱼ thresholdⱼ|zⱼ| + ½μ‖z‖².
 *
 * Every mask has a Gram matrix of its own, WᵀMW, so these solvers live in the residual's domain: r = M ⊙ (y − Wz) is kept in
 * double precision, and Wᵀr are the correlations, W needing no mask where r has it. Of the Gram matrix only the entries of a working set are formed.
 */
import { aligned, at8 } from './addresses'
import { dot, dotMixed, widen } from './double'
import { Penalty, Problem, Stop } from './problem'
import { WorkingSet, layOut, workingSetBytes } from './workingSet'
import { statusOf, writeResult, writeRounded } from './writeCode'

@unmanaged
export class MaskedState {
  lambda: f64
  squaredNorm: f64
  /** How many numbers were observed, and which: i32 [m]. */
  observed: i32
  positions: usize
  /** f32 [m]: the mask. */
  mask: usize
  /** f64 [m] each: r, and an atom under the mask. */
  residual: usize
  atom: usize
  /** f64 [kp] each: Wᵀ(M ⊙ y), Wᵀr − μz, z, and ‖M ⊙ wⱼ‖² + μ where a solver asked for it. */
  q: usize
  c: usize
  z: usize
  curvature: usize
  /** u8 [kp]: 1 for atoms of the working set. */
  taken: usize
  // The working set's header follows.
  set: usize
}

/** The working set's room: top-k needs its atoms alone. */
function capacityOf(problem: Problem): i32 {
  return problem.penalty == Penalty.TOP_K ? problem.topK : problem.workingCapacity
}

/** Bytes of scratch a thread needs. */
export function maskedBytes(problem: Problem): usize {
  return (
    aligned(offsetof<MaskedState>()) + aligned(<usize>problem.m << 2) + 2 * aligned(<usize>problem.m << 3) + 4 * aligned(<usize>problem.kp << 3) +
    aligned(<usize>problem.kp) + aligned(offsetof<WorkingSet>()) + aligned(workingSetBytes(capacityOf(problem)))
  )
}

/** Lays a thread's state over `memory`. */
export function layMasked(problem: Problem, memory: usize): MaskedState {
  const state = changetype<MaskedState>(memory)
  const long = aligned(<usize>problem.m << 3)
  const vector = aligned(<usize>problem.kp << 3)
  memory += aligned(offsetof<MaskedState>())
  state.positions = memory
  memory += aligned(<usize>problem.m << 2)
  state.residual = memory
  state.atom = memory + long
  memory += 2 * long
  state.q = memory
  state.c = memory + vector
  state.z = memory + 2 * vector
  state.curvature = memory + 3 * vector
  memory += 4 * vector
  state.taken = memory
  memory += aligned(<usize>problem.kp)
  state.set = memory
  layOut(changetype<WorkingSet>(memory), capacityOf(problem), memory + aligned(offsetof<WorkingSet>()))
  return state
}

@inline
function atomAt(problem: Problem, atom: i32): usize {
  return problem.atoms + ((<usize>atom * <usize>problem.m) << 2)
}

@inline
export function thresholdOf(problem: Problem, state: MaskedState, atom: i32): f64 {
  return state.lambda * <f64>load<f32>(problem.weights + (<usize>atom << 2))
}

/** Leaves M ⊙ wⱼ in `state.atom`; returns its squared norm. */
export function maskAtom(problem: Problem, state: MaskedState, atom: i32): f64 {
  const w = atomAt(problem, atom)
  let squares = f64x2.splat(0)
  for (let p = 0; p < problem.m; p += 2) {
    const at = <usize>p << 2
    const value = f64x2.promote_low_f32x4(f32x4.mul(v128.load64_zero(w + at), v128.load64_zero(state.mask + at)))
    v128.store(state.atom + (<usize>p << 3), value)
    squares = f64x2.add(squares, f64x2.mul(value, value))
  }
  return f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1)
}

/** wᵢᵀ(M ⊙ wⱼ) with the atom that {@link maskAtom} left. */
@inline
export function productWithMasked(problem: Problem, state: MaskedState, atom: i32): f64 {
  return dotMixed(atomAt(problem, atom), state.atom, problem.m)
}

/** Fills `curvature` for all atoms; those that nothing observed touches get 0. */
export function fillCurvatures(problem: Problem, state: MaskedState): void {
  for (let first = 0; first < problem.kp; first += 8) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    const panel = panelAt(problem, first)
    for (let i = 0; i < state.observed; i++) {
      const row = panel + (<usize>load<i32>(state.positions + (<usize>i << 2)) << 5)
      const w0 = f64x2.promote_low_f32x4(v128.load64_zero(row))
      const w1 = f64x2.promote_low_f32x4(v128.load64_zero(row, 8))
      const w2 = f64x2.promote_low_f32x4(v128.load64_zero(row, 16))
      const w3 = f64x2.promote_low_f32x4(v128.load64_zero(row, 24))
      s0 = f64x2.add(s0, f64x2.mul(w0, w0))
      s1 = f64x2.add(s1, f64x2.mul(w1, w1))
      s2 = f64x2.add(s2, f64x2.mul(w2, w2))
      s3 = f64x2.add(s3, f64x2.mul(w3, w3))
    }
    storeEight(at8(state.curvature, first), s0, s1, s2, s3)
  }
  if (problem.ridge == 0) return
  for (let j = 0; j < problem.k; j++) {
    const place = at8(state.curvature, j)
    const squares = load<f64>(place)
    if (squares > 0) store<f64>(place, squares + problem.ridge)
  }
}

/** Atoms `first` to `first + 7`, side by side: f32 [m, 8]. */
@inline
function panelAt(problem: Problem, first: i32): usize {
  return problem.panels + ((<usize>first * <usize>problem.m) << 2)
}

@inline
function storeEight(place: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(place, s0)
  v128.store(place, s1, 16)
  v128.store(place, s2, 32)
  v128.store(place, s3, 48)
}

/** r ← r − α(M ⊙ wⱼ) */
export function subtractAtom(problem: Problem, state: MaskedState, alpha: f64, atom: i32): void {
  const w = atomAt(problem, atom)
  const a = f64x2.splat(alpha)
  for (let p = 0; p < problem.m; p += 2) {
    const at = <usize>p << 2
    const place = state.residual + (<usize>p << 3)
    const value = f64x2.promote_low_f32x4(f32x4.mul(v128.load64_zero(w + at), v128.load64_zero(state.mask + at)))
    v128.store(place, f64x2.sub(v128.load(place), f64x2.mul(a, value)))
  }
}

/** Reads observation `index`, its missing numbers being 0 in the batch; false where it cannot be coded (its result is then written). */
export function beginMasked(problem: Problem, state: MaskedState, index: i32): bool {
  const row = (<usize>index * <usize>problem.m) << 2
  state.mask = problem.masks + row
  widen(problem.observations + row, problem.m, state.residual)
  state.squaredNorm = dot(state.residual, state.residual, problem.m)
  let observed = 0
  for (let p = 0; p < problem.m; p++) {
    if (load<f32>(state.mask + (<usize>p << 2)) == 0) continue
    store<i32>(state.positions + (<usize>observed << 2), p)
    observed++
  }
  state.observed = observed
  memory.fill(state.z, 0, <usize>problem.kp << 3)
  memory.fill(state.c, 0, <usize>problem.kp << 3)
  if (!(state.squaredNorm < Infinity)) {
    writeResult(problem, index, 0, NaN, NaN, 0, Stop.NON_FINITE)
    return false
  }
  correlate(problem, state)
  memory.copy(state.q, state.c, <usize>problem.kp << 3)
  state.lambda = problem.lambda
  if (problem.lambdaRatio > 0) {
    state.lambda = 1
    state.lambda = problem.lambdaRatio * dualRatio(problem, state)
  }
  return true
}

/** r ← M ⊙ (y − Wz) */
export function refreshResidual(problem: Problem, state: MaskedState, index: i32): void {
  widen(problem.observations + ((<usize>index * <usize>problem.m) << 2), problem.m, state.residual)
  for (let j = 0; j < problem.k; j++) {
    const value = load<f64>(at8(state.z, j))
    if (value != 0) subtractAtom(problem, state, value, j)
  }
}

/** c ← Wᵀr − μz, eight atoms at a time over what was observed. */
export function correlate(problem: Problem, state: MaskedState): void {
  for (let first = 0; first < problem.kp; first += 8) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    const panel = panelAt(problem, first)
    for (let i = 0; i < state.observed; i++) {
      const p = <usize>load<i32>(state.positions + (<usize>i << 2))
      const row = panel + (p << 5)
      const r = v128.load64_splat(state.residual + (p << 3))
      s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row)), r))
      s1 = f64x2.add(s1, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row, 8)), r))
      s2 = f64x2.add(s2, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row, 16)), r))
      s3 = f64x2.add(s3, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row, 24)), r))
    }
    storeEight(at8(state.c, first), s0, s1, s2, s3)
  }
  if (problem.ridge == 0) return
  for (let j = 0; j < problem.k; j++) {
    const place = at8(state.c, j)
    store<f64>(place, load<f64>(place) - problem.ridge * load<f64>(at8(state.z, j)))
  }
}

/** By how much c exceeds the dual ball: 1 and less is inside. */
export function dualRatio(problem: Problem, state: MaskedState): f64 {
  let largest: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const value = load<f64>(at8(state.c, j))
    largest = max(largest, (problem.nonNegative ? value : abs(value)) / thresholdOf(problem, state, j))
  }
  return largest
}

/** Σ thresholdⱼ|zⱼ|; 0 for top-k. */
export function penaltyOf(problem: Problem, state: MaskedState): f64 {
  if (problem.penalty != Penalty.L1) return 0
  let sum: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const value = load<f64>(at8(state.z, j))
    if (value != 0) sum += thresholdOf(problem, state, j) * abs(value)
  }
  return sum
}

/** E(z) at the z and r at hand. */
export function energyOf(problem: Problem, state: MaskedState): f64 {
  return 0.5 * (dot(state.residual, state.residual, problem.m) + problem.ridge * dot(state.z, state.z, problem.kp)) + penaltyOf(problem, state)
}

/**
 * The duality gap at z, r and c: with s the scaling that makes s·r feasible,
 * P − D = ½(1 − s)²(‖M ⊙ y‖² − qᵀz) + λR(z) − ½(1 + s²)cᵀz.
 */
export function gapOf(problem: Problem, state: MaskedState): f64 {
  const ratio = dualRatio(problem, state)
  const s = ratio > 1 ? 1 / ratio : 1
  const explained = state.squaredNorm - dot(state.z, state.q, problem.kp)
  return max(
    0,
    0.5 * (1 - s) * (1 - s) * explained + penaltyOf(problem, state) - 0.5 * (1 + s * s) * dot(state.z, state.c, problem.kp),
  )
}

/** For top-k: the largest correlation left on the support, relative to the largest of q. */
export function stationarityOf(problem: Problem, state: MaskedState): f64 {
  let left: f64 = 0
  let whole: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    whole = max(whole, abs(load<f64>(at8(state.q, j))))
    if (load<f64>(at8(state.z, j)) != 0) left = max(left, abs(load<f64>(at8(state.c, j))))
  }
  return whole > 0 ? left / whole : left > 0 ? Infinity : 0
}

/**
 * Rounds z to single precision and writes it: its energy from its own residual, and the gap down to the dual point that the
 * unrounded z with `energy` and `gap` gave (for top-k the stationarity of the rounded z).
 */
export function finishMasked(
  problem: Problem, state: MaskedState, index: i32, energy: f64, gap: f64, steps: i32, status: i32,
): void {
  const count = writeRounded(problem, index, state.z)
  refreshResidual(problem, state, index)
  const own = energyOf(problem, state)
  if (!(own < Infinity)) {
    writeResult(problem, index, 0, 0.5 * state.squaredNorm, NaN, steps, Stop.DIVERGED)
    return
  }
  let written = max(0, gap + own - energy)
  if (problem.penalty == Penalty.TOP_K) {
    correlate(problem, state)
    written = stationarityOf(problem, state)
  }
  const convex = problem.penalty != Penalty.TOP_K
  const settled = convex && status == Stop.CONVERGED ? statusOf(problem, own, written, state.squaredNorm) : status
  writeResult(problem, index, count, own, written, steps, settled)
}
