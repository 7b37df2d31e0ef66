/** Correlations of a chunk of observations, each in the way that suits it. */
import { Scratch, positionsOf } from './activeSetScratch'
import { correlateDense, correlateSparse, isSparse, nonZeros } from './correlate'
import { Problem } from './problem'

/** Correlates rows `begin` to `end`: dense ones in blocks, sparse ones number by number. */
export function correlateChunk(problem: Problem, begin: i32, end: i32, scratch: Scratch): void {
  const m = problem.m
  const kp = problem.kp
  const positions = scratch.listed
  const c = scratch.correlations
  let dense = begin
  for (let i = begin; i < end; i++) {
    const y = problem.observations + (<usize>(i * m) << 2)
    const count = nonZeros(y, m, positions)
    store<i32>(scratch.nonZeroCounts + (<usize>(i - begin) << 2), count)
    if (isSparse(count, m)) {
      flushDense(problem, dense, i, begin, scratch)
      dense = i + 1
      memory.copy(positionsOf(problem, scratch, i - begin), positions, <usize>count << 2)
      correlateSparse(y, positions, count, problem.transposed, kp, c + (<usize>((i - begin) * kp) << 2))
    }
  }
  flushDense(problem, dense, end, begin, scratch)
}

function flushDense(problem: Problem, from: i32, to: i32, begin: i32, scratch: Scratch): void {
  if (to <= from) return
  correlateDense(
    problem.observations + (<usize>(from * problem.m) << 2), to - from, problem.m,
    problem.panels, 0, problem.kp, scratch.packed, scratch.correlations + (<usize>((from - begin) * problem.kp) << 2),
  )
}
