/** The code of a working set as it is written: rounded to single precision and sorted by atom. */
import { Scratch, presentBytes } from './activeSetScratch'
import { at8 } from './addresses'
import { dot } from './double'
import { Problem } from './problem'
import { WorkingSet, row } from './workingSet'

/** What is lost in the energy's own rounding, as a share of it. */
const LOST: f64 = 1e-16

/** What rounding takes from coefficient `i`. */
@inline
function roundingOf(set: WorkingSet, i: i32): f64 {
  const value = load<f64>(at8(set.z, i))
  return <f64><f32>value - value
}

/** By how much the energy grows when z is rounded: Σ(thresholdᵢ(|zᵢ + δᵢ| − |zᵢ|) − gᵢδᵢ) + ½δᵀGδ, where the last term can be seen. */
export function roundingCost(problem: Problem, set: WorkingSet, energy: f64): f64 {
  let cost: f64 = 0
  let lengths: f64 = 0
  for (let i = 0; i < set.size; i++) {
    const value = load<f64>(at8(set.z, i))
    const change = roundingOf(set, i)
    cost += load<f64>(at8(set.threshold, i)) * (abs(value + change) - abs(value)) - load<f64>(at8(set.g, i)) * change
    lengths += abs(change)
  }
  const curvature = problem.atomNorm * problem.atomNorm + problem.ridge
  if (lengths * lengths * curvature < LOST * energy) return cost
  for (let i = 0; i < set.size; i++) store<f64>(at8(set.solution, i), roundingOf(set, i))
  let squares: f64 = 0
  for (let i = 0; i < set.size; i++) {
    squares += load<f64>(at8(set.solution, i)) * dot(row(set.gram, set, i), set.solution, set.size)
  }
  return cost + 0.5 * squares
}

/** Rounds z in place. */
export function roundCode(set: WorkingSet): void {
  for (let i = 0; i < set.size; i++) store<f64>(at8(set.z, i), <f64><f32>load<f64>(at8(set.z, i)))
}

/** Writes the rounded coefficients that are not 0, by increasing atom, as the code of observation `index`; returns how many there are. */
export function writeSorted(problem: Problem, scratch: Scratch, set: WorkingSet, index: i32): i32 {
  const words = presentBytes(problem)
  memory.fill(scratch.present, 0, words)
  for (let slot = 0; slot < set.size; slot++) {
    if (<f32>load<f64>(at8(set.z, slot)) == 0) continue
    const atom = <usize>load<i32>(set.atoms + (<usize>slot << 2))
    store<i32>(scratch.slots + (atom << 2), slot)
    const word = scratch.present + ((atom >> 6) << 3)
    store<u64>(word, load<u64>(word) | (<u64>1 << (<u64>atom & 63)))
  }
  let at = <usize>index * <usize>problem.capacity << 2
  let count = 0
  for (let word: usize = 0; word < words; word += 8) {
    let bits = load<u64>(scratch.present + word)
    while (bits != 0) {
      const atom = <i32>(word << 3) + <i32>ctz(bits)
      bits &= bits - 1
      store<i32>(problem.outIndices + at, atom)
      store<f32>(problem.outValues + at, <f32>load<f64>(at8(set.z, load<i32>(scratch.slots + (<usize>atom << 2)))))
      at += 4
      count++
    }
  }
  return count
}
