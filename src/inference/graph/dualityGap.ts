import type { SymbolicDual } from '../../energy/graphRegularizer.js'
import { add, mul, type Sym, square, sub, sum } from '../../graph/index.js'

/** A code of a linear decoder: what its gap is computed from, each [n, 1] but for the vectors. */
export interface LinearPoint {
  /** [n, k] */
  readonly z: Sym
  /** Wᵀr with r = y − Wz, [n, k]. */
  readonly correlations: Sym
  /** ‖r‖² */
  readonly squares: Sym
  /** yᵀr */
  readonly alignment: Sym
  /** λR(z) */
  readonly penalty: Sym
}

/**
 * E(z) and its duality gap for E = ½‖y − Wz‖² + λR(z), [n, 1] each. With λR = g + ½μ‖·‖², c = Wᵀr − μz and the largest s ≤ 1 for
 * which g*(sc) is finite, the dual point s(r, −√μ z) bounds the minimum from below by s·yᵀr − ½s²‖r‖² − ½s²μ‖z‖² − g*(sc).
 */
export function dualityGap(
  { z, correlations, squares, alignment, penalty }: LinearPoint,
  dual: SymbolicDual,
  lambda: Sym,
): { readonly energy: Sym; readonly gap: Sym } {
  const { ridge } = dual
  const c = ridge > 0 ? sub(correlations, mul(ridge, z)) : correlations
  const s = dual.scale(c, lambda)
  const length = ridge > 0 ? add(squares, mul(ridge, sum(square(z), [1], true))) : squares
  const bound = sub(sub(mul(s, alignment), mul(mul(0.5, square(s)), length)), dual.conjugate(c, lambda))
  const energy = add(mul(0.5, squares), penalty)
  return { energy, gap: sub(energy, bound) }
}
