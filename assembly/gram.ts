/** What a dictionary needs before coding: panels, the transpose, and the Gram matrix as a high and a low part. */
import { correlateDense } from './correlate'
import { dotMixed, widen } from './double'
import { Problem } from './problem'

/** Fills `panels` and `transposed` for atoms `first` to `end` from `atoms`. Rows beyond k are zero. */
export function layAtoms(problem: Problem, first: i32, end: i32): void {
  const m = problem.m
  const kp = problem.kp
  for (let j = first; j < end; j++) {
    const atom = problem.atoms + ((<usize>j * <usize>problem.m) << 2)
    const lane = problem.panels + (((<usize>(j >> 3) * <usize>m) << 3) + <usize>(j & 7) << 2)
    const column = problem.transposed + (<usize>j << 2)
    for (let p = 0; p < m; p++) {
      const value = j < problem.k ? load<f32>(atom + (<usize>p << 2)) : <f32>0
      store<f32>(lane + (<usize>p << 5), value)
      store<f32>(column + ((<usize>p * <usize>kp) << 2), value)
    }
  }
}

/** Rows `first` to `end` of WᵀW: each entry a double-precision dot product, split into two floats. */
export function gramChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  for (let j = first; j < end; j++) {
    widen(problem.atoms + ((<usize>j * <usize>problem.m) << 2), problem.m, memory)
    for (let i = 0; i <= j; i++) {
      const value = dotMixed(problem.atoms + ((<usize>i * <usize>problem.m) << 2), memory, problem.m)
      const high = <f32>value
      const low = <f32>(value - <f64>high)
      const at = (<usize>j * <usize>problem.kp + <usize>i) << 2
      const mirrored = (<usize>i * <usize>problem.kp + <usize>j) << 2
      store<f32>(problem.gramHigh + at, high)
      store<f32>(problem.gramLow + at, low)
      store<f32>(problem.gramHigh + mirrored, high)
      store<f32>(problem.gramLow + mirrored, low)
    }
  }
}

/**
 * Rows of WᵀW in single precision, for learning, where every batch needs a new one; the low part is not touched. A row is
 * formed from its diagonal on, and what lies below is copied over.
 */
export function gramSingleChunk(problem: Problem, first: i32, end: i32, memory: usize): void {
  const width = <usize>problem.kp << 2
  correlateDense(
    problem.atoms + ((<usize>first * <usize>problem.m) << 2), end - first, problem.m, problem.panels, first & ~7, problem.kp,
    memory, problem.gramHigh + <usize>first * width,
  )
  for (let i = first; i < end; i++) {
    const row = problem.gramHigh + <usize>i * width
    let below = row + width + (<usize>i << 2)
    for (let j = i + 1; j < problem.k; j++) {
      store<f32>(below, load<f32>(row + (<usize>j << 2)))
      below += width
    }
  }
}
