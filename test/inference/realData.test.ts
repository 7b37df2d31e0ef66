import { beforeAll, describe, expect, it } from 'vitest'
import { digits } from '../../src/data/digits.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { codingProblems, denseCode } from '../reference/codingProblem.js'
import { optimalityViolation } from '../reference/slowSolver.js'
import { expectCertified, expectConverged } from './certificate.js'

describe('digits and atoms learned from them', () => {
  let atoms: Tensor
  let observations: Tensor
  beforeAll(async () => {
    const { observations: all } = await digits()
    const learning = sparseCoding({ atoms: 32, lambda: 1, batchSize: 256, threads: 2, seed: 4 })
    const model = await learning.fit(rows(all, 1000, 3000), { epochs: 1 })
    atoms = model.atoms
    observations = rows(all, 0, 6)
    model.dispose()
  })

  for (const [name, regularizer] of Object.entries({
    'λ 1': l1({ lambda: 1 }),
    'λ 0.1': l1({ lambda: 0.1 }),
    'z ≥ 0': nonNegative({ lambda: 0.5 }),
    'elastic net': elasticNet({ lambda: 0.5, ridge: 0.2 }),
  })) {
    it(`are coded to the optimum, by every solver the same: ${name}`, async () => {
      const encoder = await linearEncoder({ atoms, regularizer, threads: 2 })
      const energies: Float64Array[] = []
      for (const solver of ['active-set', 'coordinate-descent', 'fista', 'ista'] as const) {
        const found = await encoder.encode(observations, { solver, tolerance: 1e-7 })
        expectCertified({ atoms, observations, regularizer }, found)
        expectConverged(found, 1e-7)
        energies.push(found.energy)
        if (solver !== 'active-set') continue
        for (const [i, problem] of codingProblems(atoms, observations, regularizer).entries()) {
          expect(optimalityViolation(problem, denseCode(found.codes, i))).toBeLessThanOrEqual(1e-3)
        }
      }
      for (const other of energies) {
        for (const [i, energy] of other.entries()) {
          expect(Math.abs(energy - energies[0][i])).toBeLessThanOrEqual(1e-6 * energy)
        }
      }
      encoder.dispose()
    })
  }
})
