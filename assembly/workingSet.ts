/**
 * The small dense problem over a working set of atoms, in double precision:
 *
 *     min over z of ½zᵀ(G + μI)z − qᵀz + Σ thresholdᵢ|zᵢ|,   G = the working atoms' Gram matrix, q = their Wᵀy.
 *
 * `minimize.ts` solves it, on the factor of `supportFactor.ts`.
 */
import { at8 } from './addresses'
import { dot, subtractScaled } from './double'

@unmanaged
export class WorkingSet {
  size: i32
  capacity: i32
  /** Doubles from one row of `gram` or `factor` to the next. */
  stride: i32
  /** Rows of `factor` that belong to the first entries of `order`. */
  factored: i32
  /** 1 where the factor's first rows hold single precision only. */
  rough: i32
  /** How far a correlation may exceed its threshold, relative to it, and still count as settled. */
  slack: f64
  /** i32 [capacity]: atoms. */
  atoms: usize
  /** i32 [capacity]: slots of the support, in the order of the factor's rows. */
  order: usize
  /** f64 [capacity] each. */
  q: usize
  z: usize
  /** q − (G + μI)z. */
  g: usize
  threshold: usize
  solution: usize
  inverseDiagonal: usize
  inverseCurvature: usize
  /** f64 [capacity, stride] */
  gram: usize
  factor: usize
}

/** What a settled correlation may exceed its threshold by, as a share of the tolerance within these bounds. */
export const LEAST_SLACK: f64 = 1e-11
const MOST_SLACK: f64 = 1e-4

/** Empties a working set that is to be minimized for a relative gap of `tolerance`. */
export function open(set: WorkingSet, tolerance: f64): void {
  set.size = 0
  set.factored = 0
  set.rough = 0
  set.slack = max(LEAST_SLACK, min(MOST_SLACK, 0.1 * tolerance))
}

/** The address of row `index` of the Gram matrix or the factor. */
@inline
export function row(base: usize, set: WorkingSet, index: i32): usize {
  return base + (<usize>(index * set.stride) << 3)
}

/** Lays a working set of `capacity` atoms over memory; returns the first byte behind it. */
export function layOut(set: WorkingSet, capacity: i32, memory: usize): usize {
  set.capacity = capacity
  set.stride = ((capacity + 1) & ~1) + 8
  const list = ((<usize>capacity << 2) + 15) & ~15
  const vector = <usize>(capacity + 2) << 3
  const matrix = (<usize>capacity * <usize>set.stride) << 3
  set.atoms = memory
  memory += list
  set.order = memory
  memory += list
  set.q = memory
  memory += vector
  set.z = memory
  memory += vector
  set.g = memory
  memory += vector
  set.threshold = memory
  memory += vector
  set.solution = memory
  memory += vector
  set.inverseDiagonal = memory
  memory += vector
  set.inverseCurvature = memory
  memory += vector
  memory = (memory + 15) & ~15
  set.gram = memory
  memory += matrix
  set.factor = memory
  return memory + matrix
}

/** Bytes that {@link layOut} takes. */
export function workingSetBytes(capacity: i32): usize {
  const stride = ((capacity + 1) & ~1) + 8
  return 2 * (((<usize>capacity << 2) + 15) & ~15) + 7 * (<usize>(capacity + 2) << 3) + 16 + 2 * ((<usize>capacity * <usize>stride) << 3)
}

/** Adds an atom with z = `start`; its Gram entries come from the high and low parts' rows. g of the others is not changed. */
export function admit(set: WorkingSet, atom: i32, q: f64, threshold: f64, ridge: f64, high: usize, low: usize): void {
  const slot = set.size
  const own = row(set.gram, set, slot)
  let down = at8(set.gram, slot)
  const step = <usize>set.stride << 3
  for (let i = 0; i < slot; i++) {
    const other = <usize>load<i32>(set.atoms + (<usize>i << 2)) << 2
    const value = <f64>load<f32>(high + other) + <f64>load<f32>(low + other)
    store<f64>(at8(own, i), value)
    store<f64>(down, value)
    down += step
  }
  const self = <usize>atom << 2
  const curvature = <f64>load<f32>(high + self) + <f64>load<f32>(low + self) + ridge
  store<f64>(at8(own, slot), curvature)
  store<f64>(at8(set.inverseCurvature, slot), 1 / curvature)
  store<i32>(set.atoms + (<usize>slot << 2), atom)
  store<f64>(at8(set.q, slot), q)
  store<f64>(at8(set.threshold, slot), threshold)
  store<f64>(at8(set.z, slot), 0)
  store<f64>(at8(set.g, slot), q - dot(own, set.z, slot))
  set.size = slot + 1
}

/** Recomputes g = q − (G + μI)z. */
export function refresh(set: WorkingSet): void {
  const size = set.size
  memory.copy(set.g, set.q, <usize>size << 3)
  for (let i = 0; i < size; i++) {
    const value = load<f64>(at8(set.z, i))
    if (value != 0) subtractScaled(set.g, value, row(set.gram, set, i), size)
  }
}

/** The largest ratio of a working correlation to its threshold. */
export function largestRatio(set: WorkingSet, nonNegative: bool): f64 {
  let largest: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const g = load<f64>(at8(set.g, i))
    largest = max(largest, (nonNegative ? g : abs(g)) / load<f64>(at8(set.threshold, i)))
  }
  return largest
}
