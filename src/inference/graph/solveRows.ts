import { turn } from '../../kernels/turn.js'
import { sizeOf, type Tensor } from '../../tensor/tensor.js'
import type { CompiledSolver } from './compiledSolver.js'
import type { Feeds } from './programs.js'
import { RowPool } from './rowPool.js'
import { RowStatus } from './solverGraphs.js'

/** What rows are solved from; batches of equal length. */
export interface RowInputs {
  readonly y: Tensor
  readonly start: Tensor
  readonly x?: Tensor
}

export interface RowBudget {
  readonly tolerance: number
  readonly maxSteps: number
  /** When to stop, as `performance.now()` counts; rows are then left as they are. */
  readonly deadline?: number
  /** Called between two slices of work; throws to cancel. */
  readonly between?: (done: number) => void
}

/** What became of rows, in the order in which they were given. */
export interface SolvedRows {
  /** [n, k] */
  readonly codes: Tensor
  readonly steps: Uint32Array
  /** A {@link RowStatus} each; `active` where steps or time ran out. */
  readonly status: Uint8Array
  /** Whether time ran out before the row was solved. */
  readonly late: Uint8Array
  /** The columns that the solver keeps, [n, 1] each. */
  readonly kept: Readonly<Record<string, Tensor>>
}

/** Multiplications in a slice of work: about 10 milliseconds of one core. */
const SLICE_WORK = 4e8
const SLICE_STEPS = 10
const MOST_ROWS = 256
const FEWEST_ROWS = 16
const SLICE_MS = 25

/** How many rows are worked on together, and how many steps at a time. Both depend on sizes alone, and so do the results. */
export function sliceOf(work: number): { readonly rows: number; readonly steps: number } {
  const rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(SLICE_WORK / SLICE_STEPS / work)))
  return { rows, steps: Math.max(1, Math.min(SLICE_STEPS, Math.floor(SLICE_WORK / work / rows))) }
}

/**
 * Solves rows, as many at a time as a slice of work allows: those that are done leave, and the next ones take their places. The
 * event loop turns between slices.
 */
export async function solveRows(
  solver: CompiledSolver,
  shared: Feeds,
  inputs: RowInputs,
  { tolerance, maxSteps, deadline = Number.POSITIVE_INFINITY, between }: RowBudget,
): Promise<SolvedRows> {
  const [count] = inputs.y.shape
  const slice = sliceOf(solver.work)
  const pool = new RowPool(Math.min(slice.rows, Math.max(1, count)))
  const solved: SolvedRows = {
    codes: { shape: inputs.start.shape, data: inputs.start.data.slice() },
    steps: new Uint32Array(count),
    status: new Uint8Array(count),
    late: new Uint8Array(count),
    kept: Object.fromEntries(
      solver.kept.map((name) => [name, { shape: [count, 1], data: new Float32Array(count).fill(1) }]),
    ),
  }
  let next = 0
  let done = 0
  let turned = performance.now()
  while (done < count) {
    const free = pool.capacity - pool.length
    if (next < count && (pool.length === 0 || 4 * free >= pool.capacity)) {
      const taken = Math.min(free, count - next)
      await solver.begin(pool, next, taken, shared, rowsOf(inputs, next, taken))
      next += taken
    }
    const oldest = largest(pool, 'count')
    const steps = Math.min(slice.steps, maxSteps - oldest)
    if (steps > 0) await solver.advance(pool, steps, tolerance, shared)
    const now = performance.now()
    const late = now >= deadline
    for (let i = pool.length - 1; i >= 0; i--) {
      const status = pool.row('status', i)[0]
      const taken = pool.row('count', i)[0]
      if (status === RowStatus.active && taken < maxSteps && !late) continue
      finish(pool, i, solved, late && status === RowStatus.active && taken < maxSteps)
      done++
    }
    if (late) {
      solved.late.fill(1, next)
      done += count - next
      next = count
    }
    if (now - turned >= SLICE_MS || done === count) {
      between?.(done)
      await turn()
      turned = performance.now()
    }
  }
  return solved
}

function finish(pool: RowPool, i: number, solved: SolvedRows, late: boolean): void {
  const row = pool.origin[i]
  const size = solved.codes.data.length / solved.codes.shape[0]
  solved.codes.data.set(pool.row('z', i), row * size)
  solved.steps[row] = pool.row('count', i)[0]
  solved.status[row] = pool.row('status', i)[0]
  solved.late[row] = late ? 1 : 0
  for (const [name, { data }] of Object.entries(solved.kept)) data[row] = pool.row(name, i)[0]
  pool.remove(i)
}

function largest(pool: RowPool, name: string): number {
  let most = 0
  for (let i = 0; i < pool.length; i++) most = Math.max(most, pool.row(name, i)[0])
  return most
}

/** Rows of every batch, over the same memory. */
export function rowsOf(batches: RowInputs | Readonly<Record<string, Tensor>>, from: number, count: number): Feeds {
  const feeds: Record<string, Tensor> = {}
  for (const [name, { shape, data }] of Object.entries(batches) as [string, Tensor][]) {
    const rest = shape.slice(1)
    const width = sizeOf(rest)
    feeds[name] = { shape: [count, ...rest], data: data.subarray(from * width, (from + count) * width) }
  }
  return feeds
}

/** Works on batches of equal length, some rows at a time; the event loop turns between. */
export async function inSlices(
  batches: RowInputs | Readonly<Record<string, Tensor>>,
  most: number,
  work: (rows: Feeds, from: number) => Promise<void>,
): Promise<void> {
  const count = Object.values(batches as Readonly<Record<string, Tensor>>)[0].shape[0]
  let turned = performance.now()
  for (let from = 0; from < count; from += most) {
    await work(rowsOf(batches, from, Math.min(most, count - from)), from)
    if (performance.now() - turned < SLICE_MS) continue
    await turn()
    turned = performance.now()
  }
}
