/** Codes of observations with missing numbers: which solver takes them. */
import { solveMasked } from './maskedActiveSet'
import { descendMasked, warmMasked } from './maskedDescent'
import { pursueMasked } from './maskedPursuit'
import { beginMasked, layMasked } from './maskedState'
import { Penalty, Problem } from './problem'

export function maskedChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  const state = layMasked(problem, memory)
  for (let i = first; i < end; i++) {
    if (!beginMasked(problem, state, i)) continue
    if (problem.penalty == Penalty.TOP_K) {
      pursueMasked(problem, state, i)
    } else if (problem.workingCapacity > 0) {
      solveMasked(problem, state, i)
    } else {
      warmMasked(problem, state, i)
      descendMasked(problem, state, i, 0)
    }
  }
}
