import type { Regularizer, RegularizerConfig } from '../../src/energy/regularizer.js'
import type { Codes } from '../../src/inference/codes.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { dot, norm, rowsOf } from './linearAlgebra.js'
import { dualRatio, penalty, ridgeOf } from './penalty.js'

/** min over z of ½‖y − Wz‖² + λR(z) for one observation, in plain doubles. */
export interface CodingProblem {
  /** Atom j is `atoms[j]`, column j of W. */
  readonly atoms: readonly number[][]
  readonly y: readonly number[]
  readonly config: RegularizerConfig
  readonly lambda: number
}

/** Every row of a batch as a problem of its own; λ of a ratio comes from the row's own λmax. */
export function codingProblems(atoms: Tensor, observations: Tensor, regularizer: Regularizer): CodingProblem[] {
  const [count] = atoms.shape
  const size = count === 0 ? 0 : atoms.data.length / count
  const columns = rowsOf(atoms.data, count, size)
  const config = regularizer.describe()
  return rowsOf(observations.data, observations.shape[0], size).map((y) => ({
    atoms: columns,
    y,
    config,
    lambda: config.lambda ?? (config.lambdaRatio ?? 0) * lambdaMax(config, correlations(columns, y), columns),
  }))
}

/** Wᵀv */
export function correlations(atoms: readonly number[][], v: ArrayLike<number>): number[] {
  return atoms.map((atom) => dot(atom, v))
}

/** y − Wz, one number at a time. */
export function residual({ atoms, y }: CodingProblem, z: ArrayLike<number>): number[] {
  return y.map((value, p) => {
    let left = value
    for (let j = 0; j < atoms.length; j++) if (z[j] !== 0) left -= z[j] * atoms[j][p]
    return left
  })
}

/** E(z), from the residual. */
export function energy(problem: CodingProblem, z: ArrayLike<number>): number {
  const left = residual(problem, z)
  return 0.5 * dot(left, left) + penalty(problem.config, problem.lambda, z)
}

/** Minus the gradient of the smooth part: Wᵀ(y − Wz) − μz. */
export function descent(problem: CodingProblem, z: ArrayLike<number>): number[] {
  const mu = ridgeOf(problem.config)
  return correlations(problem.atoms, residual(problem, z)).map((c, j) => c - mu * z[j])
}

/** The smallest λ at which no single atom (or group) lowers the energy of z = 0. */
export function lambdaMax(config: RegularizerConfig, c: readonly number[], atoms: readonly number[][]): number {
  if (config.kind === 'l0') {
    return Math.max(0, ...c.map((value, j) => (value === 0 ? 0 : (0.5 * value * value) / dot(atoms[j], atoms[j]))))
  }
  return dualRatio(config, 1, c)
}

/**
 * P(z) − D(u) for the dual point u = s·(y − Wz, −√μz), s ≤ 1 as large as feasibility allows:
 * D(u) = ½‖y‖² − ½‖y − u₁‖² − ½‖u₂‖².
 */
export function dualityGap(problem: CodingProblem, z: ArrayLike<number>): number {
  const mu = ridgeOf(problem.config)
  const left = residual(problem, z)
  const ratio = dualRatio(problem.config, problem.lambda, descent(problem, z))
  const s = ratio > 1 ? 1 / ratio : 1
  const distance = problem.y.map((value, p) => value - s * left[p])
  const dual = 0.5 * dot(problem.y, problem.y) - 0.5 * dot(distance, distance) - 0.5 * s * s * mu * dot(z, z)
  return energy(problem, z) - dual
}

/** Row `i` of codes as a dense vector. */
export function denseCode(codes: Codes, i: number): number[] {
  const z = new Array<number>(codes.shape[1]).fill(0)
  for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++) z[codes.indices[at]] = codes.values[at]
  return z
}

/** The largest norm of an atom. */
export function largestNorm(problem: CodingProblem): number {
  return Math.max(0, ...problem.atoms.map(norm))
}
