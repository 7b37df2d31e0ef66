/**
 * The exact solver for observations with missing numbers (L1, weighted, non-negative, elastic net): a working set of atoms,
 * whose Gram entries under the mask are formed as atoms are admitted, is minimized to the optimum; the residual of the result gives
 * the correlations of all atoms, the gap, and the atoms to admit next. All in double precision.
 */
import { at8 } from './addresses'
import { descendMasked } from './maskedDescent'
import {
  MaskedState, correlate, energyOf, finishMasked, gapOf, refreshResidual, thresholdOf,
} from './maskedState'
import { RESOLVED, reaches, writeResult } from './writeCode'
import { admitMasked, scatterMasked } from './maskedWorkingSet'
import { minimize } from './minimize'
import { Problem, Stop } from './problem'
import { LEAST_SLACK, WorkingSet, open, refresh } from './workingSet'

/** Atoms whose violation is at least this share of the worst are admitted together: this many, or as many as there are. */
const ADMIT_SHARE: f64 = 0.5
const ADMIT_TOGETHER: i32 = 24

/** Admits every atom outside that exceeds its threshold by `bound` times it or more; true where there is no room for one. */
function admitViolators(problem: Problem, state: MaskedState, set: WorkingSet, bound: f64): bool {
  let left = max(ADMIT_TOGETHER, set.size)
  for (let j = 0; j < problem.k; j++) {
    if (load<u8>(state.taken + <usize>j)) continue
    const c = load<f64>(at8(state.c, j))
    if ((problem.nonNegative ? c : abs(c)) <= (1 + bound) * thresholdOf(problem, state, j)) continue
    if (set.size == set.capacity) return true
    if (admitMasked(problem, state, set, j, 0) && --left == 0) return false
  }
  return false
}

/** How far the worst correlation outside the working set exceeds its threshold, relative to it. */
function worstOutside(problem: Problem, state: MaskedState): f64 {
  let worst: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    if (load<u8>(state.taken + <usize>j)) continue
    const c = load<f64>(at8(state.c, j))
    worst = max(worst, (problem.nonNegative ? c : abs(c)) / thresholdOf(problem, state, j) - 1)
  }
  return worst
}

export function solveMasked(problem: Problem, state: MaskedState, index: i32): void {
  const set = changetype<WorkingSet>(state.set)
  const nonNegative = <bool>problem.nonNegative
  if (state.lambda == 0) {
    writeResult(problem, index, 0, 0.5 * state.squaredNorm, 0, 0, Stop.CONVERGED)
    return
  }
  open(set, problem.tolerance)
  memory.fill(state.taken, 0, <usize>problem.kp)
  if (problem.warmIndptr) {
    const from = load<i32>(problem.warmIndptr + (<usize>index << 2))
    const to = load<i32>(problem.warmIndptr + (<usize>index << 2), 4)
    for (let at = from; at < to && set.size < set.capacity; at++) {
      const value = <f64>load<f32>(problem.warmValues + (<usize>at << 2))
      if (value == 0 || (nonNegative && value < 0)) continue
      admitMasked(problem, state, set, load<i32>(problem.warmIndices + (<usize>at << 2)), value)
    }
    refresh(set)
    if (set.size > 0 && problem.maxSteps > 0) minimize(set, nonNegative, false, problem.maxSteps)
  }
  let steps = 0
  for (;;) {
    scatterMasked(problem, state, set)
    if (set.size > 0) {
      refreshResidual(problem, state, index)
      correlate(problem, state)
    }
    const energy = energyOf(problem, state)
    const gap = gapOf(problem, state)
    const worst = worstOutside(problem, state)
    if (reaches(problem, energy, gap) || (worst <= 0 && steps > 0 && set.slack <= LEAST_SLACK && gap <= RESOLVED * state.squaredNorm)) {
      finishMasked(problem, state, index, energy, gap, steps, Stop.CONVERGED)
      return
    }
    if (steps >= problem.maxSteps) {
      finishMasked(problem, state, index, energy, gap, steps, Stop.MAX_STEPS)
      return
    }
    if (admitViolators(problem, state, set, ADMIT_SHARE * worst)) {
      descendMasked(problem, state, index, steps)
      return
    }
    // Where no atom is missing, what is left of the gap is what the working atoms were allowed.
    if (worst <= 0) set.slack = LEAST_SLACK
    steps += minimize(set, nonNegative, false, problem.maxSteps - steps)
  }
}
