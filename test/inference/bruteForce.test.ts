import { describe, expect, it } from 'vitest'
import { l0 } from '../../src/energy/regularizers/l0.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { regularizerTable } from '../contracts/regularizerTable.js'
import { solverTable } from '../contracts/solverTable.js'
import { bestSubset, bruteForce } from '../reference/bruteForce.js'
import { codingProblems, denseCode, descent, energy } from '../reference/codingProblem.js'
import { dot, norm } from '../reference/linearAlgebra.js'
import { matchingPursuit } from '../reference/matchingPursuit.js'
import { dictionaries, mixedObservations, normalBatch, rng } from './problems.js'

const l1Like = regularizerTable.filter(({ kind }) => ['l1', 'weighted-l1', 'nonnegative', 'elastic-net'].includes(kind))

for (const { kind, make } of l1Like) {
  it(`finds the least energy over all supports and signs with ${kind}`, async () => {
    const random = rng(3, kind.length)
    for (const [k, m] of [
      [8, 6],
      [7, 11],
      [5, 3],
      [6, 2],
    ] as const) {
      for (const name of ['unit', 'duplicates', 'zeros']) {
        const atoms = dictionaries[name](random, k, m)
        const observations = normalBatch(random, k > 7 ? 2 : 3, m)
        const regularizer = make({ lambda: 0.1 + random.uniform() }, k)
        const least = codingProblems(atoms, observations, regularizer).map(bruteForce)
        const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
        for (const solver of solverTable.filter(({ serves }) => serves.includes(kind))) {
          const found = await encoder.encode(observations, { solver: solver.name, tolerance: 1e-10 })
          for (const [i, { energy: expected }] of least.entries()) {
            const place = `${solver.name}, ${name} ${k}×${m}, row ${i}`
            expect(Math.abs(found.energy[i] - expected), place).toBeLessThanOrEqual(1.1e-10 * expected + 1e-12)
            expect(found.status[i], place).toBe('converged')
          }
        }
        encoder.dispose()
      }
    }
  })
}

describe('regularizers that count', () => {
  it('never report less than the best of all subsets, and pursuit is what it is told to be', async () => {
    const random = rng(17)
    let same = 0
    for (let trial = 0; trial < 12; trial++) {
      const [k, m] = [4 + random.integer(6), 3 + random.integer(8)]
      const active = 1 + random.integer(4)
      const atoms = (trial % 3 === 0 ? dictionaries.unequalNorms : dictionaries.unit)(random, k, m)
      const observations = mixedObservations(random, atoms, 4)
      const regularizer = topK({ active })
      const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
      const problems = codingProblems(atoms, observations, regularizer)
      for (const solver of ['omp', 'ista'] as const) {
        const tolerance = solver === 'omp' ? 1e-9 : 1e-7
        const found = await encoder.encode(observations, { solver, tolerance })
        expect(found.gap).toBeUndefined()
        for (const [i, problem] of problems.entries()) {
          const z = denseCode(found.codes, i)
          const half = 0.5 * dot(problem.y, problem.y)
          expect(z.filter((value) => value !== 0).length).toBeLessThanOrEqual(active)
          expect(found.energy[i]).toBeGreaterThanOrEqual(bestSubset(problem).energy - 1e-12 * half)
          expect(found.energy[i]).toBeLessThanOrEqual(half * (1 + 1e-12))
          if (solver !== 'omp') continue
          const naive = matchingPursuit(problem, active, tolerance)
          if (naive.margin < 1e-6) continue
          same++
          expect(Math.abs(found.energy[i] - energy(problem, naive.z))).toBeLessThanOrEqual(1e-9 * half)
          expect(found.steps[i]).toBe(naive.order.length)
          for (const [j, value] of naive.z.entries()) {
            expect(Math.abs(value - z[j])).toBeLessThanOrEqual(1e-5 * (Math.abs(value) + 1e-3))
          }
          const left = descent(problem, z)
          for (const [j, value] of z.entries()) {
            const reach = norm(problem.atoms[j]) * norm(problem.y)
            if (value !== 0) expect(Math.abs(left[j])).toBeLessThanOrEqual(1e-5 * reach)
          }
        }
      }
      encoder.dispose()
    }
    expect(same).toBeGreaterThan(24)
  })

  it('ends where no single coordinate helps (L0, coordinate descent)', async () => {
    const random = rng(19)
    for (let trial = 0; trial < 12; trial++) {
      const [k, m] = [3 + random.integer(6), 4 + random.integer(8)]
      const atoms = dictionaries.unit(random, k, m)
      const observations = normalBatch(random, 3, m)
      const regularizer = l0({ lambda: 0.02 + 0.3 * random.uniform() })
      const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
      const found = await encoder.encode(observations, { solver: 'coordinate-descent', tolerance: 1e-9 })
      for (const [i, problem] of codingProblems(atoms, observations, regularizer).entries()) {
        expect(found.energy[i]).toBeGreaterThanOrEqual(bestSubset(problem).energy - 1e-12)
        expect(found.stationarity?.[i]).toBeLessThanOrEqual(2e-7)
        const z = denseCode(found.codes, i)
        for (let j = 0; j < k; j++) {
          const without = z.map((value, l) => (l === j ? 0 : value))
          const best = without.map((value, l) => (l === j ? descent(problem, without)[j] : value))
          expect(Math.min(energy(problem, without), energy(problem, best))).toBeGreaterThanOrEqual(
            found.energy[i] - 1e-9,
          )
        }
      }
      encoder.dispose()
    }
  })
})
