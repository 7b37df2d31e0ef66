import { type CodingProblem, energy } from './codingProblem.js'
import { dot, gram, solveLinear } from './linearAlgebra.js'
import { ridgeOf } from './penalty.js'

/** Every subset of 0 … n − 1 with at most `largest` members. */
export function* subsets(n: number, largest = n): Generator<number[]> {
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members = Array.from({ length: n }, (_, j) => j).filter((j) => (mask >> j) & 1)
    if (members.length <= largest) yield members
  }
}

/**
 * The least energy of an L1-like problem: for every support and all signs on it, the stationary point of the smooth
 * problem that these leave, where its signs are the assumed ones.
 */
export function bruteForce(problem: CodingProblem): { z: number[]; energy: number } {
  const { atoms, y, config, lambda } = problem
  const mu = ridgeOf(config)
  let best = { z: atoms.map(() => 0), energy: 0.5 * dot(y, y) }
  for (const support of subsets(atoms.length)) {
    const chosen = support.map((j) => atoms[j])
    const matrix = gram(chosen).map((row, i) => row.map((value, j) => (i === j ? value + mu : value)))
    const weights = support.map((j) => (config.kind === 'weighted-l1' ? Math.fround(config.weights![j]) : 1))
    for (let signs = 0; signs < 2 ** support.length; signs++) {
      if (config.kind === 'nonnegative' && signs > 0) break
      const sign = support.map((_, i) => ((signs >> i) & 1 ? -1 : 1))
      const x = solveLinear(
        matrix,
        chosen.map((atom, i) => dot(atom, y) - lambda * weights[i] * sign[i]),
      )
      if (!x || x.some((value, i) => value * sign[i] <= 0)) continue
      const z = atoms.map(() => 0)
      for (const [i, j] of support.entries()) z[j] = x[i]
      const value = energy(problem, z)
      if (value < best.energy) best = { z, energy: value }
    }
  }
  return best
}

/** The least energy of a problem that counts active atoms (top-k, L0): least squares on every support that is allowed. */
export function bestSubset(problem: CodingProblem): { z: number[]; energy: number } {
  const { atoms, y, config } = problem
  let best = { z: atoms.map(() => 0), energy: 0.5 * dot(y, y) }
  for (const support of subsets(atoms.length, config.active ?? atoms.length)) {
    const chosen = support.map((j) => atoms[j])
    const x = solveLinear(
      gram(chosen),
      chosen.map((atom) => dot(atom, y)),
    )
    if (!x) continue
    const z = atoms.map(() => 0)
    for (const [i, j] of support.entries()) z[j] = x[i]
    const value = energy(problem, z)
    if (value < best.energy) best = { z, energy: value }
  }
  return best
}
