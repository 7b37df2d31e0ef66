/**
 * Cyclic coordinate descent on the residual of an observation with missing numbers, in double precision: a full sweep alternates with
 * sweeps over the support.
 */
import { at8 } from './addresses'
import { dotMixed } from './double'
import {
  MaskedState, correlate, energyOf, fillCurvatures, finishMasked, gapOf, refreshResidual, subtractAtom, thresholdOf,
} from './maskedState'
import { reaches, writeResult } from './writeCode'
import { Problem, Stop } from './problem'

/** Support sweeps between two full ones. */
const SUPPORT_SWEEPS: i32 = 10

/** Goes on from the z in `state`, `taken` steps having been spent. */
export function descendMasked(problem: Problem, state: MaskedState, index: i32, taken: i32): void {
  if (state.lambda == 0) {
    writeResult(problem, index, 0, 0.5 * state.squaredNorm, 0, taken, Stop.CONVERGED)
    return
  }
  fillCurvatures(problem, state)
  let steps = taken
  for (;;) {
    // Incremental changes drift; each certificate starts from a fresh residual.
    refreshResidual(problem, state, index)
    correlate(problem, state)
    const energy = energyOf(problem, state)
    const gap = gapOf(problem, state)
    if (!(energy < Infinity)) {
      memory.fill(state.z, 0, <usize>problem.kp << 3)
      finishMasked(problem, state, index, NaN, NaN, steps, Stop.DIVERGED)
      return
    }
    if (reaches(problem, energy, gap) || gap <= 1e-14 * state.squaredNorm) {
      finishMasked(problem, state, index, energy, gap, steps, Stop.CONVERGED)
      return
    }
    if (steps >= problem.maxSteps) {
      finishMasked(problem, state, index, energy, gap, steps, Stop.MAX_STEPS)
      return
    }
    let change = sweep(problem, state, false)
    steps++
    for (let s = 0; s < SUPPORT_SWEEPS && steps < problem.maxSteps && change > 1e-13; s++) {
      change = sweep(problem, state, true)
      steps++
    }
  }
}

/** Lays down the codes to start from. */
export function warmMasked(problem: Problem, state: MaskedState, index: i32): void {
  if (!problem.warmIndptr) return
  const from = load<i32>(problem.warmIndptr + (<usize>index << 2))
  const to = load<i32>(problem.warmIndptr + (<usize>index << 2), 4)
  for (let at = from; at < to; at++) {
    const value = <f64>load<f32>(problem.warmValues + (<usize>at << 2))
    if (problem.nonNegative && value < 0) continue
    store<f64>(at8(state.z, load<i32>(problem.warmIndices + (<usize>at << 2))), value)
  }
}

/** Returns the largest change of a coefficient relative to its size. */
function sweep(problem: Problem, state: MaskedState, supportOnly: bool): f64 {
  let largest: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const place = at8(state.z, j)
    const old = load<f64>(place)
    if (supportOnly && old == 0) continue
    const curvature = load<f64>(at8(state.curvature, j))
    let value: f64 = 0
    if (curvature > 0) {
      const c = dotMixed(problem.atoms + ((<usize>j * <usize>problem.m) << 2), state.residual, problem.m)
      const pull = c + (curvature - problem.ridge) * old
      const threshold = thresholdOf(problem, state, j)
      if (pull > threshold) value = (pull - threshold) / curvature
      else if (!problem.nonNegative && pull < -threshold) value = (pull + threshold) / curvature
    }
    if (value == old) continue
    store<f64>(place, value)
    subtractAtom(problem, state, value - old, j)
    largest = max(largest, abs(value - old) / max(abs(value), abs(old)))
  }
  return largest
}
