/**
 * Supports of a quad that change while their Cholesky factors stay: an atom that leaves takes its row and column out of LLᵀ, which
 * adds its column's outer product to what follows,
 *
 *     L₃L₃ᵀ ← L₃L₃ᵀ + vvᵀ,   v = the column of L below the atom's diagonal,
 *
 * by plane rotations (Gill, Golub, Murray and Saunders 1974, method C1); atoms that enter stand behind all others.
 */
import { Problem } from './problem'
import { LANES, Quad, minimumOf, quadRow, sizeOf } from './quad'

/** The lane's first slot from `from` on that holds an atom at 0, or −1. */
function idleSlot(quad: Quad, lane: i32, from: i32): i32 {
  const size = sizeOf(quad, lane)
  for (let slot = from; slot < size; slot++) {
    const at = (<usize>slot << 4) + (<usize>lane << 2)
    if (load<f32>(quad.z + at) == 0 && load<f32>(quad.curvature + at) > 0) return slot
  }
  return -1
}

/** Empties a lane's slot; its atom may come back as a violator. */
function release(problem: Problem, quad: Quad, lane: i32, slot: i32): void {
  const at = (<usize>slot << 4) + (<usize>lane << 2)
  const atom = load<i32>(quad.atoms + at)
  store<f32>(quad.thresholds + (<usize>(lane * problem.kp + atom) << 2), load<f32>(quad.threshold + at))
  store<f32>(quad.threshold + at, Infinity)
  store<f32>(quad.curvature + at, 0)
  store<f32>(quad.inverse + at, 0)
}

/** LLᵀ ← LLᵀ + vvᵀ in the rows from `first` on, v in `carry`; a slot whose pivot is 0 stays as it is. */
function rotate(quad: Quad, first: i32): void {
  const rows = quad.factored
  const one = f32x4.splat(1)
  const step = quadRow(0, 1)
  for (let k = first; k < rows; k++) {
    const at = <usize>k << 4
    const pivot = v128.load(quad.inversePivot + at)
    const t = f32x4.mul(v128.load(quad.carry + at), pivot)
    if (!v128.any_true(f32x4.ne(t, f32x4.splat(0)))) continue
    const shrink = f32x4.div(one, f32x4.sqrt(f32x4.add(one, f32x4.mul(t, t))))
    v128.store(quad.inversePivot + at, f32x4.mul(pivot, shrink))
    let entry = quadRow(quad.factor, k + 1) + at
    const end = quad.carry + (<usize>rows << 4)
    for (let v = quad.carry + at + 16; v < end; v += 16) {
      const own = v128.load(entry)
      const carried = v128.load(v)
      v128.store(entry, f32x4.mul(f32x4.add(own, f32x4.mul(t, carried)), shrink))
      v128.store(v, f32x4.mul(f32x4.sub(carried, f32x4.mul(t, own)), shrink))
      entry += step
    }
  }
}

/** Lets go of the atoms at 0 in the lanes whose bit is set in `lanes`, an atom of each lane at a time. */
export function letGo(problem: Problem, quad: Quad, lanes: i32): void {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0
  while (lanes != 0) {
    let first = quad.factored
    memory.fill(quad.carry, 0, <usize>quad.size << 4)
    for (let lane = 0; lane < LANES; lane++) {
      if (!(lanes & (1 << lane))) continue
      const slot = idleSlot(quad, lane, lane == 0 ? s0 : lane == 1 ? s1 : lane == 2 ? s2 : s3)
      if (slot < 0) {
        lanes &= ~(1 << lane)
        continue
      }
      if (lane == 0) s0 = slot
      else if (lane == 1) s1 = slot
      else if (lane == 2) s2 = slot
      else s3 = slot
      release(problem, quad, lane, slot)
      if (slot >= quad.factored) continue
      const offset = <usize>lane << 2
      store<f32>(quad.inversePivot + (<usize>slot << 4) + offset, 0)
      let entry = quadRow(quad.factor, slot + 1) + (<usize>slot << 4) + offset
      for (let i = slot + 1; i < quad.factored; i++) {
        store<f32>(quad.carry + (<usize>i << 4) + offset, load<f32>(entry))
        entry += quadRow(0, 1)
      }
      first = min(first, slot + 1)
    }
    rotate(quad, first)
  }
}

/** Gives the atoms in the slots from `first` on, one after the other, the coefficients that minimize the energy over them alone. */
export function enter(quad: Quad, first: i32, nonNegative: bool): void {
  const bytes = <usize>quad.size << 4
  const free = nonNegative ? f32x4.splat(Infinity) : f32x4.splat(0)
  for (let slot = first; slot < quad.size; slot++) {
    const i = <usize>slot << 4
    const value = minimumOf(quad, i, v128.load(quad.g + i), free)
    v128.store(quad.z + i, value)
    const row = quadRow(quad.gram, slot)
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(quad.g + at, f32x4.sub(v128.load(quad.g + at), f32x4.mul(value, v128.load(row + at))))
    }
  }
}
