import { expect } from 'vitest'
import type { Regularizer } from '../../src/energy/regularizer.js'
import type { Inference } from '../../src/inference/inference.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { type CodingProblem, codingProblems, denseCode, descent, energy } from '../reference/codingProblem.js'
import { dot, norm } from '../reference/linearAlgebra.js'
import { dualRatio, isConvex, penalty } from '../reference/penalty.js'
import { type Bracket, slowSolver } from '../reference/slowSolver.js'

/** The brackets of the least energies of a batch, found slowly; undefined for regularizers that are not convex. */
export function slowBrackets(atoms: Tensor, observations: Tensor, regularizer: Regularizer): (Bracket | undefined)[] {
  return codingProblems(atoms, observations, regularizer).map((problem) =>
    isConvex(problem.config) ? slowSolver(problem) : undefined,
  )
}

/** What double precision can resolve of a problem's energy. */
function resolution(problem: CodingProblem, z: readonly number[]): number {
  const reach = norm(problem.y) + problem.atoms.reduce((sum, atom, j) => sum + Math.abs(z[j]) * norm(atom), 0)
  return 1e-13 * (0.5 * reach * reach + penalty(problem.config, problem.lambda, z))
}

/**
 * Expects that results are about the codes that came with them: the energy is that of the code, the gap reaches down to the
 * least energy, and the optimality conditions hold as far as the gap says.
 */
export function expectCertified(
  { atoms, observations, regularizer }: { atoms: Tensor; observations: Tensor; regularizer: Regularizer },
  inference: Inference,
  brackets: readonly (Bracket | undefined)[] = slowBrackets(atoms, observations, regularizer),
): void {
  const problems = codingProblems(atoms, observations, regularizer)
  expect(inference.codes.shape).toEqual([problems.length, atoms.shape[0]])
  expect(inference.energy.length).toBe(problems.length)
  for (const [i, problem] of problems.entries()) {
    const z = denseCode(inference.codes, i)
    const given = inference.energy[i]
    const noise = resolution(problem, z)
    const place = `row ${i}, λ ${problem.lambda}, ${inference.steps[i]} steps, ${inference.status[i]}`
    expect(Math.abs(given - energy(problem, z)), `${place}: energy ${given}`).toBeLessThanOrEqual(1e-12 * given + noise)
    for (let at = inference.codes.indptr[i] + 1; at < inference.codes.indptr[i + 1]; at++) {
      expect(inference.codes.indices[at], place).toBeGreaterThan(inference.codes.indices[at - 1])
    }
    const bracket = brackets[i]
    if (!bracket || !inference.gap) continue
    const gap = inference.gap[i]
    expect(gap, place).toBeGreaterThanOrEqual(0)
    expect(given, `${place}: energy below the optimum`).toBeGreaterThanOrEqual(bracket.lower - noise)
    expect(given - gap, `${place}: energy ${given}, gap ${gap} ends above the optimum`).toBeLessThanOrEqual(
      bracket.upper + noise,
    )
    expectOptimality(problem, z, gap + noise, place)
  }
}

/**
 * A gap g bounds the rest: ½‖W(z − z*)‖² ≤ g, so no correlation is further than ‖w‖√(2g) from its optimum, which is inside
 * the dual ball; and λR(z) − cᵀz is at most g and what leaving the ball may add.
 */
function expectOptimality(problem: CodingProblem, z: readonly number[], gap: number, place: string): void {
  const { config, lambda, atoms } = problem
  if (lambda === 0) return
  const c = descent(problem, z)
  const group = config.kind === 'group' ? Math.sqrt(config.groupSize!) : 1
  const longest = Math.max(...atoms.map(norm))
  const lightest = config.kind === 'weighted-l1' ? Math.min(...config.weights!) : 1
  const single = 6e-8 * (longest * longest * z.reduce((sum, value) => sum + Math.abs(value), 0))
  const mu = config.ridge ?? 0
  const reach = (group * ((longest + Math.sqrt(mu)) * Math.sqrt(2 * gap) + single)) / (lambda * lightest)
  expect(dualRatio(config, lambda, c), `${place}: outside the dual ball`).toBeLessThanOrEqual(
    1 + reach * (1 + 1e-9) + 1e-9,
  )
  const linear = penalty({ ...config, ridge: 0 }, lambda, z)
  expect(linear - dot(c, z), `${place}: slack on the support`).toBeLessThanOrEqual(gap + (reach + 1e-6) * linear)
}

/** Expects the relative gap that was asked for, where a row says that it converged. */
export function expectConverged(inference: Inference, tolerance: number): void {
  for (const [i, status] of inference.status.entries()) {
    expect(status, `row ${i}: energy ${inference.energy[i]}, gap ${inference.gap?.[i]}`).toBe('converged')
    if (inference.gap) {
      // A point whose energy is lost in the rounding of ½‖y‖² cannot do better.
      expect(inference.gap[i], `row ${i}`).toBeLessThanOrEqual(tolerance * inference.energy[i] * 1.1 + 1e-11)
    }
  }
}
