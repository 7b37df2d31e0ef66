import { expect, it } from 'vitest'
import type { Regularizer } from '../../src/energy/regularizer.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { weightedL1 } from '../../src/energy/regularizers/weightedL1.js'
import { codeRows } from '../../src/inference/codes.js'
import type { Inference } from '../../src/inference/inference.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import type { SolverName } from '../../src/inference/linear/solvers.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { weightsFor } from '../contracts/regularizerTable.js'
import { expectCertified } from './certificate.js'
import { dictionaries, mixedObservations, normalBatch, rng } from './problems.js'

/** Everything that must be the same bits. */
const bits = ({ codes, energy, gap, steps, status }: Inference) => ({
  indptr: [...codes.indptr],
  indices: [...codes.indices],
  values: [...codes.values],
  energy: [...energy],
  gap: gap && [...gap],
  steps: [...steps],
  status: [...status],
})

const cases: readonly (readonly [SolverName, Regularizer])[] = [
  ['active-set', l1({ lambda: 0.1 })],
  ['active-set', l1({ lambdaRatio: 0.2 })],
  ['active-set', weightedL1({ lambda: 0.1, weights: weightsFor(30) })],
  ['coordinate-descent', l1({ lambda: 0.1 })],
  ['fista', group({ lambda: 0.2, groupSize: 4 })],
  ['ista', l1({ lambda: 0.3 })],
  ['omp', topK({ active: 5 })],
]

for (const [solver, regularizer] of cases) {
  it(`gives the same bits for any threads and any split: ${solver}, ${JSON.stringify(regularizer.strength)}`, async () => {
    const random = rng(29)
    const atoms = dictionaries.unit(random, 30, 21)
    const observations = mixedObservations(random, atoms, 97)
    const whole: Inference[] = []
    for (const threads of [1, 2, 3]) {
      const encoder = await linearEncoder({ atoms, regularizer, threads })
      whole.push(await encoder.encode(observations, { solver, maxSteps: 300 }))
      encoder.dispose()
    }
    for (const other of whole.slice(1)) expect(bits(other)).toEqual(bits(whole[0]))

    const encoder = await linearEncoder({ atoms, regularizer, threads: 2 })
    for (const count of [0, 1, 5, 6, 7, 47, 48, 49]) {
      const part = await encoder.encode(rows(observations, 20, 20 + count), { solver, maxSteps: 300 })
      expect(part.codes.shape).toEqual([count, 30])
      const { indptr, indices, values } = codeRows(whole[0].codes, 20, 20 + count)
      expect([...part.codes.indptr]).toEqual([...indptr])
      expect([...part.codes.indices]).toEqual([...indices])
      expect([...part.codes.values]).toEqual([...values])
      expect([...part.energy]).toEqual([...whole[0].energy.subarray(20, 20 + count)])
      expect([...part.steps]).toEqual([...whole[0].steps.subarray(20, 20 + count)])
    }
    encoder.dispose()
  })
}

it('keeps apart observations searched together whose supports come and go', async () => {
  const random = rng(41)
  const [count, size, atomCount] = [64, 8, 70]
  const centre = Array.from({ length: size }, () => random.normal())
  const data = Float32Array.from({ length: atomCount * size }, (_, at) => centre[at % size] + 1e-3 * random.normal())
  const atoms: Tensor = { shape: [atomCount, size], data }
  const observations = normalBatch(random, count, size)
  for (const lambdaRatio of [0.3, 0.01]) {
    const encoder = await linearEncoder({ atoms, regularizer: elasticNet({ lambdaRatio, ridge: 0.5 }), threads: 1 })
    const whole = await encoder.encode(observations)
    for (let i = 0; i < count; i++) {
      const alone = await encoder.encode(rows(observations, i, i + 1))
      expect([...alone.codes.values]).toEqual([...codeRows(whole.codes, i, i + 1).values])
      expect(alone.steps[0]).toBe(whole.steps[i])
    }
    encoder.dispose()
  }
})

it('keeps two encodes on one encoder, and two encoders, apart', async () => {
  const random = rng(43)
  const atoms = dictionaries.unit(random, 40, 25)
  const others = dictionaries.unit(random, 17, 25)
  const observations = mixedObservations(random, atoms, 1500)
  const reversed = { shape: [1500, 25], data: observations.data.map((_, i, all) => all[all.length - 1 - i]) }
  const one = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.1 }), threads: 2 })
  const two = await linearEncoder({ atoms: others, regularizer: l1({ lambda: 0.3 }), threads: 2 })
  const alone = [
    await one.encode(observations),
    await one.encode(reversed, { solver: 'fista' }),
    await two.encode(observations),
  ]
  const together = await Promise.all([
    one.encode(observations),
    one.encode(reversed, { solver: 'fista' }),
    two.encode(observations),
  ])
  for (const [i, result] of together.entries()) expect(bits(result)).toEqual(bits(alone[i]))
  one.dispose()
  two.dispose()
})

it('goes beyond the largest working set', async () => {
  const random = rng(47)
  const atoms = normalBatch(random, 1100, 3)
  // Atoms that are nearly parallel all touch their thresholds.
  for (let j = 0; j < 1100; j++) {
    atoms.data[3 * j] = 1
    atoms.data[3 * j + 1] *= 1e-9
    atoms.data[3 * j + 2] *= 1e-9
  }
  const observations = normalBatch(random, 2, 3)
  const regularizer = l1({ lambda: 1e-3 })
  const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
  const found = await encoder.encode(observations, { tolerance: 1e-8 })
  encoder.dispose()
  expectCertified({ atoms, observations, regularizer }, found)
  expect([...found.status]).toEqual(['converged', 'converged'])
})

it('treats an observation that is mostly zeros as its dense neighbour', async () => {
  const random = rng(53)
  const atoms = dictionaries.unit(random, 70, 50)
  const observations = normalBatch(random, 40, 50)
  for (let i = 0; i < 40; i++) {
    for (let p = 0; p < 50; p++) if (random.uniform() < i / 40) observations.data[i * 50 + p] = 0
  }
  const regularizer = l1({ lambda: 0.2 })
  const encoder = await linearEncoder({ atoms, regularizer, threads: 2 })
  const found = await encoder.encode(observations, { tolerance: 1e-9 })
  encoder.dispose()
  expectCertified({ atoms, observations, regularizer }, found)
})
