/** A working set under a mask: its Gram entries, wᵢᵀ(M ⊙ wⱼ), are formed as atoms are admitted. */
import { at8 } from './addresses'
import { dot } from './double'
import { MaskedState, maskAtom, productWithMasked, thresholdOf } from './maskedState'
import { Problem } from './problem'
import { WorkingSet, row } from './workingSet'

/** Takes an atom into the working set with z = `start`; false for one that nothing observed touches. */
export function admitMasked(problem: Problem, state: MaskedState, set: WorkingSet, atom: i32, start: f64): bool {
  store<u8>(state.taken + <usize>atom, 1)
  const squares = maskAtom(problem, state, atom)
  if (!(squares > 0)) return false
  const slot = set.size
  const own = row(set.gram, set, slot)
  for (let i = 0; i < slot; i++) {
    const value = productWithMasked(problem, state, load<i32>(set.atoms + (<usize>i << 2)))
    store<f64>(at8(own, i), value)
    store<f64>(at8(row(set.gram, set, i), slot), value)
  }
  const q = load<f64>(at8(state.q, atom))
  store<f64>(at8(own, slot), squares + problem.ridge)
  store<f64>(at8(set.inverseCurvature, slot), 1 / (squares + problem.ridge))
  store<i32>(set.atoms + (<usize>slot << 2), atom)
  store<f64>(at8(set.q, slot), q)
  store<f64>(at8(set.threshold, slot), thresholdOf(problem, state, atom))
  store<f64>(at8(set.z, slot), start)
  store<f64>(at8(set.g, slot), q - dot(own, set.z, slot))
  set.size = slot + 1
  return true
}

/** Copies the working set's coefficients to the whole code. */
export function scatterMasked(problem: Problem, state: MaskedState, set: WorkingSet): void {
  memory.fill(state.z, 0, <usize>problem.kp << 3)
  for (let i = 0; i < set.size; i++) {
    store<f64>(at8(state.z, load<i32>(set.atoms + (<usize>i << 2))), load<f64>(at8(set.z, i)))
  }
}
