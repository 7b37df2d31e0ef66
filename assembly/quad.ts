/**
 * Four small lasso problems side by side, one a lane of the SIMD registers, in single precision: the working sets of four
 * observations, with their Gram matrices, coefficients and correlations.
 */
import { aligned } from './addresses'
import { Problem } from './problem'

export const LANES: i32 = 4
/** Largest working set of a lane while it is searched for. */
export const WORKING: i32 = 128
/** Slots that a lane may take behind all others while Newton steps land: its own allowance, so that no lane depends on the others. */
export const ALLOWANCE: i32 = 16
/** Slots of all lanes, at most. */
export const CAPACITY: i32 = WORKING + LANES * ALLOWANCE
/** Slots from one row of a matrix to the next: an odd number of cache lines, so that rows do not share the cache's sets. */
export const STRIDE: i32 = CAPACITY + 4

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
  /** f32 [4]: the largest |cⱼ| − thresholdⱼ outside a lane's support, or infinity where it is not known. */
  excess: usize
  /** i32 [4]: what is left of each lane's allowance. */
  allowance: usize
  /** f32 [4, kp]: thresholds; infinite for working atoms. */
  thresholds: usize
  /** f32 [CAPACITY, STRIDE, 4]: lower Cholesky factors; f32 [CAPACITY, 4]: their inverse diagonals, 0 where a pivot vanished. */
  factor: usize
  inversePivot: usize
  /** f32 [CAPACITY, 4] each: a Newton step; the step in use, and what it takes from the correlations. */
  step: usize
  cut: usize
  pull: usize
  /** f32 [CAPACITY, 4]: what a rotation of the factors carries on. */
  carry: usize
  /** Rows of the factors that belong to the slots as they are. */
  factored: i32
  /** f32 [kp] */
  current: usize
  /** u32 and f32 [CAPACITY] */
  rows: usize
  values: usize
  /** i32 [CAPACITY]: slots of the support of the lane at work. */
  live: usize
  /** Slots in use in any lane. */
  size: i32
}

export function quadBytes(problem: Problem): usize {
  const vectors = <usize>CAPACITY << 4
  return aligned(offsetof<Quad>()) + 2 * (<usize>(STRIDE << 4) * <usize>CAPACITY) + 11 * vectors + 64 + (<usize>(LANES + 1) * <usize>problem.kp << 2) + 3 * (<usize>CAPACITY << 2) + 128
}

export function layQuad(problem: Problem, memory: usize): Quad {
  const quad = changetype<Quad>(memory)
  const vectors = <usize>CAPACITY << 4
  memory += aligned(offsetof<Quad>())
  quad.gram = memory
  memory += <usize>(STRIDE << 4) * <usize>CAPACITY
  quad.factor = memory
  memory += <usize>(STRIDE << 4) * <usize>CAPACITY
  quad.z = memory
  quad.g = memory + vectors
  quad.threshold = memory + 2 * vectors
  quad.curvature = memory + 3 * vectors
  quad.inverse = memory + 4 * vectors
  quad.atoms = memory + 5 * vectors
  quad.inversePivot = memory + 6 * vectors
  quad.step = memory + 7 * vectors
  quad.cut = memory + 8 * vectors
  quad.pull = memory + 9 * vectors
  quad.carry = memory + 10 * vectors
  memory += 11 * vectors
  quad.sizes = memory
  quad.excess = memory + 16
  quad.allowance = memory + 32
  memory += 64
  quad.thresholds = memory
  memory += <usize>LANES * <usize>problem.kp << 2
  quad.current = memory
  memory += <usize>problem.kp << 2
  quad.rows = memory
  memory += <usize>CAPACITY << 2
  quad.values = memory
  memory += <usize>CAPACITY << 2
  quad.live = memory
  return quad
}

@inline
export function sizeOf(quad: Quad, lane: i32): i32 {
  return load<i32>(quad.sizes + (<usize>lane << 2))
}

export function largestSize(quad: Quad): i32 {
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
  const row = quad.gram + <usize>(slot * STRIDE) * 16
  for (let i = 0; i <= slot; i++) {
    v128.store(row + (<usize>i << 4), zero)
    v128.store(quad.gram + (<usize>(i * STRIDE + slot) << 4), zero)
  }
  v128.store(quad.z + at, zero)
  v128.store(quad.g + at, zero)
  v128.store(quad.curvature + at, zero)
  v128.store(quad.inverse + at, zero)
  v128.store(quad.threshold + at, f32x4.splat(Infinity))
  // Gram entries are gathered for empty slots too, where they mean nothing.
  v128.store(quad.atoms + at, zero)
}

/** The coefficient of slot `i`, whose correlation is `g`, that minimizes the energy over it alone; `free`: infinite where z ≥ 0, else 0. */
@inline
export function minimumOf(quad: Quad, i: usize, g: v128, free: v128): v128 {
  const old = v128.load(quad.z + i)
  const threshold = v128.load(quad.threshold + i)
  const u = f32x4.add(g, f32x4.mul(v128.load(quad.curvature + i), old))
  const kept = f32x4.pmin(f32x4.pmax(u, f32x4.sub(f32x4.neg(threshold), free)), threshold)
  return f32x4.mul(f32x4.sub(u, kept), v128.load(quad.inverse + i))
}

/** Lists the slots of a lane whose coefficient is not 0 in `live`; returns how many there are. */
export function listLive(quad: Quad, lane: i32): i32 {
  const size = sizeOf(quad, lane)
  let count: usize = 0
  let at = quad.z + (<usize>lane << 2)
  for (let slot = 0; slot < size; slot++) {
    store<i32>(quad.live + (count << 2), slot)
    count += <usize>i32(load<f32>(at) != 0)
    at += 16
  }
  return <i32>count
}

/** Adds an atom with correlation `c` to a lane. */
export function admit(problem: Problem, quad: Quad, lane: i32, atom: i32, c: f32): void {
  const slot = sizeOf(quad, lane)
  if (slot == quad.size) openSlots(quad)
  const gram = problem.gramHigh + ((<usize>atom * <usize>problem.kp) << 2)
  const offset = <usize>lane << 2
  let atoms = quad.atoms + offset
  let across = quad.gram + (<usize>(slot * STRIDE) << 4) + offset
  let down = quad.gram + (<usize>slot << 4) + offset
  for (let i = 0; i < slot; i++) {
    const value = load<f32>(gram + (<usize>load<i32>(atoms) << 2))
    store<f32>(across, value)
    store<f32>(down, value)
    atoms += 16
    across += 16
    down += <usize>STRIDE << 4
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

/** All bits of the lanes whose bit is set in `bits`. */
@inline
export function lanesOf(bits: i32): v128 {
  return i32x4.ne(v128.and(i32x4.splat(bits), i32x4(1, 2, 4, 8)), i32x4.splat(0))
}

/** Address of row `index` of a matrix of the quad. */
@inline
export function quadRow(base: usize, index: i32): usize {
  return base + (<usize>(index * STRIDE) << 4)
}

/** Lets go of a lane's atoms that are at 0; each place is taken by the lane's last atom. They may come back as violators. */
export function dropIdle(problem: Problem, quad: Quad, lane: i32): void {
  const offset = <usize>lane << 2
  const step = <usize>STRIDE << 4
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
