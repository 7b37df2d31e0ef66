import type { SymParameters } from '../../energy/module.js'
import { cast, type Dimension, type ElementType, type Sym } from '../../graph/index.js'

/** Results of a graph by name. */
export type Outputs = Readonly<Record<string, Sym>>

/** How a graph gets a tensor that is known by name: as an input (`input` itself), or as what another graph makes. */
export type Lookup = (name: string, shape: readonly Dimension[], type?: ElementType) => Sym

/**
 * An algorithm as graphs over rows, one row an observation. Rows are tensors [n, …] known by name: `x`, `y` and `start` are given,
 * `begin` makes more of them, and `advance` makes some of those anew. Among these are `z`, `status` (see {@link RowStatus}), `count`,
 * the steps taken, and all that the next step depends on.
 */
export interface SolverGraphs {
  /** What is made of the parameters once: inputs of the other two, by name. */
  readonly prepare: Outputs
  begin(at: Lookup): Outputs
  /** Takes the scalars `steps` (int64) and `tolerance` as well. */
  advance(at: Lookup): Outputs
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

/** Parameters in another element type. */
export function castParameters(parameters: SymParameters, type: ElementType): SymParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, cast(value, type)]))
}
