import { describe, expect, it } from 'vitest'
import type { Regularizer } from '../../src/energy/regularizer.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { weightedL1 } from '../../src/energy/regularizers/weightedL1.js'
import { codeRows, fromDense, toDense } from '../../src/inference/codes.js'
import type { Inference } from '../../src/inference/inference.js'
import { type EncodeOptions, linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'
import { bruteForce } from '../reference/bruteForce.js'
import { codingProblems, denseCode } from '../reference/codingProblem.js'
import { matchingPursuit } from '../reference/matchingPursuit.js'
import { optimalityViolation } from '../reference/slowSolver.js'
import { expectCertified, expectConverged } from './certificate.js'
import { dictionaries, mixedObservations, normalBatch, rng, shapes } from './problems.js'

const regularizers: Record<string, (atoms: number) => Regularizer> = {
  l1: () => l1({ lambda: 0.1 }),
  'l1 by ratio': () => l1({ lambdaRatio: 0.2 }),
  'weighted-l1': (k) => weightedL1({ lambda: 0.1, weights: Array.from({ length: k }, (_, j) => 0.5 + (j % 3)) }),
  nonnegative: () => nonNegative({ lambda: 0.05 }),
  'elastic-net': () => elasticNet({ lambda: 0.1, ridge: 0.2 }),
}

/** A mask that hides each number with the given probability, and never a whole row. */
function randomMask(random: ReturnType<typeof rng>, { shape }: Tensor, missing: number): Tensor {
  const size = shape.slice(1).reduce((product, side) => product * side, 1)
  const data = Float32Array.from({ length: shape[0] * size }, () => (random.uniform() < missing ? 0 : 1))
  for (let i = 0; i < shape[0]; i++) data[i * size + random.integer(size)] = 1
  return tensor(shape, data)
}

/** Row `i` as a problem without a mask: the atoms and the observation with 0 where numbers are missing. */
function hiddenRow(atoms: Tensor, observations: Tensor, mask: Tensor, i: number) {
  const size = atoms.data.length / atoms.shape[0]
  const hidden = mask.data.subarray(i * size, (i + 1) * size)
  return {
    atoms: tensor(
      [atoms.shape[0], size],
      atoms.data.map((value, at) => value * hidden[at % size]),
    ),
    observations: tensor(
      [1, size],
      hidden.map((value, p) => (value === 0 ? 0 : observations.data[i * size + p])),
    ),
  }
}

function rowOf({ codes, energy, gap, stationarity, steps, status }: Inference, i: number): Inference {
  return {
    codes: codeRows(codes, i, i + 1),
    energy: energy.slice(i, i + 1),
    ...(gap ? { gap: gap.slice(i, i + 1) } : {}),
    ...(stationarity ? { stationarity: stationarity.slice(i, i + 1) } : {}),
    steps: steps.slice(i, i + 1),
    status: [status[i]],
  }
}

async function encode(atoms: Tensor, observations: Tensor, regularizer: Regularizer, options: EncodeOptions = {}) {
  const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
  try {
    return await encoder.encode(observations, options)
  } finally {
    encoder.dispose()
  }
}

describe('codes of observations with missing numbers', () => {
  for (const [name, make] of Object.entries(regularizers)) {
    for (const solver of ['active-set', 'coordinate-descent'] as const) {
      it(`are certified for ${name} by ${solver}`, async () => {
        const random = rng(71, name.length)
        for (const [kind, dictionary] of Object.entries(dictionaries)) {
          for (const [k, m] of shapes.filter((_, at) => at % 2 === kind.length % 2)) {
            const atoms = dictionary(random, k, m)
            const observations = mixedObservations(random, atoms, 5)
            const mask = randomMask(random, observations, 0.5)
            const regularizer = make(k)
            const within = solver === 'active-set' || kind === 'unit' ? {} : { maxSteps: 400 }
            const found = await encode(atoms, observations, regularizer, { solver, mask, tolerance: 1e-7, ...within })
            if (solver === 'active-set') expectConverged(found, 1e-7)
            for (let i = 0; i < 5; i++) {
              expectCertified({ ...hiddenRow(atoms, observations, mask, i), regularizer }, rowOf(found, i))
            }
          }
        }
      })
    }

    it(`reach the least energy of all supports and signs for ${name}`, async () => {
      const random = rng(73, name.length)
      const [k, m] = [6, 9]
      const atoms = dictionaries.unit(random, k, m)
      const observations = normalBatch(random, 8, m)
      const mask = randomMask(random, observations, 0.4)
      const regularizer = make(k)
      const found = await encode(atoms, observations, regularizer, { mask, tolerance: 1e-12 })
      for (let i = 0; i < 8; i++) {
        const row = hiddenRow(atoms, observations, mask, i)
        const [problem] = codingProblems(row.atoms, row.observations, regularizer)
        const best = bruteForce(problem)
        expect(Math.abs(found.energy[i] - best.energy)).toBeLessThanOrEqual(1e-9 * best.energy)
        expect(optimalityViolation(problem, denseCode(found.codes, i))).toBeLessThanOrEqual(1e-4)
      }
    })

    it(`agree with those of the solver without masks where nothing is missing, for ${name}`, async () => {
      const random = rng(79, name.length)
      const atoms = dictionaries.unit(random, 40, 25)
      const observations = mixedObservations(random, atoms, 12)
      const mask = tensor(observations.shape, new Float32Array(observations.data.length).fill(1))
      const plain = await encode(atoms, observations, make(40), { tolerance: 1e-10 })
      const masked = await encode(atoms, observations, make(40), { mask, tolerance: 1e-10 })
      const codes = toDense(plain.codes).data
      for (const [at, value] of toDense(masked.codes).data.entries()) {
        expect(Math.abs(value - codes[at])).toBeLessThanOrEqual(1e-4)
      }
      for (let i = 0; i < 12; i++) {
        expect(Math.abs(masked.energy[i] - plain.energy[i])).toBeLessThanOrEqual(1e-6 * plain.energy[i] + 1e-12)
      }
    })
  }

  it('do not depend on what stands where a number is missing, not even NaN', async () => {
    const random = rng(83)
    const atoms = dictionaries.unit(random, 20, 12)
    const observations = normalBatch(random, 6, 12)
    const mask = randomMask(random, observations, 0.3)
    const spoilt = tensor(
      observations.shape,
      observations.data.map((value, at) => (mask.data[at] === 0 ? Number.NaN : value)),
    )
    const clean = await encode(atoms, observations, l1({ lambda: 0.1 }), { mask })
    const found = await encode(atoms, spoilt, l1({ lambda: 0.1 }), { mask })
    expect(found).toEqual(clean)
    expect(clean.codes.values.length).toBeGreaterThan(6)
  })

  it('have the same bits with one thread and two, and from any warm start the same energy', async () => {
    const random = rng(89)
    const atoms = dictionaries.positive(random, 50, 30)
    const observations = mixedObservations(random, atoms, 60)
    const mask = randomMask(random, observations, 0.3)
    const regularizer = nonNegative({ lambda: 0.05 })
    const one = await encode(atoms, observations, regularizer, { mask, tolerance: 1e-9 })
    const two = await linearEncoder({ atoms, regularizer, threads: 2 })
    expect(await two.encode(observations, { mask, tolerance: 1e-9 })).toEqual(one)
    for (const solver of ['active-set', 'coordinate-descent'] as const) {
      for (const start of [toDense(one.codes), normalBatch(random, 60, 50, 3)]) {
        const found = await two.encode(observations, { mask, solver, tolerance: 1e-9, warmStart: fromDense(start) })
        expectConverged(found, 1e-9)
        for (let i = 0; i < 60; i++) {
          expect(Math.abs(found.energy[i] - one.energy[i])).toBeLessThanOrEqual(2.1e-9 * one.energy[i] + 1e-12)
        }
      }
    }
    const again = await two.encode(observations, { mask, tolerance: 1e-6, warmStart: one.codes })
    expect(Math.max(...again.steps)).toBe(0)
    two.dispose()
  })

  it('are returned as they are where steps or seconds run out, with their certificate', async () => {
    const random = rng(97)
    const atoms = dictionaries.positive(random, 30, 16)
    const observations = normalBatch(random, 6, 16)
    const mask = randomMask(random, observations, 0.3)
    const regularizer = l1({ lambda: 0.01 })
    for (const [options, status] of [
      [{ maxSteps: 1 }, 'maxSteps'],
      [{ seconds: 0 }, 'timeBudget'],
    ] as const) {
      const found = await encode(atoms, observations, regularizer, { mask, ...options })
      expect(found.status).toContain(status)
      for (let i = 0; i < 6; i++) {
        expectCertified({ ...hiddenRow(atoms, observations, mask, i), regularizer }, rowOf(found, i))
      }
    }
  })

  it('go on over all atoms where a working set has no room', async () => {
    const random = rng(101)
    const size = 1060
    const atoms = normalBatch(random, size, size, 1e-4)
    for (let j = 0; j < size; j++) atoms.data[j * size + j] = 1
    const observations = tensor(
      [1, size],
      Float32Array.from({ length: size }, (_, p) => (p % 2 === 0 ? 1 : -2)),
    )
    const mask = tensor(
      [1, size],
      Float32Array.from({ length: size }, (_, p) => (p < 20 ? 0 : 1)),
    )
    const found = await encode(atoms, observations, l1({ lambda: 0.1 }), { mask })
    expect(found.codes.values.length).toBe(size - 20)
    expectConverged(found, 1e-6)
  })

  it('take the steps of matching pursuit, up to a number of atoms or a residual', async () => {
    const random = rng(103)
    const atoms = dictionaries.unit(random, 30, 20)
    const observations = normalBatch(random, 10, 20)
    const mask = randomMask(random, observations, 0.3)
    for (const masks of [{ mask }, {}]) {
      const hide = masks.mask ?? tensor(observations.shape, new Float32Array(200).fill(1))
      const three = await encode(atoms, observations, topK({ active: 3 }), masks)
      const enough = await encode(atoms, observations, topK({ active: 20 }), { ...masks, residual: 0.5 })
      for (let i = 0; i < 10; i++) {
        const row = hiddenRow(atoms, observations, hide, i)
        const [problem] = codingProblems(row.atoms, row.observations, topK({ active: 20 }))
        const observed = hide.data.subarray(i * 20, (i + 1) * 20).reduce((sum, value) => sum + value, 0)
        const squares = row.observations.data.reduce((sum, value) => sum + value * value, 0)
        for (const [found, active, tolerance] of [
          [three, 3, 1e-6],
          [enough, 20, (0.25 * observed) / squares],
        ] as const) {
          const slow = matchingPursuit(problem, active, tolerance)
          expect(slow.margin).toBeGreaterThan(1e-6)
          for (const [j, value] of denseCode(found.codes, i).entries()) {
            expect(Math.abs(value - slow.z[j]), `row ${i}, atom ${j}`).toBeLessThanOrEqual(1e-5)
          }
        }
        expect(Math.sqrt((2 * enough.energy[i]) / observed)).toBeLessThanOrEqual(0.5)
      }
    }
  })

  it('leave a code of 0 and energy 0 where nothing was observed, and the codes of others as they are', async () => {
    const random = rng(109)
    const atoms = dictionaries.unit(random, 8, 6)
    const observations = normalBatch(random, 3, 6)
    const mask = tensor(
      [3, 6],
      Float32Array.from({ length: 18 }, (_, i) => (i < 6 || i > 11 ? 1 : 0)),
    )
    for (const regularizer of [
      l1({ lambda: 0.1 }),
      l1({ lambdaRatio: 0.1 }),
      nonNegative({ lambda: 0.1 }),
      topK({ active: 2 }),
    ]) {
      const gapped = await encode(atoms, observations, regularizer, { mask })
      const whole = await encode(atoms, observations, regularizer, {
        mask: tensor([3, 6], new Float32Array(18).fill(1)),
      })
      expect(gapped.codes.indptr[2] - gapped.codes.indptr[1]).toBe(0)
      expect(gapped.energy[1]).toBe(0)
      expect(gapped.gap?.[1] ?? 0).toBe(0)
      expect(gapped.status[1]).toBe('converged')
      expect([gapped.energy[0], gapped.energy[2]]).toEqual([whole.energy[0], whole.energy[2]])
    }
  })

  it('are refused where a mask or a solver does not fit, in words that help', async () => {
    const random = rng(107)
    const atoms = dictionaries.unit(random, 8, 6)
    const observations = normalBatch(random, 3, 6)
    const ones = new Float32Array(18).fill(1)
    const mask = tensor([3, 6], ones)
    const given = (regularizer: Regularizer, options: EncodeOptions) =>
      encode(atoms, observations, regularizer, options)
    const lasso = l1({ lambda: 0.1 })
    await expect(given(lasso, { mask: tensor([3, 2, 3], ones) })).rejects.toThrow(/same shape/)
    for (const value of [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(
        given(lasso, {
          mask: tensor(
            [3, 6],
            ones.map((v, i) => (i === 13 ? value : v)),
          ),
        }),
      ).rejects.toThrow(/row 2; a mask is 1 where/)
    }
    await expect(given(lasso, { mask, solver: 'fista' })).rejects.toThrow(
      /fista takes no masks; .* active-set and coordinate-descent can/,
    )
    await expect(given(group({ lambda: 0.1, groupSize: 2 }), { mask })).rejects.toThrow(/group cannot .* nonnegative/)
    await expect(given(lasso, { residual: 0.1 })).rejects.toThrow(/matching pursuit/)
    await expect(given(topK({ active: 2 }), { residual: -1 })).rejects.toThrow(/residual must be/)
    const spoilt = tensor(
      [3, 6],
      observations.data.map((v, i) => (i === 7 ? Number.NaN : v)),
    )
    const { status } = await encode(atoms, spoilt, lasso, { mask })
    expect(status).toEqual(['converged', 'nonFinite', 'converged'])
  })
})
