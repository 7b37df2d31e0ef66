/**
 * Iterative refinement: residuals in double precision, corrections by a lane's factor in single precision, bring the solution on
 * a support to double precision without a factor in double precision.
 */
import { at8 } from './addresses'
import { Quad, quadRow } from './quad'
import { solveFactored } from './supportFactor'
import { WorkingSet, refresh, row } from './workingSet'

const STEPS: i32 = 4

/** Leaves g − threshold·sign(z) in `solution`; returns the largest of it relative to its threshold. */
function residual(set: WorkingSet): f64 {
  let largest: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const threshold = load<f64>(at8(set.threshold, i))
    const left = load<f64>(at8(set.g, i)) - (load<f64>(at8(set.z, i)) > 0 ? threshold : -threshold)
    store<f64>(at8(set.solution, i), left)
    largest = max(largest, abs(left) / threshold)
  }
  return largest
}

/** Takes over a lane's factor, as far as its pivots are sound; returns whether all of them are. */
function takeFactor(set: WorkingSet, quad: Quad, lane: i32): bool {
  const offset = <usize>lane << 2
  set.rough = 1
  for (let i = 0; i < set.size; i++) {
    const slot = load<i32>(quad.live + (<usize>i << 2))
    const inverse = load<f32>(quad.inversePivot + (<usize>slot << 4) + offset)
    if (inverse == 0) return false
    store<f64>(at8(set.inverseDiagonal, i), <f64>inverse)
    store<i32>(set.order + (<usize>i << 2), i)
    const to = row(set.factor, set, i)
    const from = quadRow(quad.factor, slot) + offset
    for (let j = 0; j < i; j++) {
      store<f64>(at8(to, j), <f64>load<f32>(from + (<usize>load<i32>(quad.live + (<usize>j << 2)) << 4)))
    }
    set.factored = i + 1
  }
  return true
}

/**
 * Refines z, whose entries are the support of `lane` in its order, up to date with g. Stops where a coefficient would change its sign. Returns
 * the steps taken, at most `most`.
 */
export function refine(set: WorkingSet, quad: Quad, lane: i32, most: i32): i32 {
  if (!takeFactor(set, quad, lane)) return 0
  const steps = min(STEPS, most)
  for (let step = 0; step < steps; step++) {
    if (residual(set) <= set.slack) return step
    solveFactored(set, set.size)
    for (let i = 0; i < set.size; i++) {
      const value = load<f64>(at8(set.z, i))
      if (value * (value + load<f64>(at8(set.solution, i))) <= 0) return step
    }
    for (let i = 0; i < set.size; i++) {
      const place = at8(set.z, i)
      store<f64>(place, load<f64>(place) + load<f64>(at8(set.solution, i)))
    }
    refresh(set)
  }
  return steps
}
