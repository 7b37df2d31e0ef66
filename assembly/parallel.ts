/**
 * A parallel loop over chunks, shared by the calling thread and its helpers. A job is published in the control block; threads
 * take chunks by an atomic countdown until none is left. The caller works too and then waits only for chunks already
 * taken, so a helper that wakes late costs nothing.
 */
import { Convolution } from './convolution'
import { accelerate } from './convolutionAccelerate'
import { descend } from './convolutionDescent'
import { formResidual } from './convolutionResidual'
import { scanTile } from './convolutionScan'
import { activeSetChunk } from './activeSet'
import { coordinateDescentChunk } from './coordinateDescent'
import { atomsChunk, statisticsChunk } from './statistics'
import { gramChunk, gramSingleChunk, layAtoms } from './gram'
import { pursuitChunk } from './orthogonalMatchingPursuit'
import { maskedChunk } from './masked'
import { fistaChunk, istaChunk } from './proximalGradient'
import { Problem } from './problem'

/** What a job does with its items; the numbers of `Job` in `src/kernels/jobs.ts`. */
export namespace Job {
  export const LAY_ATOMS: i32 = 0
  export const GRAM: i32 = 1
  export const ACTIVE_SET: i32 = 2
  export const COORDINATE_DESCENT: i32 = 3
  export const ISTA: i32 = 4
  export const FISTA: i32 = 5
  export const PURSUIT: i32 = 6
  export const STATISTICS: i32 = 8
  export const ATOMS: i32 = 9
  export const GRAM_SINGLE: i32 = 7
  export const FORM_RESIDUAL: i32 = 20
  export const SCAN_TILES: i32 = 21
  export const DESCEND: i32 = 22
  export const ACCELERATE: i32 = 23
  export const MASKED: i32 = 12
}

// The control block, at the start of the heap: words of 4 bytes, the contended ones on lines of their own.
const EPOCH: usize = 0
const STOPPED: usize = 4
const SLEEPERS: usize = 8
const REMAINING: usize = 64
const DONE: usize = 128
const KIND: usize = 192
const ITEMS: usize = 196
const CHUNK: usize = 200
const PROBLEM: usize = 204
const FAILED: usize = 208
const FIRST: usize = 212
const CHUNKS: usize = 216
export const CONTROL_BYTES: usize = 256

/** Turns of the wait loop before a helper sleeps: about as long as the caller needs between two jobs. */
const HELPER_SPINS: i32 = 20000

function perform(kind: i32, pointer: usize, begin: i32, end: i32, thread: i32): void {
  const problem = changetype<Problem>(pointer)
  switch (kind) {
    case Job.LAY_ATOMS: layAtoms(problem, begin, end); break
    case Job.GRAM: gramChunk(problem, begin, end, piece(problem, thread)); break
    case Job.GRAM_SINGLE: gramSingleChunk(problem, begin, end, piece(problem, thread)); break
    case Job.ACTIVE_SET: activeSetChunk(problem, begin, end, piece(problem, thread)); break
    case Job.COORDINATE_DESCENT: coordinateDescentChunk(problem, begin, end, piece(problem, thread)); break
    case Job.ISTA: istaChunk(problem, begin, end, piece(problem, thread)); break
    case Job.FISTA: fistaChunk(problem, begin, end, piece(problem, thread)); break
    case Job.PURSUIT: pursuitChunk(problem, begin, end, piece(problem, thread)); break
    case Job.MASKED: maskedChunk(problem, begin, end, piece(problem, thread)); break
    case Job.STATISTICS: statisticsChunk(pointer, begin, end); break
    case Job.FORM_RESIDUAL: convolve(kind, pointer, begin, end, thread); break
    case Job.SCAN_TILES: convolve(kind, pointer, begin, end, thread); break
    case Job.DESCEND: convolve(kind, pointer, begin, end, thread); break
    case Job.ACCELERATE: convolve(kind, pointer, begin, end, thread); break
    case Job.ATOMS: atomsChunk(pointer, begin, end); break
  }
}

function convolve(kind: i32, pointer: usize, begin: i32, end: i32, thread: i32): void {
  const convolution = changetype<Convolution>(pointer)
  const scratch = convolution.scratch + <usize>thread * convolution.scratchStride
  for (let tile = begin; tile < end; tile++) {
    switch (kind) {
      case Job.FORM_RESIDUAL: formResidual(convolution, tile, scratch); break
      case Job.SCAN_TILES: scanTile(convolution, tile, scratch); break
      case Job.DESCEND: descend(convolution, tile, scratch); break
      case Job.ACCELERATE: accelerate(convolution, tile); break
    }
  }
}

@inline
function piece(problem: Problem, thread: i32): usize {
  return problem.scratch + <usize>thread * problem.scratchStride
}

/** Takes chunks of the published job until none is left. */
function takeChunks(control: usize, thread: i32): void {
  for (;;) {
    const left = atomic.sub<i32>(control + REMAINING, 1)
    if (left <= 0) return
    const items = load<i32>(control, ITEMS)
    const chunk = load<i32>(control, CHUNK)
    const chunks = (items + chunk - 1) / chunk
    const first = load<i32>(control, FIRST)
    const begin = first + (chunks - left) * chunk
    perform(load<i32>(control, KIND), load<usize>(control, PROBLEM), begin, min(begin + chunk, first + items), thread)
    atomic.add<i32>(control + DONE, 1)
  }
}

/** Lays out a job over `items` from `first` on, in chunks of `chunk`, and wakes the helpers; {@link join} completes it. */
export function publish(
  control: usize, kind: i32, first: i32, items: i32, chunk: i32, problem: usize, helpers: i32,
): void {
  const chunks = items > 0 ? (items + chunk - 1) / chunk : 0
  store<i32>(control, kind, KIND)
  store<i32>(control, first, FIRST)
  store<i32>(control, items, ITEMS)
  store<i32>(control, chunk, CHUNK)
  store<i32>(control, chunks, CHUNKS)
  store<usize>(control, problem, PROBLEM)
  atomic.store<i32>(control + DONE, 0)
  atomic.store<i32>(control + REMAINING, chunks)
  if (helpers > 0 && chunks > 1) {
    atomic.add<i32>(control + EPOCH, 1)
    if (atomic.load<i32>(control + SLEEPERS) > 0) atomic.notify(control + EPOCH, helpers)
  }
}

/** Takes part in the published job until all of it is done: 0, or 1 where a helper failed. */
export function join(control: usize): i32 {
  takeChunks(control, 0)
  const chunks = load<i32>(control, CHUNKS)
  while (atomic.load<i32>(control + DONE) < chunks) {
    if (atomic.load<i32>(control + FAILED) != 0) return 1
  }
  return 0
}

/** Runs a job over `items` from `first` on, in chunks of `chunk`; returns when all are done: 0, or 1 where a helper failed. */
export function parallelFor(
  control: usize, kind: i32, first: i32, items: i32, chunk: i32, problem: usize, helpers: i32,
): i32 {
  publish(control, kind, first, items, chunk, problem, helpers)
  return join(control)
}

/** A helper's life: takes part in every job until stopped. `thread` is 1 or more. */
export function help(control: usize, thread: i32): void {
  let seen = 0
  while (atomic.load<i32>(control + STOPPED) == 0) {
    const epoch = atomic.load<i32>(control + EPOCH)
    if (epoch != seen) {
      seen = epoch
      takeChunks(control, thread)
      continue
    }
    let spins = 0
    while (atomic.load<i32>(control + EPOCH) == seen && spins < HELPER_SPINS) spins++
    if (spins < HELPER_SPINS) continue
    atomic.add<i32>(control + SLEEPERS, 1)
    atomic.wait<i32>(control + EPOCH, seen, -1)
    atomic.sub<i32>(control + SLEEPERS, 1)
  }
}

/** Tells the caller that a helper cannot go on. */
export function fail(control: usize): void {
  atomic.store<i32>(control + FAILED, 1)
}

/** Sends all helpers home. */
export function stop(control: usize): void {
  atomic.store<i32>(control + STOPPED, 1)
  atomic.add<i32>(control + EPOCH, 1)
  atomic.notify(control + EPOCH, 1 << 16)
}
