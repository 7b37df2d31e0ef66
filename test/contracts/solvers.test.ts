import { describe, expect, it } from 'vitest'
import type { Regularizer } from '../../src/energy/regularizer.js'
import { fromDense, toDense } from '../../src/inference/codes.js'
import { type LinearEncoder, linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { solverByName, solverNames } from '../../src/inference/linear/solvers.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { expectCertified, expectConverged, slowBrackets } from '../inference/certificate.js'
import { dictionaries, mixedObservations, normalBatch, rng, shapes } from '../inference/problems.js'
import { codingProblems, denseCode } from '../reference/codingProblem.js'
import { isConvex } from '../reference/penalty.js'
import { regularizerTable } from './regularizerTable.js'
import { solverTable } from './solverTable.js'

/** Runs `use` with an encoder that is given back afterwards. */
async function withEncoder<T>(
  atoms: Tensor,
  regularizer: Regularizer,
  use: (encoder: LinearEncoder) => Promise<T>,
): Promise<T> {
  const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
  try {
    return await use(encoder)
  } finally {
    encoder.dispose()
  }
}

const rowOf = (kind: string) => regularizerTable.find((row) => row.kind === kind)!

it('covers every solver, and each serves what its row says', () => {
  expect(solverTable.map(({ name }) => name).sort()).toEqual([...solverNames].sort())
  for (const { name, serves } of solverTable) {
    for (const { kind } of regularizerTable) {
      if (serves.includes(kind)) expect(solverByName(name, kind).name).toBe(name)
      else
        expect(() => solverByName(name, kind)).toThrow(
          new RegExp(`${name} cannot serve the regularizer ${kind}; .* can`),
        )
    }
  }
})

for (const kind of regularizerTable.map((row) => row.kind)) {
  const solvers = solverTable.filter(({ serves }) => serves.includes(kind))
  const row = rowOf(kind)
  describe(kind, () => {
    for (const [name, make] of Object.entries(dictionaries)) {
      it(`is certified and agreed on over ${name} atoms`, async () => {
        const random = rng(11, name.length)
        for (const [k, m] of shapes) {
          const atoms = make(random, k, m)
          const observations = mixedObservations(random, atoms, 6)
          for (const strength of [{ lambdaRatio: 0.3 }, { lambda: 0.02 }]) {
            const regularizer = row.make(strength, k)
            const brackets = slowBrackets(atoms, observations, regularizer)
            await withEncoder(atoms, regularizer, async (encoder) => {
              for (const solver of solvers) {
                // Where atoms are badly conditioned, first-order steps are many: there a budget stops them.
                const within = solver.exact || name === 'unit' ? {} : { maxSteps: 400 }
                const found = await encoder.encode(observations, { solver: solver.name, tolerance: 1e-7, ...within })
                expectCertified({ atoms, observations, regularizer }, found, brackets)
                if (solver.exact || (name === 'unit' && 'lambdaRatio' in strength)) expectConverged(found, 1e-7)
              }
            })
          }
        }
      })
    }

    it('has code 0 from λmax on', async () => {
      if (row.constraint) return
      const random = rng(5)
      for (const [k, m] of [
        [7, 9],
        [20, 10],
      ] as const) {
        const atoms = row.orthogonalOnly
          ? { shape: [8, 8], data: Float32Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0)) }
          : dictionaries.unit(random, k, m)
        const observations = normalBatch(random, 9, row.orthogonalOnly ? 8 : m)
        const all = atoms.shape[0]
        const limits = codingProblems(atoms, observations, row.make({ lambdaRatio: 0.999999 }, all)).map(
          ({ lambda }) => lambda / 0.999999,
        )
        for (const factor of [1 + 1e-6, 10]) {
          const regularizer = row.make({ lambda: Math.max(...limits) * factor }, all)
          await withEncoder(atoms, regularizer, async (encoder) => {
            for (const solver of solvers) {
              const found = await encoder.encode(observations, { solver: solver.name })
              expect(found.codes.values.length, solver.name).toBe(0)
              expectCertified({ atoms, observations, regularizer }, found)
              expectConverged(found, 1e-6)
            }
          })
        }
        const below = row.make({ lambdaRatio: 0.999 }, all)
        await withEncoder(atoms, below, async (encoder) => {
          for (const solver of solvers) {
            const { codes } = await encoder.encode(observations, { solver: solver.name, tolerance: 1e-12 })
            const zero = limits.map((limit) => limit === 0)
            for (let i = 0; i < 9; i++) expect(codes.indptr[i + 1] === codes.indptr[i], solver.name).toBe(zero[i])
          }
        })
      }
    })

    it('keeps its certificates over scales from 1e-6 to 1e6, and codes scale along', async () => {
      const random = rng(23)
      const atoms = dictionaries.unit(random, 20, 13)
      const observations = mixedObservations(random, atoms, 5)
      for (const solver of solvers) {
        let first: Tensor | undefined
        for (const scale of [1, 1e-6, 1e-3, 1e3, 1e6]) {
          const scaled = { shape: observations.shape, data: observations.data.map((value) => value * scale) }
          const lambda = kind === 'l0' ? 0.2 * scale * scale : 0.2 * scale
          const regularizer = row.make({ lambda }, 20)
          await withEncoder(atoms, regularizer, async (encoder) => {
            const found = await encoder.encode(scaled, { solver: solver.name, tolerance: 1e-10 })
            expectCertified({ atoms, observations: scaled, regularizer }, found)
            const dense = toDense(found.codes)
            first ??= dense
            if (!isConvex(regularizer.describe())) return
            for (let i = 0; i < dense.data.length; i++) {
              expect(Math.abs(dense.data[i] / scale - first.data[i]), solver.name).toBeLessThanOrEqual(2e-4)
            }
          })
        }
      }
    })

    it('reaches the same energy from warm starts that are right, wrong and absurd', async () => {
      const random = rng(31)
      const atoms = dictionaries.unit(random, 24, 14)
      const observations = mixedObservations(random, atoms, 8)
      const regularizer = row.make({ lambda: 0.1 }, 24)
      await withEncoder(atoms, regularizer, async (encoder) => {
        for (const solver of solvers) {
          const cold = await encoder.encode(observations, { solver: solver.name, tolerance: 1e-9 })
          const dense = toDense(cold.codes)
          const starts: Record<string, Tensor> = {
            right: dense,
            reversed: { shape: dense.shape, data: dense.data.map((value) => -value) },
            shifted: { shape: dense.shape, data: dense.data.map((_, i, all) => all[(i + 1) % all.length]) },
            full: normalBatch(random, 8, 24, 5),
            vast: normalBatch(random, 8, 24, 1e4),
          }
          for (const [name, start] of Object.entries(starts)) {
            const warm = await encoder.encode(observations, {
              solver: solver.name,
              tolerance: 1e-9,
              warmStart: fromDense(start),
            })
            expectCertified({ atoms, observations, regularizer }, warm)
            if (!solver.exact && !['right', 'shifted'].includes(name)) continue
            if (!isConvex(regularizer.describe())) continue
            for (let i = 0; i < 8; i++) {
              expect(
                Math.abs(warm.energy[i] - cold.energy[i]),
                `${solver.name} from ${name}, row ${i}`,
              ).toBeLessThanOrEqual(2.1e-9 * cold.energy[i] + 1e-12)
            }
          }
        }
      })
    })

    it('answers a warm start on a problem whose code is 0', async () => {
      const random = rng(37)
      const atoms = dictionaries.zeros(random, 9, 6)
      const observations = { shape: [2, 6], data: new Float32Array(12) }
      const start = fromDense({
        shape: [2, 9],
        data: Float32Array.from({ length: 18 }, (_, i) => (i % 2 === 0 ? 2 : 0)),
      })
      for (const strength of [{ lambda: 0.5 }, { lambdaRatio: 0.5 }]) {
        const regularizer = row.make(strength, 9)
        await withEncoder(atoms, regularizer, async (encoder) => {
          for (const solver of solvers) {
            const found = await encoder.encode(observations, { solver: solver.name, warmStart: start, tolerance: 1e-8 })
            for (let i = 0; i < 2; i++) {
              const code = denseCode(found.codes, i)
              // Atoms that are zero cost something and explain nothing.
              const active = code.filter((value) => Math.abs(value) > 1e-5).length
              expect(found.energy[i], `${solver.name}, code ${code}`).toBeLessThanOrEqual(1e-9)
              if (!row.constraint) expect(active, `${solver.name}, code ${code}`).toBe(0)
            }
          }
        })
      }
    })

    for (const solver of solvers.filter(({ monotone }) => monotone)) {
      it(`never rises along ${solver.name}`, async () => {
        const random = rng(41)
        const atoms = dictionaries.unit(random, 30, 12)
        const observations = mixedObservations(random, atoms, 6)
        const regularizer = row.make({ lambda: 0.05 }, 30)
        await withEncoder(atoms, regularizer, async (encoder) => {
          let before: Float64Array | undefined
          for (let maxSteps = 0; maxSteps < 24; maxSteps++) {
            const { energy, steps } = await encoder.encode(observations, {
              solver: solver.name,
              tolerance: 0,
              maxSteps,
            })
            for (let i = 0; i < 6; i++) {
              expect(steps[i]).toBeLessThanOrEqual(maxSteps)
              // Codes are rounded to single precision.
              if (before) expect(energy[i], `step ${maxSteps}`).toBeLessThanOrEqual(before[i] * (1 + 1e-6) + 1e-12)
            }
            before = energy
          }
        })
      })
    }
  })
}
