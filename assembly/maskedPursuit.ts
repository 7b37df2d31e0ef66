/**
 * Orthogonal matching pursuit on the numbers that were observed: the atom that, as far as it was observed, makes the smallest angle
 * with the residual joins, and all coefficients are fitted anew by least squares.
 */
import { at8 } from './addresses'
import { dot } from './double'
import {
  MaskedState, correlate, fillCurvatures, finishMasked, refreshResidual,
} from './maskedState'
import { admitMasked, scatterMasked } from './maskedWorkingSet'
import { minimizeSmooth } from './minimize'
import { Problem, Stop } from './problem'
import { WorkingSet } from './workingSet'

export function pursueMasked(problem: Problem, state: MaskedState, index: i32): void {
  const set = changetype<WorkingSet>(state.set)
  set.size = 0
  set.factored = 0
  set.rough = 0
  fillCurvatures(problem, state)
  const most = min(problem.topK, problem.maxSteps)
  const enough = max(problem.tolerance * state.squaredNorm, problem.residual * <f64>state.observed)
  while (set.size < most) {
    if (dot(state.residual, state.residual, problem.m) <= enough) break
    let best = -1
    let largest: f64 = 0
    for (let j = 0; j < problem.k; j++) {
      if (load<f64>(at8(state.z, j)) != 0) continue
      const c = load<f64>(at8(state.c, j))
      const curvature = load<f64>(at8(state.curvature, j))
      const gain = (problem.nonNegative ? max(0, c) : abs(c)) / Math.sqrt(curvature)
      if (curvature > 0 && gain > largest) {
        largest = gain
        best = j
      }
    }
    if (best < 0 || largest * largest <= 1e-24 * state.squaredNorm) break
    admitMasked(problem, state, set, best, 0)
    if (!minimizeSmooth(set, <bool>problem.nonNegative)) break
    scatterMasked(problem, state, set)
    refreshResidual(problem, state, index)
    correlate(problem, state)
  }
  finishMasked(problem, state, index, 0, 0, set.size, most < problem.topK && set.size == most ? Stop.MAX_STEPS : Stop.CONVERGED)
}
