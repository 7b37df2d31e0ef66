/**
 * ISTA: z ← prox_{λR/L}(z + Wᵀ(y − Wz)/L). FISTA adds Nesterov's momentum, restarted where it points uphill.
 * Daubechies, Defrise, De Mol 2004; Beck, Teboulle 2009; restart: O'Donoghue, Candès 2015, the gradient scheme.
 */
import { at8 } from './addresses'
import { DenseState, begin, correlate, energyOf, finish, gapOf, isDone, prox } from './denseState'
import { Penalty, Problem, Stop } from './problem'

/** Steps between two certificates. */
const CHECK_EVERY: i32 = 5

export function istaChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  for (let i = first; i < end; i++) {
    if (begin(problem, memory, i)) iterate(problem, changetype<DenseState>(memory), i, false)
  }
}

export function fistaChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  for (let i = first; i < end; i++) {
    if (begin(problem, memory, i)) iterate(problem, changetype<DenseState>(memory), i, true)
  }
}

function iterate(problem: Problem, state: DenseState, index: i32, accelerated: bool): void {
  const k = problem.k
  const bytes = <usize>problem.kp << 3
  const inverse = 1 / problem.lipschitz
  memory.copy(state.previousZ, state.z, bytes)
  memory.copy(state.previousC, state.c, bytes)
  let momentum: f64 = 1
  let steps = 0
  let moved = true
  // Whether the last step changed the support; without convexity only a support at rest can be a result.
  let unrest = true
  for (;;) {
    if (steps % CHECK_EVERY == 0 || steps >= problem.maxSteps || !moved) {
      const energy = energyOf(problem, state)
      if (!(energy < Infinity)) {
        finish(problem, state, index, steps, Stop.NON_FINITE)
        return
      }
      if (!(problem.penalty >= Penalty.TOP_K && unrest) && isDone(problem, state, energy, gapOf(problem, state))) {
        finish(problem, state, index, steps, Stop.CONVERGED)
        return
      }
      if (steps >= problem.maxSteps || !moved) {
        finish(problem, state, index, steps, Stop.MAX_STEPS)
        return
      }
    }
    steps++
    const next: f64 = 0.5 * (1 + Math.sqrt(1 + 4 * momentum * momentum))
    const beta: f64 = accelerated ? (momentum - 1) / next : 0
    momentum = next
    // previousZ ← the extrapolated point v, work in place; previousC ← v + c(v)/L, then its prox.
    for (let j = 0; j < k; j++) {
      const z = load<f64>(at8(state.z, j))
      const c = load<f64>(at8(state.c, j))
      const v = z + beta * (z - load<f64>(at8(state.previousZ, j)))
      const cv = c + beta * (c - load<f64>(at8(state.previousC, j)))
      store<f64>(at8(state.previousZ, j), v)
      store<f64>(at8(state.previousC, j), v + inverse * cv)
    }
    prox(problem, state, state.previousC, problem.lipschitz)
    let uphill: f64 = 0
    moved = false
    unrest = false
    for (let j = 0; j < k; j++) {
      const old = load<f64>(at8(state.z, j))
      const z = load<f64>(at8(state.previousC, j))
      uphill += (load<f64>(at8(state.previousZ, j)) - z) * (z - old)
      moved = moved || z != old
      unrest = unrest || (z == 0) != (old == 0)
      store<f64>(at8(state.previousZ, j), old)
      store<f64>(at8(state.z, j), z)
    }
    memory.copy(state.previousC, state.c, bytes)
    correlate(problem, state)
    if (uphill > 0) momentum = 1
  }
}
