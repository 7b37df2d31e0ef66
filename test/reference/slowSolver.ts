import { type CodingProblem, descent, dualityGap, energy } from './codingProblem.js'
import { dot, norm } from './linearAlgebra.js'
import { groups, ridgeOf } from './penalty.js'

/** A point of a convex problem with the interval that holds the least energy. */
export interface Bracket {
  readonly z: number[]
  readonly lower: number
  readonly upper: number
}

/**
 * Block coordinate descent on the residual itself, in double precision, one block after the other until the duality gap
 * is 10⁻¹³ of the energy or the sweeps are spent (the bracket is then wider, and as true): what every solver of a convex
 * problem is held against.
 */
export function slowSolver(problem: CodingProblem, sweeps = 600): Bracket {
  const { atoms, y, config, lambda } = problem
  const mu = ridgeOf(config)
  const z = new Array<number>(atoms.length).fill(0)
  const left = [...y]
  const blocks = groups(config, atoms.length).map((block) => ({
    block,
    curvature: block.reduce((sum, j) => sum + dot(atoms[j], atoms[j]) + mu, 0),
  }))
  const squares = dot(y, y)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const { block, curvature } of blocks) {
      if (curvature === 0) continue
      const v = block.map((j) => z[j] + (dot(atoms[j], left) - mu * z[j]) / curvature)
      const threshold =
        (lambda * (config.kind === 'weighted-l1' ? Math.fround(config.weights![block[0]]) : 1)) / curvature
      const cut = config.kind === 'nonnegative' ? v.map((value) => Math.max(0, value)) : v
      const length = norm(cut)
      const next = cut.map((value) => (length > threshold ? value * (1 - threshold / length) : 0))
      for (const [i, j] of block.entries()) {
        const change = next[i] - z[j]
        if (change === 0) continue
        z[j] = next[i]
        for (let p = 0; p < y.length; p++) left[p] -= change * atoms[j][p]
      }
    }
    if (sweep % 10 === 9) {
      const gap = dualityGap(problem, z)
      if (gap <= 1e-13 * energy(problem, z) || gap <= 1e-15 * squares) break
    }
  }
  const upper = energy(problem, z)
  return { z, upper, lower: upper - Math.max(0, dualityGap(problem, z)) }
}

/** The largest amount by which z misses an optimality condition of an L1-like regularizer, as a share of λ·weight. */
export function optimalityViolation(problem: CodingProblem, z: ArrayLike<number>): number {
  const { config, lambda } = problem
  const c = descent(problem, z)
  return Math.max(
    0,
    ...c.map((value, j) => {
      const threshold = lambda * (config.kind === 'weighted-l1' ? Math.fround(config.weights![j]) : 1)
      const missed =
        z[j] !== 0
          ? Math.abs(value - Math.sign(z[j]) * threshold)
          : Math.max(0, (config.kind === 'nonnegative' ? value : Math.abs(value)) - threshold)
      return missed / threshold
    }),
  )
}
