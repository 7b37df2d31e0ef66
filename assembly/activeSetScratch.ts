/** The working memory of a thread that runs the active-set solver. */
import { aligned } from './addresses'
import { SPARSE_SHARE, TOGETHER } from './correlate'
import { denseBytes } from './denseState'
import { Problem } from './problem'
import { quadBytes } from './quad'
import { WorkingSet, layOut, workingSetBytes } from './workingSet'

/** A thread's memory, laid over its piece of scratch. */
@unmanaged
export class Scratch {
  /** f32 [chunk, kp] */
  correlations: usize
  /** f32 [kp] */
  current: usize
  /** f32 [kp]: thresholds; infinite for the working atoms. */
  thresholds: usize
  /** i32 [m]: where positions are listed. */
  listed: usize
  /** i32: where numbers of the observation at work are not 0, if it is mostly zeros. */
  positions: usize
  /** i32 [chunk, sparse]: the same of each observation that is mostly zeros. */
  allPositions: usize
  /** f32 [kp]: the correlations of the observation at work. */
  start: usize
  /** f64 [m]: the observation, or its non-zero numbers only. */
  wide: usize
  /** f64 [2] */
  pair: usize
  /** f32 [m, 5]: observations interleaved. */
  packed: usize
  /** usize [capacity], f32 [capacity]: Gram rows and coefficients of the support. */
  supportRows: usize
  supportValues: usize
  /** i32 [kp]: the slot of each atom of the code; u64 [kp / 64]: a bit for each of these atoms. */
  slots: usize
  present: usize
  full: usize
  quad: usize
  /** f32 [4] and usize [4]: each lane's smallest threshold and its correlations. */
  smallest: usize
  starts: usize
  /** f64 [chunk]: λ; i32 [chunk] each: observations by decreasing work, and that work. */
  lambdas: usize
  ranked: usize
  works: usize
  /** f64 [chunk]: ‖y‖²; i32 [chunk]: numbers that are not 0. */
  squaredNorms: usize
  nonZeroCounts: usize
  smallestWeight: f64
  largestWeight: f64
  // The working set's header follows.
  set: usize
}

/** Bytes of a bit for each atom, in whole words of 64. */
export function presentBytes(problem: Problem): usize {
  return (<usize>(problem.kp + 63) >> 6) << 3
}

/** Numbers that are not 0 in an observation that counts as mostly zeros, at most. */
@inline
function mostPositions(problem: Problem): usize {
  return <usize>(<f32>problem.m * SPARSE_SHARE) + 1
}

/** Where the positions of row `row` of a chunk lie. */
@inline
export function positionsOf(problem: Problem, scratch: Scratch, row: i32): usize {
  return scratch.allPositions + ((<usize>row * mostPositions(problem)) << 2)
}

/** Bytes of scratch a thread needs. */
export function activeSetBytes(problem: Problem): usize {
  const capacity = <usize>problem.workingCapacity
  return (
    aligned(offsetof<Scratch>()) + aligned(offsetof<WorkingSet>()) + aligned((<usize>problem.chunk * <usize>problem.kp) << 2) +
    2 * aligned(<usize>problem.kp << 2) + aligned(<usize>(problem.m + 4) << 2) + aligned((<usize>problem.chunk * mostPositions(problem)) << 2) + 64 + aligned(<usize>problem.m << 3) +
    aligned(<usize>(problem.m * TOGETHER) << 2) +
    2 * aligned(capacity << 2) + aligned(<usize>problem.kp << 2) + aligned(presentBytes(problem)) + aligned(workingSetBytes(problem.workingCapacity)) + denseBytes(problem) + aligned(quadBytes(problem)) + 64 + aligned(28 * <usize>problem.chunk)
  )
}

/** Lays a thread's scratch over `memory`. */
export function layScratch(problem: Problem, memory: usize): Scratch {
  const scratch = changetype<Scratch>(memory)
  const capacity = <usize>problem.workingCapacity
  memory += aligned(offsetof<Scratch>())
  scratch.set = memory
  memory += aligned(offsetof<WorkingSet>())
  scratch.correlations = memory
  memory += aligned((<usize>problem.chunk * <usize>problem.kp) << 2)
  scratch.current = memory
  memory += aligned(<usize>problem.kp << 2)
  scratch.thresholds = memory
  memory += aligned(<usize>problem.kp << 2)
  scratch.listed = memory
  memory += aligned(<usize>(problem.m + 4) << 2)
  scratch.allPositions = memory
  memory += aligned((<usize>problem.chunk * mostPositions(problem)) << 2)
  scratch.pair = memory
  memory += 64
  scratch.wide = memory
  memory += aligned(<usize>problem.m << 3)
  scratch.packed = memory
  memory += aligned(<usize>(problem.m * TOGETHER) << 2)
  scratch.supportRows = memory
  memory += aligned(capacity << 2)
  scratch.supportValues = memory
  memory += aligned(capacity << 2)
  scratch.slots = memory
  memory += aligned(<usize>problem.kp << 2)
  scratch.present = memory
  memory += aligned(presentBytes(problem))
  memory = aligned(layOut(changetype<WorkingSet>(scratch.set), problem.workingCapacity, memory))
  scratch.quad = memory
  memory += aligned(quadBytes(problem))
  scratch.smallest = memory
  scratch.starts = memory + 16
  memory += 64
  scratch.lambdas = memory
  scratch.ranked = memory + (<usize>problem.chunk << 3)
  scratch.works = scratch.ranked + (<usize>problem.chunk << 2)
  scratch.squaredNorms = memory + (<usize>problem.chunk << 4)
  scratch.nonZeroCounts = memory + 24 * <usize>problem.chunk
  memory += aligned(28 * <usize>problem.chunk)
  scratch.full = memory
  scratch.smallestWeight = Infinity
  scratch.largestWeight = 0
  for (let j = 0; j < problem.k; j++) {
    const weight = <f64>load<f32>(problem.weights + (<usize>j << 2))
    scratch.smallestWeight = min(scratch.smallestWeight, weight)
    scratch.largestWeight = max(scratch.largestWeight, weight)
  }
  return scratch
}
