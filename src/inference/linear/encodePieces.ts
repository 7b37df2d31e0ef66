import type { Engine } from '../../kernels/engine.js'
import { turn } from '../../kernels/turn.js'
import type { Codes } from '../codes.js'
import { type LinearBatch, nextSlice } from './batch.js'

/** Observations of the first slice, before it is known how long one takes. */
const FIRST_SLICE = 80
/** Pieces of a slice: the more there are, the less of a slice passes without all threads at work. */
const PIECES = 4

/** How many observations a slice is to have: an encoder's next call starts from where the last one came. */
export interface Pace {
  slice: number
}

export const firstPace = (): Pace => ({ slice: FIRST_SLICE })

/** Observations [total, …] to code, and what happens to the results. */
interface Work {
  readonly engine: Engine
  /** Room for `most` observations; a second is made beside the first where there is more than one piece. */
  readonly makeBatch: (beside?: LinearBatch) => LinearBatch
  readonly observations: Float32Array
  /** 0 where a number is missing, 1 where it was observed. */
  readonly mask: Float32Array | undefined
  readonly warmStart: Codes | undefined
  readonly total: number
  readonly most: number
  readonly pace: Pace
  readonly maxSteps: number
  /** Whether observations not begun are to be returned as they are. */
  outOfTime(): boolean
  /** Takes the results of `rows` observations, in order. */
  collect(batch: LinearBatch, rows: number, late: boolean): void
  /** Called before the first slice and after each, the event loop turning in between; may throw to stop. */
  between(done: number): void
}

interface Piece {
  readonly batch: LinearBatch
  readonly rows: number
  readonly late: boolean
}

/**
 * Codes observations piece by piece. While helpers work on one piece, the calling thread collects the results of the piece before and
 * lays down the next; then it joins them. The event loop turns after each slice, when no piece is under way.
 */
export async function encodePieces(work: Work): Promise<void> {
  const { engine, makeBatch, total, most, pace } = work
  const batches: LinearBatch[] = []
  let underWay = false
  const finish = ({ batch, rows, late }: Piece) => work.collect(batch, rows, late)
  const join = () => {
    underWay = false
    engine.join()
  }
  // What is solved, or being solved, and not collected yet.
  let running: Piece | undefined
  try {
    work.between(0)
    for (let row = 0, next = 0; row < total; ) {
      const begun = performance.now()
      const from = row
      for (let piece = 0; piece < PIECES && row < total; piece++) {
        const count = Math.min(Math.ceil(pace.slice / PIECES), most, total - row)
        batches[next] ??= makeBatch(batches[0])
        const laid: Piece = { batch: batches[next], rows: count, late: work.outOfTime() }
        laid.batch.fill(work.observations, row, count, work.mask)
        laid.batch.warmStart(work.warmStart, row, count)
        if (underWay) join()
        laid.batch.begin(count, laid.late ? 0 : work.maxSteps)
        underWay = true
        if (running) finish(running)
        running = laid
        row += count
        next = 1 - next
      }
      join()
      // Observations that are returned as they are say nothing of how long others take.
      if (!running?.late) pace.slice = nextSlice(row - from, performance.now() - begun, pace.slice)
      if (row === total && running) finish(running)
      work.between(row)
      if (row < total) await turn()
    }
  } finally {
    if (underWay) engine.join()
    for (const batch of batches) batch.dispose()
  }
}
