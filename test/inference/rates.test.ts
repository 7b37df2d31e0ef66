import { expect, it } from 'vitest'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { fromDense } from '../../src/inference/codes.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { KernelDictionary } from '../../src/kernels/dictionary.js'
import { sharedEngine } from '../../src/kernels/engine.js'
import { codingProblems, energy } from '../reference/codingProblem.js'
import { gram, largestEigenvalue, rowsOf } from '../reference/linearAlgebra.js'
import { slowSolver } from '../reference/slowSolver.js'
import { dictionaries, normalBatch, rng } from './problems.js'

/** E(z_t) − E* for t = 0 … steps, each from a run of its own. */
async function excesses(solver: 'ista' | 'fista', positive: boolean, steps: number) {
  const random = rng(positive ? 2 : 1)
  const [k, m] = [20, 12]
  const atoms = dictionaries.positive(random, k, m)
  const observations = normalBatch(random, 1, m, 2)
  const regularizer = positive ? nonNegative({ lambda: 0.05 }) : l1({ lambda: 0.05 })
  const start = normalBatch(random, 1, k)
  for (let j = 0; j < k; j++) start.data[j] = Math.abs(start.data[j])
  const [problem] = codingProblems(atoms, observations, regularizer)
  const { z, lower, upper } = slowSolver(problem, 200_000)
  expect(upper - lower).toBeLessThanOrEqual(1e-9 * upper)
  const distance = z.reduce((sum, value, j) => sum + (value - start.data[j]) ** 2, 0)
  const lipschitz = largestEigenvalue(gram(problem.atoms.map((atom) => [...atom])))
  const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
  const excess: number[] = []
  for (let maxSteps = 0; maxSteps <= steps; maxSteps++) {
    const found = await encoder.encode(observations, { solver, maxSteps, tolerance: 0, warmStart: fromDense(start) })
    excess.push(found.energy[0] - lower)
    expect(found.steps[0]).toBeLessThanOrEqual(maxSteps)
  }
  encoder.dispose()
  expect(Math.abs(excess[0] + lower - energy(problem, start.data))).toBeLessThanOrEqual(1e-10 * excess[0])
  return { excess, bound: lipschitz * distance, upper }
}

for (const positive of [false, true]) {
  it(`ISTA stays below L‖z₀ − z*‖²/2t${positive ? ' with z ≥ 0' : ''}`, async () => {
    const { excess, bound, upper } = await excesses('ista', positive, 60)
    for (let t = 1; t < excess.length; t++)
      expect(excess[t], `step ${t}`).toBeLessThanOrEqual(((1 + 1e-6) * bound) / (2 * t))
    for (let t = 1; t < excess.length; t++) expect(excess[t]).toBeLessThanOrEqual(excess[t - 1] + 1e-9 * upper)
    // The problem is hard enough that the bound is put to the test.
    expect(excess[10]).toBeGreaterThan(1e-3 * upper)
  })

  it(`FISTA stays below 2L‖z₀ − z*‖²/(t + 1)²${positive ? ' with z ≥ 0' : ''}`, async () => {
    const { excess, bound } = await excesses('fista', positive, 60)
    for (let t = 1; t < excess.length; t++) {
      expect(excess[t], `step ${t}`).toBeLessThanOrEqual(((1 + 1e-6) * 2 * bound) / (t + 1) ** 2)
    }
  })
}

it('FISTA needs far fewer steps than ISTA', async () => {
  const random = rng(8)
  const atoms = dictionaries.positive(random, 30, 20)
  const observations = normalBatch(random, 5, 20)
  const encoder = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.05 }), threads: 1 })
  const slow = await encoder.encode(observations, { solver: 'ista' })
  const fast = await encoder.encode(observations, { solver: 'fista' })
  encoder.dispose()
  for (let i = 0; i < 5; i++) expect(fast.steps[i]).toBeLessThan(slow.steps[i] / 3)
})

it('the step size comes from a bound that is never below the largest eigenvalue, nor far above it', async () => {
  const random = rng(1)
  const engine = await sharedEngine(1)
  for (let trial = 0; trial < 200; trial++) {
    const k = 1 + random.integer(40)
    const m = 1 + random.integer(60)
    const atoms = normalBatch(random, k, m)
    const dictionary = new KernelDictionary(engine, k, m, 'exact')
    dictionary.load(atoms.data)
    const largest = largestEigenvalue(gram(rowsOf(atoms.data, k, m)))
    expect(dictionary.lipschitz(), `${k} atoms of ${m}`).toBeGreaterThanOrEqual(largest * (1 - 1e-7))
    expect(dictionary.lipschitz(), `${k} atoms of ${m}`).toBeLessThanOrEqual(largest * 1.6)
    dictionary.dispose()
  }
})
