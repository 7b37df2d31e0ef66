import type { RegularizerKind } from '../../src/energy/regularizer.js'
import type { SolverName } from '../../src/inference/linear/solvers.js'

/** A solver in the contract: one row makes it pass every test of `solvers.test.ts`. */
export interface SolverRow {
  readonly name: SolverName
  readonly serves: readonly RegularizerKind[]
  /** Reaches its tolerance on every dictionary, however badly conditioned. */
  readonly exact: boolean
  /** No step raises the energy. */
  readonly monotone: boolean
  /** Begins at the codes it is given. */
  readonly warm: boolean
}

const l1Like = ['l1', 'weighted-l1', 'nonnegative', 'elastic-net'] as const

export const solverTable: readonly SolverRow[] = [
  { name: 'active-set', serves: l1Like, exact: true, monotone: false, warm: true },
  { name: 'coordinate-descent', serves: [...l1Like, 'group', 'l0'], exact: false, monotone: true, warm: true },
  { name: 'fista', serves: [...l1Like, 'group'], exact: false, monotone: false, warm: true },
  { name: 'ista', serves: [...l1Like, 'group', 'top-k', 'l0'], exact: false, monotone: true, warm: true },
  { name: 'omp', serves: ['top-k'], exact: false, monotone: true, warm: false },
]
