/**
 * The small dense problem over a working set of atoms, in double precision:
 *
 *     min over z of ½zᵀ(G + μI)z − qᵀz + Σ thresholdᵢ|zᵢ|,   G = the working atoms' Gram matrix, q = their Wᵀy.
 *
 * Coordinate descent finds the signs; a Cholesky solve on the support then lands on the optimum.
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

/** Sweeps of coordinate descent before each solve. */
const SWEEPS: i32 = 1
/** Rounds without a lower energy after which rounding is to blame. */
const PATIENCE: i32 = 3
const EPSILON_PIVOT: f64 = 1e-10
/** How far a correlation may exceed its threshold, relative to it, and still count as settled. */
const SETTLED: f64 = 1e-11

@inline
function row(base: usize, set: WorkingSet, index: i32): usize {
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

/** Lists the support in slot order and keeps the factor's rows that still belong to it. Returns its size. */
function listSupport(set: WorkingSet): i32 {
  let count = 0
  let kept = true
  for (let i = 0; i < set.size; i++) {
    if (load<f64>(at8(set.z, i)) == 0) continue
    const place = set.order + (<usize>count << 2)
    if (kept && (count >= set.factored || load<i32>(place) != i)) {
      kept = false
      set.factored = min(set.factored, count)
    }
    store<i32>(place, i)
    count++
  }
  set.factored = min(set.factored, count)
  return count
}

/**
 * Reduces the leading `count` entries of four rows of the factor against its finished rows: four chains of dependent
 * operations run side by side.
 */
@inline
function reduceFour(set: WorkingSet, first: usize, step: usize, count: i32): void {
  const r1 = first + step
  const r2 = r1 + step
  const r3 = r2 + step
  let other = set.factor
  for (let j = 0; j < count; j++) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    const even = <usize>(j & ~1) << 3
    for (let at: usize = 0; at < even; at += 16) {
      const b = v128.load(other + at)
      s0 = f64x2.add(s0, f64x2.mul(v128.load(first + at), b))
      s1 = f64x2.add(s1, f64x2.mul(v128.load(r1 + at), b))
      s2 = f64x2.add(s2, f64x2.mul(v128.load(r2 + at), b))
      s3 = f64x2.add(s3, f64x2.mul(v128.load(r3 + at), b))
    }
    // Sums of lanes, two rows a register.
    let t0 = f64x2.add(i64x2.shuffle(s0, s1, 0, 2), i64x2.shuffle(s0, s1, 1, 3))
    let t1 = f64x2.add(i64x2.shuffle(s2, s3, 0, 2), i64x2.shuffle(s2, s3, 1, 3))
    if (j & 1) {
      const b = v128.load64_splat(other + even)
      t0 = f64x2.add(t0, f64x2.mul(pair(first + even, r1 + even), b))
      t1 = f64x2.add(t1, f64x2.mul(pair(r2 + even, r3 + even), b))
    }
    const inverse = v128.load64_splat(at8(set.inverseDiagonal, j))
    const here = <usize>j << 3
    t0 = f64x2.mul(f64x2.sub(pair(first + here, r1 + here), t0), inverse)
    t1 = f64x2.mul(f64x2.sub(pair(r2 + here, r3 + here), t1), inverse)
    v128.store64_lane(first + here, t0, 0)
    v128.store64_lane(r1 + here, t0, 1)
    v128.store64_lane(r2 + here, t1, 0)
    v128.store64_lane(r3 + here, t1, 1)
    other += step
  }
}

@inline
function pair(low: usize, high: usize): v128 {
  return v128.load64_lane(high, v128.load64_zero(low), 1)
}

/** Copies the Gram entries of support row `i` with the rows before it and itself into the factor's row. */
function gather(set: WorkingSet, i: i32): void {
  const gram = row(set.gram, set, load<i32>(set.order + (<usize>i << 2)))
  let out = row(set.factor, set, i)
  let slot = set.order
  const end = slot + (<usize>(i + 1) << 2)
  for (; slot < end; slot += 4) {
    store<f64>(out, load<f64>(at8(gram, load<i32>(slot))))
    out += 8
  }
}

/** Extends the Cholesky factor to `count` rows. Returns `count`, or the row whose pivot vanished. */
function extendFactor(set: WorkingSet, count: i32): i32 {
  const step = <usize>set.stride << 3
  let i = set.factored
  while (i < count) {
    const together = i + 4 <= count ? 4 : 1
    const done = i
    for (let r = 0; r < together; r++) gather(set, i + r)
    if (together == 4) reduceFour(set, row(set.factor, set, i), step, done)
    for (let r = 0; r < together; r++, i++) {
      const own = row(set.factor, set, i)
      const curvature = load<f64>(at8(own, i))
      for (let j = together == 4 ? done : 0; j < i; j++) {
        const place = at8(own, j)
        store<f64>(place, (load<f64>(place) - dot(own, row(set.factor, set, j), j)) * load<f64>(at8(set.inverseDiagonal, j)))
      }
      const pivot = curvature - dot(own, own, i)
      if (!(pivot > EPSILON_PIVOT * curvature)) {
        set.factored = i
        return i
      }
      store<f64>(at8(set.inverseDiagonal, i), 1 / sqrt(pivot))
    }
  }
  set.factored = count
  return count
}

/** Solves LLᵀx = solution in place, over the first `count` rows of the factor. */
function solveFactored(set: WorkingSet, count: i32): void {
  const x = set.solution
  for (let i = 0; i < count; i++) {
    const place = at8(x, i)
    store<f64>(place, (load<f64>(place) - dot(row(set.factor, set, i), x, i)) * load<f64>(at8(set.inverseDiagonal, i)))
  }
  backSubstitute(set, count)
}

/** Solves Lᵀx = solution in place. */
function backSubstitute(set: WorkingSet, count: i32): void {
  const x = set.solution
  for (let i = count - 1; i >= 0; i--) {
    const value = load<f64>(at8(x, i)) * load<f64>(at8(set.inverseDiagonal, i))
    subtractScaled(x, value, row(set.factor, set, i), i)
    // An odd length has also touched this entry.
    store<f64>(at8(x, i), value)
  }
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
    if ((nonNegative ? g : abs(g)) > threshold * (1 + SETTLED)) return false
  }
  return true
}

/**
 * Minimizes over the working set, from its z and g; where `start` says that their signs are good, the first round solves
 * at once. Returns the rounds it took (at most `maxRounds`); `g` is up to date,
 * and where the rounds sufficed z is the optimum to double precision.
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

/** The largest ratio of a working correlation to its threshold. */
export function largestRatio(set: WorkingSet, nonNegative: bool): f64 {
  let largest: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const g = load<f64>(at8(set.g, i))
    largest = max(largest, (nonNegative ? g : abs(g)) / load<f64>(at8(set.threshold, i)))
  }
  return largest
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
