/**
 * A quick search for the supports of four observations at once, one a lane, in single precision: working sets grow by
 * groups of violators, and coordinate descent sweeps all four in step. The latency of a coordinate's chain of operations is
 * then paid once for four. What it finds is a start for the exact solver, so nothing here needs to be exact; but a lane's
 * result depends on its own observation alone, whichever share its quad.
 */
import { aligned } from './addresses'
import { Problem } from './problem'
import { refreshCorrelations } from './refreshCorrelations'

/** Largest working set of a lane. */
const CAPACITY: i32 = 128
const LANES: i32 = 4
const ROUNDS: i32 = 8
/** Sweeps after each admission, and after the last: until no correlation changes by this share of its threshold, at most so many. */
const SWEEPS: i32 = 4
const SETTLED: f32 = 0.2
const LAST_SWEEPS: i32 = 8
const LAST_SETTLED: f32 = 0.005
/** Atoms whose violation is at least this share of the worst are admitted together. */
const ADMIT_SHARE: f32 = 0.6
const ADMIT_AT_MOST: i32 = 24
/** A lane is done when no violation exceeds this share of the smallest threshold. */
const DONE_BELOW: f32 = 0.01

@unmanaged
export class Quad {
  /** f32 [CAPACITY, CAPACITY, 4] */
  gram: usize
  /** f32 [CAPACITY, 4] each. */
  z: usize
  g: usize
  threshold: usize
  curvature: usize
  inverse: usize
  /** i32 [CAPACITY, 4] */
  atoms: usize
  /** i32 [4] */
  sizes: usize
  /** f32 [4, kp]: thresholds; infinite for working atoms. */
  thresholds: usize
  /** f32 [kp] */
  current: usize
  /** u32 and f32 [CAPACITY] */
  rows: usize
  values: usize
  /** Slots in use in any lane. */
  size: i32
}

export function quadBytes(problem: Problem): usize {
  const vectors = <usize>CAPACITY << 4
  return aligned(offsetof<Quad>()) + <usize>CAPACITY * vectors + 6 * vectors + 64 + (<usize>(LANES + 1) * <usize>problem.kp << 2) + 2 * (<usize>CAPACITY << 2) + 128
}

export function layQuad(problem: Problem, memory: usize): Quad {
  const quad = changetype<Quad>(memory)
  const vectors = <usize>CAPACITY << 4
  memory += aligned(offsetof<Quad>())
  quad.gram = memory
  memory += <usize>CAPACITY * vectors
  quad.z = memory
  quad.g = memory + vectors
  quad.threshold = memory + 2 * vectors
  quad.curvature = memory + 3 * vectors
  quad.inverse = memory + 4 * vectors
  quad.atoms = memory + 5 * vectors
  memory += 6 * vectors
  quad.sizes = memory
  memory += 64
  quad.thresholds = memory
  memory += <usize>LANES * <usize>problem.kp << 2
  quad.current = memory
  memory += <usize>problem.kp << 2
  quad.rows = memory
  memory += <usize>CAPACITY << 2
  quad.values = memory
  return quad
}

@inline
function sizeOf(quad: Quad, lane: i32): i32 {
  return load<i32>(quad.sizes + (<usize>lane << 2))
}

function largestSize(quad: Quad): i32 {
  return max(max(sizeOf(quad, 0), sizeOf(quad, 1)), max(sizeOf(quad, 2), sizeOf(quad, 3)))
}

/** Makes room for two more slots in every lane; an empty slot stays at 0 whatever happens. */
function openSlots(quad: Quad): void {
  openSlot(quad, quad.size)
  openSlot(quad, quad.size + 1)
  quad.size += 2
}

function openSlot(quad: Quad, slot: i32): void {
  const zero = f32x4.splat(0)
  const at = <usize>slot << 4
  const row = quad.gram + <usize>(slot * CAPACITY) * 16
  for (let i = 0; i <= slot; i++) {
    v128.store(row + (<usize>i << 4), zero)
    v128.store(quad.gram + (<usize>(i * CAPACITY + slot) << 4), zero)
  }
  v128.store(quad.z + at, zero)
  v128.store(quad.g + at, zero)
  v128.store(quad.curvature + at, zero)
  v128.store(quad.inverse + at, zero)
  v128.store(quad.threshold + at, f32x4.splat(Infinity))
}

/** Adds an atom with correlation `c` to a lane. */
function admit(problem: Problem, quad: Quad, lane: i32, atom: i32, c: f32): void {
  const slot = sizeOf(quad, lane)
  if (slot == quad.size) openSlots(quad)
  const gram = problem.gramHigh + ((<usize>atom * <usize>problem.kp) << 2)
  const offset = <usize>lane << 2
  let atoms = quad.atoms + offset
  let across = quad.gram + (<usize>(slot * CAPACITY) << 4) + offset
  let down = quad.gram + (<usize>slot << 4) + offset
  for (let i = 0; i < slot; i++) {
    const value = load<f32>(gram + (<usize>load<i32>(atoms) << 2))
    store<f32>(across, value)
    store<f32>(down, value)
    atoms += 16
    across += 16
    down += <usize>CAPACITY << 4
  }
  const curvature = load<f32>(gram + (<usize>atom << 2)) + <f32>problem.ridge
  const threshold = quad.thresholds + (<usize>(lane * problem.kp + atom) << 2)
  if (curvature > 0) {
    store<f32>(across, curvature)
    store<i32>(atoms, atom)
    const at = (<usize>slot << 4) + offset
    store<f32>(quad.g + at, c)
    store<f32>(quad.curvature + at, curvature)
    store<f32>(quad.inverse + at, 1 / curvature)
    store<f32>(quad.threshold + at, load<f32>(threshold))
    store<i32>(quad.sizes + offset, slot + 1)
  }
  store<f32>(threshold, Infinity)
}

/** g ← g − change·row for two slots. */
@inline
function subtractPair(g: usize, change: v128, row: usize): void {
  v128.store(g, f32x4.sub(v128.load(g), f32x4.mul(change, v128.load(row))))
  v128.store(g, f32x4.sub(v128.load(g, 16), f32x4.mul(change, v128.load(row, 16))), 16)
}

/**
 * One sweep of coordinate descent over the lanes of `moving` (all bits set); the others stay as they are. Returns by how much
 * each lane's largest change of a correlation exceeds the share `settled` of its threshold.
 */
function sweep(quad: Quad, nonNegative: bool, moving: v128, settled: v128): v128 {
  const bytes = <usize>quad.size << 4
  const g = quad.g
  const zero = f32x4.splat(0)
  const free = nonNegative ? f32x4.splat(Infinity) : zero
  let row = quad.gram
  let largest = f32x4.splat(-Infinity)
  for (let i: usize = 0; i < bytes; i += 16) {
    const old = v128.load(quad.z + i)
    const threshold = v128.load(quad.threshold + i)
    const curvature = v128.load(quad.curvature + i)
    const u = f32x4.add(v128.load(g + i), f32x4.mul(curvature, old))
    const kept = f32x4.pmin(f32x4.pmax(u, f32x4.sub(f32x4.sub(zero, threshold), free)), threshold)
    const value = f32x4.mul(f32x4.sub(u, kept), v128.load(quad.inverse + i))
    const change = v128.and(f32x4.sub(value, old), moving)
    v128.store(quad.z + i, v128.bitselect(value, old, moving))
    largest = f32x4.pmax(largest, f32x4.sub(f32x4.mul(f32x4.abs(change), curvature), f32x4.mul(settled, threshold)))
    // The next coordinates wait for these; the ones before are not needed until the next sweep.
    const here = i & ~31
    for (let at = here; at < bytes; at += 32) subtractPair(g + at, change, row + at)
    for (let at: usize = 0; at < here; at += 32) subtractPair(g + at, change, row + at)
    row += <usize>CAPACITY << 4
  }
  return largest
}

/** Sweeps each lane of `moving` until it settles, at most `most` times. */
function settle(quad: Quad, nonNegative: bool, moving: v128, share: f32, most: i32): void {
  const settled = f32x4.splat(share)
  const zero = f32x4.splat(0)
  for (let s = 0; s < most && v128.any_true(moving); s++) {
    moving = v128.and(moving, f32x4.gt(sweep(quad, nonNegative, moving, settled), zero))
  }
}

/** Lets go of a lane's atoms that are at 0; each place is taken by the lane's last atom. They may come back as violators. */
function dropIdle(problem: Problem, quad: Quad, lane: i32): void {
  const offset = <usize>lane << 2
  const step = <usize>CAPACITY << 4
  for (let i = sizeOf(quad, lane) - 1; i >= 0; i--) {
    const at = (<usize>i << 4) + offset
    if (load<f32>(quad.z + at) != 0) continue
    const last = sizeOf(quad, lane) - 1
    const from = (<usize>last << 4) + offset
    const atom = load<i32>(quad.atoms + at)
    store<f32>(quad.thresholds + (<usize>(lane * problem.kp + atom) << 2), load<f32>(quad.threshold + at))
    if (i != last) {
      for (let p = 0; p < last; p++) {
        const value = load<f32>(quad.gram + <usize>last * step + (<usize>p << 4) + offset)
        store<f32>(quad.gram + <usize>i * step + (<usize>p << 4) + offset, value)
        store<f32>(quad.gram + <usize>p * step + at, value)
      }
      store<f32>(quad.gram + <usize>i * step + at, load<f32>(quad.curvature + from))
      store<f32>(quad.z + at, load<f32>(quad.z + from))
      store<f32>(quad.g + at, load<f32>(quad.g + from))
      store<f32>(quad.threshold + at, load<f32>(quad.threshold + from))
      store<f32>(quad.curvature + at, load<f32>(quad.curvature + from))
      store<f32>(quad.inverse + at, load<f32>(quad.inverse + from))
      store<i32>(quad.atoms + at, load<i32>(quad.atoms + from))
    }
    for (let p = 0; p <= last; p++) {
      store<f32>(quad.gram + <usize>last * step + (<usize>p << 4) + offset, 0)
      store<f32>(quad.gram + <usize>p * step + from, 0)
    }
    store<f32>(quad.z + from, 0)
    store<f32>(quad.g + from, 0)
    store<f32>(quad.threshold + from, Infinity)
    store<f32>(quad.curvature + from, 0)
    store<f32>(quad.inverse + from, 0)
    store<i32>(quad.sizes + offset, last)
  }
}

/** Lists a lane's support as Gram rows and coefficients; returns its size. */
function listSupport(problem: Problem, quad: Quad, lane: i32): i32 {
  const size = sizeOf(quad, lane)
  let at = <usize>lane << 2
  let count: usize = 0
  for (let i = 0; i < size; i++) {
    const value = load<f32>(quad.z + at)
    store<u32>(quad.rows + (count << 2), <u32>(problem.gramHigh + ((<usize>load<i32>(quad.atoms + at) * <usize>problem.kp) << 2)))
    store<f32>(quad.values + (count << 2), value)
    count += <usize>i32(value != 0)
    at += 16
  }
  return <i32>count
}

/** Admits a lane's atoms that violate by more than `bound`; returns how many. */
function admitViolators(problem: Problem, quad: Quad, lane: i32, c: usize, bound: f32, sign: v128): i32 {
  const thresholds = quad.thresholds + (<usize>(lane * problem.kp) << 2)
  const limit = f32x4.splat(bound)
  let admitted = 0
  for (let j = 0; j < problem.kp; j += 4) {
    const at = <usize>j << 2
    const excess = f32x4.sub(v128.and(v128.load(c + at), sign), v128.load(thresholds + at))
    let mask = i32x4.bitmask(f32x4.gt(excess, limit))
    while (mask != 0) {
      if (sizeOf(quad, lane) == CAPACITY) return admitted
      const atom = j + ctz(mask)
      admit(problem, quad, lane, atom, load<f32>(c + (<usize>atom << 2)))
      mask &= mask - 1
      if (++admitted == ADMIT_AT_MOST) return admitted
    }
  }
  return admitted
}

/**
 * Searches the supports of up to four observations with correlations at `starts` (usize [4], each f32 [kp]); `quad.thresholds` is
 * filled for each, and `smallest` (f32 [4]) holds its smallest threshold; a lane with 0 stays empty.
 */
export function search(problem: Problem, quad: Quad, starts: usize, lanes: i32, smallest: usize): void {
  const kp = problem.kp
  const nonNegative = <bool>problem.nonNegative
  const sign = nonNegative ? i32x4.splat(-1) : i32x4.splat(0x7fffffff)
  quad.size = 0
  for (let lane = 0; lane < LANES; lane++) store<i32>(quad.sizes + (<usize>lane << 2), 0)
  let open = 0
  for (let lane = 0; lane < lanes; lane++) open |= i32(load<f32>(smallest + (<usize>lane << 2)) > 0) << lane
  for (let round = 0; round < ROUNDS && open != 0; round++) {
    let admitted = 0
    for (let lane = 0; lane < lanes; lane++) {
      if (!((open >> lane) & 1)) continue
      if (round > 0) dropIdle(problem, quad, lane)
      const support = listSupport(problem, quad, lane)
      const worst = refreshCorrelations(
        load<usize>(starts + (<usize>lane << 2)), quad.rows, quad.values, support,
        quad.thresholds + (<usize>(lane * kp) << 2), kp, nonNegative, quad.current,
      )
      const least = DONE_BELOW * load<f32>(smallest + (<usize>lane << 2))
      const found = worst > least ? admitViolators(problem, quad, lane, quad.current, max(least, ADMIT_SHARE * worst), sign) : 0
      if (found == 0) open &= ~(1 << lane)
      admitted += found
    }
    if (admitted == 0) break
    quad.size = (largestSize(quad) + 1) & ~1
    const moving = i32x4.ne(v128.and(i32x4.splat(open), i32x4(1, 2, 4, 8)), i32x4.splat(0))
    settle(quad, nonNegative, moving, SETTLED, SWEEPS)
  }
  if (quad.size > 0) settle(quad, nonNegative, i32x4.splat(-1), LAST_SETTLED, LAST_SWEEPS)
}

/**
 * Lists a lane's support by decreasing magnitude, as atoms (i32) and coefficients (f32): the last are the likeliest to leave.
 * Returns its size.
 */
export function takeLane(quad: Quad, lane: i32): i32 {
  const size = sizeOf(quad, lane)
  let count = 0
  for (let i = 0; i < size; i++) {
    const from = (<usize>i << 4) + (<usize>lane << 2)
    const value = load<f32>(quad.z + from)
    if (value == 0) continue
    let place = quad.values + (<usize>count << 2)
    let name = quad.rows + (<usize>count << 2)
    while (place > quad.values && abs(load<f32>(place - 4)) < abs(value)) {
      store<f32>(place, load<f32>(place - 4))
      store<u32>(name, load<u32>(name - 4))
      place -= 4
      name -= 4
    }
    store<f32>(place, value)
    store<i32>(name, load<i32>(quad.atoms + from))
    count++
  }
  return count
}
