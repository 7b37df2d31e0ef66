/** Energies from the residual itself, for points whose energy the Gram matrix no longer resolves. */
import { Scratch } from './activeSetScratch'
import { dot, dotMixed, widen } from './double'
import { Problem } from './problem'
import { WorkingSet } from './workingSet'

/** Rounding of a Gram entry held in two floats, relative to the norms of its atoms. */
const GRAM_ROUNDOFF: f64 = 3.5527136788005009e-15
/** Share of the energy from which that rounding is to be seen. */
const SHOWS: f64 = 1e-11

/**
 * Whether what a Gram entry's 48 bits leave open is to be seen in the energy: where atoms nearly cancel each other. `most` is no
 * less than Σ|zᵢ|‖wᵢ‖.
 */
export function gramRoundingShows(set: WorkingSet, most: f64, energy: f64): bool {
  if (!(GRAM_ROUNDOFF * most * most > SHOWS * energy)) return false
  let lengths: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const curvature = load<f64>(set.gram + ((<usize>i * <usize>(set.stride + 1)) << 3))
    lengths += abs(load<f64>(set.z + (<usize>i << 3))) * Math.sqrt(curvature)
  }
  return GRAM_ROUNDOFF * lengths * lengths > SHOWS * energy
}

/** Leaves y − Wz in `scratch.wide`; returns ‖y − Wz‖² + μ‖z‖². */
export function residual(problem: Problem, scratch: Scratch, set: WorkingSet, index: i32): f64 {
  widen(problem.observations + (<usize>(index * problem.m) << 2), problem.m, scratch.wide)
  let squares: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const value = load<f64>(set.z + (<usize>i << 3))
    if (value == 0) continue
    const atom = problem.atoms + ((<usize>load<i32>(set.atoms + (<usize>i << 2)) * <usize>problem.m) << 2)
    for (let p = 0; p < problem.m; p++) {
      const place = scratch.wide + (<usize>p << 3)
      store<f64>(place, load<f64>(place) - value * <f64>load<f32>(atom + (<usize>p << 2)))
    }
    squares += value * value
  }
  return dot(scratch.wide, scratch.wide, problem.m) + problem.ridge * squares
}

/** The dual energy s·yᵀr − ½s²(‖r‖² + μ‖z‖²) at the residual r, s making it feasible for the working atoms and within `ratio`. */
export function dualEnergy(problem: Problem, scratch: Scratch, set: WorkingSet, index: i32, ratio: f64): f64 {
  const squares = residual(problem, scratch, set, index)
  let largest = max(1, ratio)
  for (let i = 0; i < set.size; i++) {
    const atom = problem.atoms + ((<usize>load<i32>(set.atoms + (<usize>i << 2)) * <usize>problem.m) << 2)
    const pull = dotMixed(atom, scratch.wide, problem.m) - problem.ridge * load<f64>(set.z + (<usize>i << 3))
    largest = max(largest, (problem.nonNegative ? pull : abs(pull)) / load<f64>(set.threshold + (<usize>i << 3)))
  }
  const s = 1 / largest
  const agreement = dotMixed(problem.observations + (<usize>(index * problem.m) << 2), scratch.wide, problem.m)
  return s * agreement - 0.5 * s * s * squares
}
