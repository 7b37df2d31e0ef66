/**
 * Cyclic coordinate descent on the Gram matrix, in double precision: full sweeps alternate with sweeps over the support.
 * Blocks are single atoms, or groups (a prox-gradient step on each, with the trace of its Gram block as curvature).
 */
import { at8 } from './addresses'
import { DenseState, addGramRow, begin, correlate, curvatureOf, energyOf, finish, gapOf, isDone, proxGroup, proxOne } from './denseState'
import { Penalty, Problem, Stop } from './problem'
import { WorkingSet } from './workingSet'

/** Support sweeps between two full ones. */
const SUPPORT_SWEEPS: i32 = 10
/** Relative change of coefficients below which a sweep is quiet; an atom that comes or goes changes by 1. */
const QUIET: f64 = 1e-6

export function coordinateDescentChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  for (let i = first; i < end; i++) {
    if (begin(problem, memory, i)) descend(problem, changetype<DenseState>(memory), i, 0)
  }
}

/** Goes on over all atoms from a working set that has no room left. */
export function descendFully(problem: Problem, memory: usize, index: i32, set: WorkingSet, steps: i32): void {
  if (!begin(problem, memory, index)) return
  const state = changetype<DenseState>(memory)
  for (let j = 0; j < problem.k; j++) store<f64>(at8(state.z, j), 0)
  for (let i = 0; i < set.size; i++) {
    store<f64>(at8(state.z, load<i32>(set.atoms + (<usize>i << 2))), load<f64>(at8(set.z, i)))
  }
  correlate(problem, state)
  descend(problem, state, index, steps)
}

function descend(problem: Problem, state: DenseState, index: i32, taken: i32): void {
  let steps = taken
  // How much the last full sweep changed; without convexity only a quiet one shows that no coordinate helps.
  let unrest: f64 = Infinity
  for (;;) {
    const energy = energyOf(problem, state)
    if (!(energy < Infinity)) {
      finish(problem, state, index, steps, Stop.NON_FINITE)
      return
    }
    if ((problem.penalty != Penalty.L0 || unrest < QUIET) && isDone(problem, state, energy, gapOf(problem, state))) {
      finish(problem, state, index, steps, Stop.CONVERGED)
      return
    }
    if (steps >= problem.maxSteps) {
      finish(problem, state, index, steps, Stop.MAX_STEPS)
      return
    }
    let change = sweep(problem, state, false)
    unrest = change
    steps++
    for (let s = 0; s < SUPPORT_SWEEPS && steps < problem.maxSteps && change > 1e-13; s++) {
      change = sweep(problem, state, true)
      steps++
    }
    // Incremental changes drift; the next certificate starts from fresh correlations.
    correlate(problem, state)
  }
}

/** Returns the largest change of a coefficient relative to its size. */
function sweep(problem: Problem, state: DenseState, supportOnly: bool): f64 {
  if (problem.penalty == Penalty.GROUP) return sweepGroups(problem, state, supportOnly)
  let largest: f64 = 0
  for (let j = 0; j < problem.k; j++) {
    const old = load<f64>(at8(state.z, j))
    if (supportOnly && old == 0) continue
    const curvature = curvatureOf(problem, j)
    if (curvature <= 0) continue
    const value = proxOne(problem, state, old + load<f64>(at8(state.c, j)) / curvature, curvature, j)
    if (value != old) {
      store<f64>(at8(state.z, j), value)
      addGramRow(problem, state.c, old - value, j)
      largest = max(largest, abs(value - old) / max(abs(value), abs(old)))
    }
  }
  return largest
}

function sweepGroups(problem: Problem, state: DenseState, supportOnly: bool): f64 {
  let largest: f64 = 0
  for (let from = 0; from < problem.k; from += problem.groupSize) {
    const to = min(problem.k, from + problem.groupSize)
    let curvature: f64 = 0
    let active = false
    for (let j = from; j < to; j++) {
      curvature += curvatureOf(problem, j)
      active = active || load<f64>(at8(state.z, j)) != 0
    }
    if (curvature <= 0 || (supportOnly && !active)) continue
    for (let j = from; j < to; j++) {
      store<f64>(at8(state.work, j), load<f64>(at8(state.z, j)) + load<f64>(at8(state.c, j)) / curvature)
    }
    proxGroup(problem, state, state.work, from, to, curvature)
    for (let j = from; j < to; j++) {
      const old = load<f64>(at8(state.z, j))
      const value = load<f64>(at8(state.work, j))
      if (value == old) continue
      store<f64>(at8(state.z, j), value)
      addGramRow(problem, state.c, old - value, j)
      largest = max(largest, abs(value - old) / max(abs(value), abs(old)))
    }
  }
  return largest
}
