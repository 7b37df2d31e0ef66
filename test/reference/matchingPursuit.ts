import { type CodingProblem, residual } from './codingProblem.js'
import { dot, gram, norm, solveLinear } from './linearAlgebra.js'

/**
 * Orthogonal matching pursuit as it is told: the atom that makes the smallest angle with the residual joins, all
 * coefficients are fitted anew, until `active` atoms have joined or ½‖residual‖² ≤ tolerance·½‖y‖². `margin` is the least
 * lead with which a step's winner was ahead (a share of its score): where it is tiny, two programs may choose differently.
 */
export function matchingPursuit(
  problem: CodingProblem,
  active: number,
  tolerance: number,
): { z: number[]; order: number[]; margin: number } {
  const { atoms, y } = problem
  let z = atoms.map(() => 0)
  let margin = Number.POSITIVE_INFINITY
  const order: number[] = []
  while (order.length < Math.min(active, atoms.length)) {
    const left = residual(problem, z)
    if (0.5 * dot(left, left) <= tolerance * 0.5 * dot(y, y)) break
    const scores = atoms.map((atom, j) =>
      order.includes(j) || norm(atom) === 0 ? 0 : Math.abs(dot(atom, left)) / norm(atom),
    )
    const best = scores.indexOf(Math.max(...scores))
    if (!(scores[best] > 1e-12 * norm(y))) break
    const second = Math.max(...scores.filter((_, j) => j !== best), 0)
    margin = Math.min(margin, (scores[best] - second) / scores[best])
    const chosen = [...order, best].map((j) => atoms[j])
    const x = solveLinear(
      gram(chosen),
      chosen.map((atom) => dot(atom, y)),
    )
    if (!x) break
    order.push(best)
    z = atoms.map(() => 0)
    for (const [i, j] of order.entries()) z[j] = x[i]
  }
  return { z, order, margin }
}
