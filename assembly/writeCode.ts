/** Codes and what is known of them, as the host reads them. */
import { at8 } from './addresses'
import { Problem, Stop } from './problem'

/** Share of the tolerance that solvers reach for: the rest is for rounding the code to single precision. */
const AIM: f64 = 0.99
/** What double precision resolves of a gap, as a share of ‖y‖². */
export const RESOLVED: f64 = 1e-13

/** Whether a point's gap is small enough for its rounded code to keep the tolerance. */
@inline
export function reaches(problem: Problem, energy: f64, gap: f64): bool {
  return gap <= AIM * problem.tolerance * energy
}

/** The status of a code as it is written: where a solver could do no more, its gap says whether the tolerance holds. */
export function statusOf(problem: Problem, energy: f64, gap: f64, squaredNorm: f64): i32 {
  return gap <= problem.tolerance * energy || gap <= RESOLVED * squaredNorm ? Stop.CONVERGED : Stop.STALLED
}

/** Rounds z (f64 [k]) to single precision, in place, and writes what is not zero as the code of observation `index`: how many that is. */
export function writeRounded(problem: Problem, index: i32, z: usize): i32 {
  let count = 0
  const base = <usize>index * <usize>problem.capacity
  for (let j = 0; j < problem.k; j++) {
    const rounded = <f32>load<f64>(at8(z, j))
    store<f64>(at8(z, j), <f64>rounded)
    if (rounded == 0) continue
    const at = (base + <usize>count) << 2
    store<i32>(problem.outIndices + at, j)
    store<f32>(problem.outValues + at, rounded)
    count++
  }
  return count
}

export function writeResult(
  problem: Problem, index: i32, count: i32, energy: f64, gap: f64, steps: i32, status: i32,
): void {
  store<i32>(problem.outCounts + (<usize>index << 2), count)
  store<f64>(problem.outEnergy + (<usize>index << 3), energy)
  store<f64>(problem.outGap + (<usize>index << 3), gap)
  store<i32>(problem.outSteps + (<usize>index << 2), steps)
  store<i32>(problem.outStatus + (<usize>index << 2), status)
}
