/**
 * Iterative refinement: residuals in double precision, corrections by a lane's factor in single precision, bring the solution on
 * a support to double precision without a factor in double precision.
 */
import { at8 } from './addresses'
import { Quad } from './quad'
import { solveLane } from './quadNewton'
import { WorkingSet, refresh } from './workingSet'

const STEPS: i32 = 4
/** How near to its threshold each correlation is brought: this share of the tolerance, and at least so near. */
const SHARE: f64 = 0.1
const LEAST: f64 = 1e-13

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

/**
 * Refines z, whose slots are those of `lane` in their order, up to date with g. Stops where a coefficient would change its sign. Returns
 * the steps taken.
 */
export function refine(set: WorkingSet, quad: Quad, lane: i32, tolerance: f64): i32 {
  const enough = max(SHARE * tolerance, LEAST)
  for (let step = 0; step < STEPS; step++) {
    if (residual(set) <= enough) return step
    solveLane(quad, lane, set.solution)
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
  return STEPS
}
