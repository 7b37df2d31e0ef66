/** The codes of a batch as the host takes them: row after row, without the room that each was given. */
import { Problem } from './problem'

/** Copies `count` words to a lower address; the two may overlap. */
@inline
function moveDown(to: usize, from: usize, count: i32): void {
  const end = from + (<usize>count << 2)
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from))
  for (; from < end; from += 4, to += 4) store<i32>(to, load<i32>(from))
}

/** Moves the first `rows` codes together, in place, and leaves where each starts in `problem.outStarts`; returns how many coefficients they have. */
export function packCodes(pointer: usize, rows: i32): i32 {
  const problem = changetype<Problem>(pointer)
  const room = <usize>problem.capacity << 2
  let total = 0
  let from: usize = 0
  for (let i = 0; i < rows; i++) {
    store<i32>(problem.outStarts + (<usize>i << 2), total)
    const count = load<i32>(problem.outCounts + (<usize>i << 2))
    const to = <usize>total << 2
    if (to != from) {
      moveDown(problem.outIndices + to, problem.outIndices + from, count)
      moveDown(problem.outValues + to, problem.outValues + from, count)
    }
    total += count
    from += room
  }
  store<i32>(problem.outStarts + (<usize>rows << 2), total)
  return total
}
