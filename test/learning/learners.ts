import { l1 } from '../../src/energy/regularizers/l1.js'
import { sharedEngine } from '../../src/kernels/engine.js'
import { DictionaryLearner, type LearnerSettings, type LearnerState } from '../../src/learning/dictionaryLearner.js'
import { type DictionaryUpdate, online } from '../../src/learning/dictionaryUpdate.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { rowsOf } from '../reference/linearAlgebra.js'

/** A learner whose dictionary is `atoms` and that has seen nothing. */
export async function learnerAt(
  atoms: Tensor,
  settings: Partial<LearnerSettings> = {},
  threads = 2,
): Promise<DictionaryLearner> {
  const [count] = atoms.shape
  const learner = new DictionaryLearner(await sharedEngine(threads), {
    atoms: count,
    shape: atoms.shape.slice(1),
    size: atoms.data.length / count,
    start: 'observations',
    regularizer: l1({ lambda: 0.2 }),
    update: online(),
    nonNegativeAtoms: false,
    deadAfter: 1_000_000,
    seed: 0,
    batchSize: 256,
    tolerance: 1e-9,
    ...settings,
  })
  learner.restore({ ...learner.state(), atoms: atoms.data })
  return learner
}

/** The online update with another forgetting: `decay` times what was there, before every batch. */
export function forgettingBy(decay: number, leastUse = 1e-10): DictionaryUpdate {
  return { ...online(), leastUse, decay: () => decay }
}

/** A and B of a learner's state, without the padding of their rows. */
export function statisticsOf(state: LearnerState, atoms: Tensor): { a: number[][]; b: number[][] } {
  const [count] = atoms.shape
  const size = atoms.data.length / count
  const unpadded = (data: Float32Array, columns: number) =>
    rowsOf(data, count, data.length / count).map((row) => row.slice(0, columns))
  return { a: unpadded(state.codeProducts, count), b: unpadded(state.dataProducts, size) }
}
