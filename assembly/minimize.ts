/**
 * Minimizes over a working set: coordinate descent finds the signs; a Cholesky solve on the support then lands on the
 * optimum.
 */
import { at8 } from './addresses'
import { backSubstitute, extendFactor, listSupport, solveFactored } from './supportFactor'
import { WorkingSet, refresh, row } from './workingSet'

/** Sweeps of coordinate descent before each solve. */
const SWEEPS: i32 = 1
/** Rounds without a lower energy after which rounding is to blame. */
const PATIENCE: i32 = 3

/**
 * One sweep of coordinate descent, without branches on the data; returns by how much the largest change of a correlation
 * exceeds a thousandth of its threshold. Scalars live in both lanes: pmin and pmax are single instructions, min and max
 * of the scalar kind are not.
 */
function sweep(set: WorkingSet, nonNegative: bool): f64 {
  const size = set.size
  const step = <usize>set.stride << 3
  const bytes = <usize>size << 3
  const g = set.g
  let z = set.z
  let thresholds = set.threshold
  let inverse = set.inverseCurvature
  let own = set.gram
  let diagonal = set.gram
  let largest = f64x2.splat(0)
  const zero = f64x2.splat(0)
  const share = f64x2.splat(1e-3)
  const free = nonNegative ? f64x2.splat(Infinity) : zero
  for (let i: usize = 0; i < bytes; i += 8) {
    const curvature = v128.load64_splat(diagonal)
    const old = v128.load64_splat(z)
    const threshold = v128.load64_splat(thresholds)
    const u = f64x2.add(v128.load64_splat(g + i), f64x2.mul(curvature, old))
    const low = f64x2.sub(f64x2.sub(zero, threshold), free)
    const kept = f64x2.pmin(f64x2.pmax(u, low), threshold)
    const value = f64x2.mul(f64x2.sub(u, kept), v128.load64_splat(inverse))
    const change = f64x2.sub(value, old)
    v128.store64_lane(z, value, 0)
    largest = f64x2.pmax(largest, f64x2.sub(f64x2.mul(f64x2.abs(change), curvature), f64x2.mul(share, threshold)))
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(g + at, f64x2.sub(v128.load(g + at), f64x2.mul(change, v128.load(own + at))))
    }
    z += 8
    thresholds += 8
    inverse += 8
    own += step
    diagonal += step + 8
  }
  return f64x2.extract_lane(largest, 0)
}

/** Moves z on the support by `length` times `solution` (a direction); the entry that the step is said to stop is set to 0. */
function move(set: WorkingSet, count: i32, length: f64, stopped: i32): void {
  for (let i = 0; i < count; i++) {
    const place = at8(set.z, load<i32>(set.order + (<usize>i << 2)))
    store<f64>(place, i == stopped ? 0 : load<f64>(place) + length * load<f64>(at8(set.solution, i)))
  }
}

/** The first support entry that reaches 0 on the way along `solution`; its length is left in `inverseDiagonal[capacity]`. */
function firstCrossing(set: WorkingSet, count: i32): i32 {
  let first = -1
  let length: f64 = Infinity
  for (let i = 0; i < count; i++) {
    const value = load<f64>(at8(set.z, load<i32>(set.order + (<usize>i << 2))))
    const direction = load<f64>(at8(set.solution, i))
    if (value * direction < 0) {
      const reach = -value / direction
      if (reach < length) {
        length = reach
        first = i
      }
    }
  }
  store<f64>(at8(set.inverseDiagonal, set.capacity), length)
  return first
}

/**
 * Atoms of the support are linearly dependent at row `dependent`: along their null direction the energy is linear, so
 * z moves downhill until an entry reaches 0. Returns false where no entry does (the energy is flat along it).
 */
function leaveDependence(set: WorkingSet, dependent: i32): bool {
  const own = row(set.factor, set, dependent)
  for (let j = 0; j < dependent; j++) store<f64>(at8(set.solution, j), -load<f64>(at8(own, j)))
  backSubstitute(set, dependent)
  store<f64>(at8(set.solution, dependent), 1)
  let slope: f64 = 0
  for (let i = 0; i <= dependent; i++) {
    const slot = load<i32>(set.order + (<usize>i << 2))
    const sign: f64 = load<f64>(at8(set.z, slot)) > 0 ? 1 : -1
    slope += (sign * load<f64>(at8(set.threshold, slot)) - load<f64>(at8(set.g, slot))) * load<f64>(at8(set.solution, i))
  }
  if (slope > 0) for (let i = 0; i <= dependent; i++) store<f64>(at8(set.solution, i), -load<f64>(at8(set.solution, i)))
  const first = firstCrossing(set, dependent + 1)
  if (first < 0) return false
  move(set, dependent + 1, load<f64>(at8(set.inverseDiagonal, set.capacity)), first)
  return true
}

/** The energy of the working set's z, ½‖y‖² aside. */
function objective(set: WorkingSet): f64 {
  let sum: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const value = load<f64>(at8(set.z, i))
    const pull = load<f64>(at8(set.q, i)) + load<f64>(at8(set.g, i))
    sum += abs(value) * load<f64>(at8(set.threshold, i)) - 0.5 * value * pull
  }
  return sum
}

/** Whether every entry of the working set meets its optimality condition. */
function settled(set: WorkingSet, nonNegative: bool): bool {
  for (let i = 0; i < set.size; i++) {
    const g = load<f64>(at8(set.g, i))
    const threshold = load<f64>(at8(set.threshold, i))
    if ((nonNegative ? g : abs(g)) > threshold * (1 + set.slack)) return false
  }
  return true
}

/**
 * Minimizes over the working set, from its z and g; where `start` says that their signs are good, the first round solves
 * at once. Returns the rounds it took (at most `maxRounds`); `g` is up to date,
 * and where the rounds sufficed z is the optimum to `slack`.
 */
export function minimize(set: WorkingSet, nonNegative: bool, start: bool, maxRounds: i32): i32 {
  const firstSweep = start ? SWEEPS : 0
  let best: f64 = Infinity
  let idle = 0
  let round = 0
  while (round < maxRounds) {
    round++
    let change: f64 = 0
    for (let s = round == 1 ? firstSweep : 0; s < SWEEPS; s++) {
      change = sweep(set, nonNegative)
      if (change <= 0) break
    }
    let landed = false
    for (;;) {
      const count = listSupport(set)
      if (count == 0) break
      const rank = extendFactor(set, count)
      if (rank < count) {
        if (!leaveDependence(set, rank)) break
        refresh(set)
        continue
      }
      // The Newton step d solves (G + μI)d = g − threshold·sign on the support.
      for (let i = 0; i < count; i++) {
        const slot = load<i32>(set.order + (<usize>i << 2))
        const threshold = load<f64>(at8(set.threshold, slot))
        const g = load<f64>(at8(set.g, slot))
        store<f64>(at8(set.solution, i), load<f64>(at8(set.z, slot)) > 0 ? g - threshold : g + threshold)
      }
      solveFactored(set, count)
      const first = firstCrossing(set, count)
      const length = load<f64>(at8(set.inverseDiagonal, set.capacity))
      if (first >= 0 && length <= 1) {
        move(set, count, length, first)
        refresh(set)
        continue
      }
      move(set, count, 1, -1)
      refresh(set)
      landed = true
      break
    }
    if (landed ? settled(set, nonNegative) : change <= 0) break
    // Where rounding keeps optimality from being met to the last digit, the energy stops falling.
    const energy = objective(set)
    if (best < Infinity && !(energy < best - 1e-15 * abs(best))) {
      if (++idle == PATIENCE) break
    } else {
      idle = 0
    }
    best = min(best, energy)
  }
  return round
}

/**
 * Least squares on the whole working set (thresholds aside). False, with z as it was, where the newest atom depends on the
 * others, or where z must not be negative and would be.
 */
export function minimizeSmooth(set: WorkingSet, nonNegative: bool): bool {
  const count = set.size
  for (let i = 0; i < count; i++) {
    store<i32>(set.order + (<usize>i << 2), i)
    store<f64>(at8(set.solution, i), load<f64>(at8(set.q, i)))
  }
  let fits = extendFactor(set, count) == count
  if (fits) {
    solveFactored(set, count)
    if (nonNegative) for (let i = 0; i < count; i++) fits = fits && load<f64>(at8(set.solution, i)) >= 0
  }
  if (!fits) {
    set.size = count - 1
    set.factored = min(set.factored, set.size)
    return false
  }
  memory.copy(set.z, set.solution, <usize>count << 3)
  return true
}
