/**
 * Orthogonal matching pursuit: the atom most correlated with the residual joins, and all coefficients are fitted anew by
 * least squares on a growing Cholesky factor; until `topK` atoms, or the residual's energy falls to `tolerance`·½‖y‖², or its
 * mean square to `residual`.
 * Pati, Rezaiifar, Krishnaprasad 1993; the Gram form of Rubinstein, Zibulevsky, Elad 2008.
 */
import { aligned, at8 } from './addresses'
import { DenseState, begin, correlate, curvatureOf, denseBytes, energyOf, finish } from './denseState'
import { Problem, Stop } from './problem'
import { minimizeSmooth } from './minimize'
import { WorkingSet, admit, layOut, workingSetBytes } from './workingSet'

export function pursuitBytes(problem: Problem): usize {
  return denseBytes(problem) + aligned(offsetof<WorkingSet>()) + aligned(workingSetBytes(problem.topK))
}

export function pursuitChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  const set = changetype<WorkingSet>(memory + denseBytes(problem))
  layOut(set, problem.topK, memory + denseBytes(problem) + aligned(offsetof<WorkingSet>()))
  for (let i = first; i < end; i++) {
    if (begin(problem, memory, i)) pursue(problem, changetype<DenseState>(memory), set, i)
  }
}

function pursue(problem: Problem, state: DenseState, set: WorkingSet, index: i32): void {
  set.size = 0
  set.factored = 0
  set.rough = 0
  memory.fill(state.z, 0, <usize>problem.kp << 3)
  correlate(problem, state)
  const most = min(problem.topK, problem.maxSteps)
  const enough = 0.5 * max(problem.tolerance * state.squaredNorm, problem.residual * <f64>problem.size)
  while (set.size < most) {
    if (energyOf(problem, state) <= enough) break
    let best = -1
    let largest: f64 = 0
    for (let j = 0; j < problem.k; j++) {
      if (load<f64>(at8(state.z, j)) != 0) continue
      const c = load<f64>(at8(state.c, j))
      const curvature = curvatureOf(problem, j)
      const gain = (problem.nonNegative ? max(0, c) : abs(c)) / Math.sqrt(curvature)
      if (curvature > 0 && gain > largest) {
        largest = gain
        best = j
      }
    }
    if (best < 0 || largest * largest <= 1e-24 * state.squaredNorm) break
    const row = (<usize>best * <usize>problem.kp) << 2
    admit(set, best, load<f64>(at8(state.q, best)), 0, problem.ridge, problem.gramHigh + row, problem.gramLow + row)
    if (!minimizeSmooth(set, <bool>problem.nonNegative)) break
    memory.fill(state.z, 0, <usize>problem.kp << 3)
    for (let i = 0; i < set.size; i++) {
      store<f64>(at8(state.z, load<i32>(set.atoms + (<usize>i << 2))), load<f64>(at8(set.z, i)))
    }
    correlate(problem, state)
  }
  finish(problem, state, index, set.size, most < problem.topK && set.size == most ? Stop.MAX_STEPS : Stop.CONVERGED)
}
