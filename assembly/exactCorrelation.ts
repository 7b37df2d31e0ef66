/** Correlations of the observation at work with single atoms in double precision, where codes are certified. */
import { Scratch, positionsOf } from './activeSetScratch'
import { isSparse } from './correlate'
import { dotAt, dotAtTwo, dotMixed, widen, widenAt } from './double'
import { Problem } from './problem'

/**
 * Lays an observation out in double precision: whole where it is dense, and −1 is returned; else its non-zero numbers with
 * their positions, and how many there are.
 */
export function spread(problem: Problem, scratch: Scratch, index: i32, row: i32): i32 {
  const y = problem.observations + (<usize>(index * problem.m) << 2)
  if (!isSparse(load<i32>(scratch.nonZeroCounts + (<usize>row << 2)), problem.m)) {
    widen(y, problem.m, scratch.wide)
    return -1
  }
  const count = load<i32>(scratch.nonZeroCounts + (<usize>row << 2))
  scratch.positions = positionsOf(problem, scratch, row)
  widenAt(y, scratch.positions, count, scratch.wide)
  return count
}

/** An atom's correlation with the observation at work, in double precision where codes are certified. */
@inline
export function exactCorrelation(problem: Problem, scratch: Scratch, atom: i32, sparseCount: i32): f64 {
  if (!problem.certify) return <f64>load<f32>(scratch.start + (<usize>atom << 2))
  const w = problem.atoms + (<usize>(atom * problem.m) << 2)
  return sparseCount >= 0
    ? dotAt(w, scratch.wide, scratch.positions, sparseCount)
    : dotMixed(w, scratch.wide, problem.m)
}

/** {@link exactCorrelation} of two atoms, left in `scratch.pair`. */
@inline
export function exactCorrelations(problem: Problem, scratch: Scratch, atom: i32, other: i32, sparseCount: i32): void {
  if (problem.certify && sparseCount >= 0) {
    const w = problem.atoms + (<usize>(atom * problem.m) << 2)
    const v = problem.atoms + (<usize>(other * problem.m) << 2)
    dotAtTwo(w, v, scratch.wide, scratch.positions, sparseCount, scratch.pair)
    return
  }
  store<f64>(scratch.pair, exactCorrelation(problem, scratch, atom, sparseCount))
  store<f64>(scratch.pair, exactCorrelation(problem, scratch, other, sparseCount), 8)
}
