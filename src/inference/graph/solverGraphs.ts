import type { LatentVariableEnergy } from '../../energy/latentVariableEnergy.js'
import type { SymParameters } from '../../energy/module.js'
import { cast, constant, type ElementType, input, type Sym } from '../../graph/index.js'

/** Results of a graph by name. */
export type Outputs = Readonly<Record<string, Sym>>

/**
 * An algorithm as graphs over rows, one row an observation. Rows are tensors [n, …] known by name: `x`, `y`, `lambda` and `start`
 * are given, `begin` makes more of them, and `advance` makes some of those anew. Among these are `z`, `status` (see
 * {@link RowStatus}), `count`, the steps taken, and all that the next step depends on.
 */
export interface SolverGraphs {
  /** What is made of the parameters once: inputs of the other two, by name. */
  readonly prepare: Outputs
  readonly begin: Outputs
  /** Takes the scalar inputs `steps` (int64) and `tolerance` as well. */
  readonly advance: Outputs
  /**
   * What is said of the codes `z` that are returned: their `energy`, and `gap` or `stationarity`, [n, 1] in double precision. Takes
   * the columns named in `kept` as well, as the last step left them.
   */
  readonly finish: Outputs
  readonly kept: readonly string[]
  /** Numbers multiplied with one another in a step, an observation: what a step costs, roughly. */
  readonly work: number
}

/** How a row stands; a number in its `status`. */
export const RowStatus = { active: 0, converged: 1, stalled: 2, diverged: 3, nonFinite: 4 } as const

/** λ of an energy's regularizer: a constant, or the input `lambda` [n, 1] where each observation has its own. */
export function strengthOf({ regularizer }: LatentVariableEnergy, type: ElementType = 'float32'): Sym | undefined {
  if (!regularizer) return undefined
  const { strength } = regularizer
  if (strength === undefined) return constant(0, type)
  return 'lambda' in strength ? constant(strength.lambda, type) : cast(input('lambda', ['n', 1]), type)
}

/** Parameters in another element type. */
export function castParameters(parameters: SymParameters, type: ElementType): SymParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, cast(value, type)]))
}
