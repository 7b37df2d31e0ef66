import { describe, expect, it } from 'vitest'
import { toTensor } from '../../src/data/fromTensor.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import type { Regularizer } from '../../src/energy/regularizer.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import type { DictionaryLearner, LearnerState } from '../../src/learning/dictionaryLearner.js'
import { gradient, online } from '../../src/learning/dictionaryUpdate.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { regularizerTable } from '../contracts/regularizerTable.js'
import { dictionaries, mixedObservations, normalBatch, rng } from '../inference/problems.js'
import { denseCode } from '../reference/codingProblem.js'
import { batchCost, blockCoordinateUpdate, gradientUpdate, statistics } from '../reference/dictionaryUpdate.js'
import { norm, rowsOf } from '../reference/linearAlgebra.js'
import { forgettingBy, learnerAt, statisticsOf } from './learners.js'

/** Codes as the learner should find them, in doubles. */
async function codesOf(atoms: Tensor, observations: Tensor, regularizer: Regularizer): Promise<number[][]> {
  const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
  const { codes } = await encoder.encode(observations, { tolerance: 1e-12 })
  encoder.dispose()
  return Array.from({ length: observations.shape[0] }, (_, i) => denseCode(codes, i))
}

/** The largest difference of two matrices, as a share of the largest entry. */
function difference(a: readonly number[][], b: readonly number[][]): number {
  const largest = Math.max(...b.flat().map(Math.abs), 1e-30)
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i][j])))) / largest
}

const tensorRows = ({ data, shape }: Tensor) => rowsOf(data, shape[0], data.length / shape[0])

describe('statistics', () => {
  for (const [name, regularizer] of Object.entries({
    l1: l1({ lambda: 0.2 }),
    ratio: l1({ lambdaRatio: 0.3 }),
    nonnegative: nonNegative({ lambda: 0.1 }),
    'elastic net': elasticNet({ lambda: 0.1, ridge: 0.5 }),
  })) {
    it(`are the sums of their definition, older batches forgotten: ${name}`, async () => {
      for (const [k, m] of [
        [5, 3],
        [16, 17],
        [30, 21],
      ] as const) {
        const random = rng(k)
        const atoms = dictionaries.unit(random, k, m)
        const observations = mixedObservations(random, atoms, 60)
        const learner = await learnerAt(atoms, { regularizer, update: forgettingBy(0.75, Number.POSITIVE_INFINITY) })
        learner.step(observations.data, 0, 37)
        learner.step(observations.data, 37, 23)
        const found = statisticsOf(learner.state(), atoms)
        const codes = await codesOf(atoms, observations, regularizer)
        const data = tensorRows(observations)
        const first = statistics(codes.slice(0, 37), data.slice(0, 37))
        const second = statistics(codes.slice(37), data.slice(37))
        const joined = (u: number[][], v: number[][]) =>
          u.map((row, i) => row.map((value, j) => 0.75 * value + v[i][j]))
        expect(difference(found.a, joined(first.a, second.a))).toBeLessThanOrEqual(2e-4)
        expect(difference(found.b, joined(first.b, second.b))).toBeLessThanOrEqual(2e-4)
        const used = (part: number[][], j: number) => part.filter((z) => z[j] !== 0).length
        for (let j = 0; j < k; j++) {
          const expected = 0.75 * used(codes.slice(0, 37), j) + used(codes.slice(37), j)
          // A coefficient at the edge of 0 may fall on either side.
          expect(Math.abs(learner.usageCounts()[j] - expected)).toBeLessThanOrEqual(1.01)
        }
        expect(tensorRows({ shape: atoms.shape, data: learner.atoms() })).toEqual(tensorRows(atoms))
        expect(learner.observationsSeen).toBe(60)
        expect(learner.stepsTaken).toBe(2)
        learner.dispose()
      }
    })
  }

  it('report the mean energy before the move', async () => {
    const random = rng(3)
    const atoms = dictionaries.unit(random, 12, 9)
    const observations = normalBatch(random, 50, 9)
    const regularizer = l1({ lambda: 0.3 })
    const learner = await learnerAt(atoms, { regularizer })
    const before = learner.evaluate(observations.data, 50)
    const report = learner.step(observations.data, 0, 50)
    const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
    const { energy, codes } = await encoder.encode(observations)
    encoder.dispose()
    const mean = energy.reduce((sum, value) => sum + value, 0) / 50
    expect(Math.abs(report.energy - mean)).toBeLessThanOrEqual(1e-5 * mean)
    expect(Math.abs(before.energy - mean)).toBeLessThanOrEqual(1e-5 * mean)
    expect(Math.abs(report.active - codes.values.length / 50)).toBeLessThanOrEqual(0.05)
    learner.dispose()
  })
})

describe('the online update', () => {
  for (const nonNegativeAtoms of [false, true]) {
    it(`moves atoms one after another as told${nonNegativeAtoms ? ', none below 0' : ''}`, async () => {
      for (const [k, m] of [
        [1, 1],
        [5, 3],
        [13, 9],
        [30, 21],
        [40, 64],
      ] as const) {
        const random = rng(k, 2)
        const atoms = (nonNegativeAtoms ? dictionaries.positive : dictionaries.unit)(random, k, m)
        const observations = mixedObservations(random, atoms, 100)
        const learner = await learnerAt(atoms, { update: forgettingBy(0), nonNegativeAtoms })
        learner.step(observations.data, 0, 100)
        const { a, b } = statisticsOf(learner.state(), atoms)
        const expected = blockCoordinateUpdate(tensorRows(atoms), a, b, nonNegativeAtoms)
        const found = tensorRows({ shape: atoms.shape, data: learner.atoms() })
        for (const [j, atom] of found.entries()) {
          // An atom that is hardly used is moved by a quotient of two small numbers.
          const blur = Math.max(...a.map((row, i) => row[i])) / Math.max(a[j][j], 1e-30)
          if (blur > 1e4) continue
          expect(norm(atom.map((value, p) => value - expected[j][p])), `${k}×${m}, atom ${j}`).toBeLessThanOrEqual(
            1e-5 * blur + 1e-5,
          )
          expect(Math.abs(norm(atom) - 1)).toBeLessThanOrEqual(1e-6)
          if (nonNegativeAtoms) expect(Math.min(...atom)).toBeGreaterThanOrEqual(0)
        }
        learner.dispose()
      }
    })
  }

  it('never raises the objective of exact codes over the whole batch', async () => {
    for (const [seed, regularizer] of [
      l1({ lambda: 0.2 }),
      elasticNet({ lambda: 0.1, ridge: 0.3 }),
      nonNegative({ lambda: 0.1 }),
    ].entries()) {
      const random = rng(seed, 5)
      const atoms = dictionaries.unit(random, 20, 12)
      const observations = mixedObservations(random, atoms, 150)
      const learner = await learnerAt(atoms, { regularizer, update: forgettingBy(0), tolerance: 1e-10 })
      let before = Number.POSITIVE_INFINITY
      let first = 0
      for (let round = 0; round < 60; round++) {
        const { energy } = learner.step(observations.data, 0, 150)
        if (round === 0) first = energy
        expect(energy, `round ${round}`).toBeLessThanOrEqual(before * (1 + 1e-6))
        before = energy
      }
      expect(before).toBeLessThan(0.95 * first)
      learner.dispose()
    }
  })

  it('forgets as its options say', () => {
    expect(online({ forgetting: 0 }).decay(3, 100, 10)).toBe(1)
    expect(online({ forgetting: 1 }).decay(3, 100, 10)).toBeCloseTo(0.9, 12)
    expect(online({ forgetting: 2 }).decay(1, 10, 10)).toBe(0)
    for (const forgetting of [-1, 101, Number.NaN]) expect(() => online({ forgetting })).toThrow(/forgetting.*0 to 100/)
  })
})

describe('the gradient update', () => {
  for (const normalization of ['columns', 'sum-of-norms'] as const) {
    it(`steps down the gradient and normalizes by ${normalization}`, async () => {
      const random = rng(9)
      const [k, m] = [18, 13]
      const atoms = dictionaries.unit(random, k, m)
      const observations = mixedObservations(random, atoms, 80)
      const learner = await learnerAt(atoms, { update: gradient({ relativeRate: 0.9, normalization }) })
      learner.step(observations.data, 0, 80)
      const { a, b } = statisticsOf(learner.state(), atoms)
      const rate = 0.9 / Math.max(...a.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)))
      const expected = gradientUpdate(tensorRows(atoms), a, b, rate, normalization)
      const found = tensorRows({ shape: atoms.shape, data: learner.atoms() })
      expect(difference(found, expected)).toBeLessThanOrEqual(1e-5)
      const norms = found.map(norm)
      if (normalization === 'columns')
        for (const length of norms) expect(Math.abs(length - 1)).toBeLessThanOrEqual(1e-6)
      else expect(Math.abs(norms.reduce((sum, length) => sum + length, 0) - k)).toBeLessThanOrEqual(1e-4)
      learner.dispose()
    })
  }

  it('has statistics whose B − AW is minus the slope of the cost, by finite differences', async () => {
    const random = rng(10)
    const atoms = dictionaries.unit(random, 8, 6)
    const observations = normalBatch(random, 40, 6)
    const learner = await learnerAt(atoms, { update: forgettingBy(0, Number.POSITIVE_INFINITY) })
    learner.step(observations.data, 0, 40)
    const { a, b } = statisticsOf(learner.state(), atoms)
    const w = tensorRows(atoms)
    const codes = await codesOf(atoms, observations, l1({ lambda: 0.2 }))
    const cost = (moved: number[][]) => batchCost(moved, codes, tensorRows(observations))
    for (let j = 0; j < 8; j++) {
      for (let p = 0; p < 6; p++) {
        const at = (by: number) =>
          cost(w.map((atom, i) => atom.map((value, q) => (i === j && q === p ? value + by : value))))
        const slope = (at(1e-4) - at(-1e-4)) / 2e-4
        const down = b[j][p] - w.reduce((sum, atom, i) => sum + a[j][i] * atom[p], 0)
        expect(Math.abs(slope + down)).toBeLessThanOrEqual(2e-3)
      }
    }
    learner.dispose()
  })

  it('keeps the norms at their sum when an atom would vanish', async () => {
    // With one code z = 1 a step of the whole way makes the atom y, whose negative part is cut: nothing is left.
    const atoms: Tensor = { shape: [2, 2], data: Float32Array.of(-1, 0, 0, 1) }
    const learner = await learnerAt(atoms, {
      update: gradient({ relativeRate: 1, normalization: 'sum-of-norms' }),
      nonNegativeAtoms: true,
      regularizer: l1({ lambda: 0.01 }),
    })
    learner.step(Float32Array.of(-2, 0, 0, 2), 0, 2)
    const norms = tensorRows({ shape: [2, 2], data: learner.atoms() }).map(norm)
    expect(norms.reduce((sum, length) => sum + length, 0)).toBeCloseTo(2, 5)
    learner.dispose()
  })

  it('refuses options out of range', () => {
    for (const relativeRate of [0, 2, -1, Number.NaN])
      expect(() => gradient({ relativeRate })).toThrow(/relativeRate.*0 and 2/)
    const options = JSON.parse('{"normalization":"rows"}')
    expect(() => gradient(options)).toThrow(ConfigurationError)
    expect(() => gradient(options)).toThrow(/"columns" or "sum-of-norms"; got "rows"/)
  })
})

describe('atoms that nothing uses', () => {
  it('become the worst observation once they have been dead long enough', async () => {
    const random = rng(12)
    const m = 8
    // Data lives on the first four numbers; the last atom points elsewhere.
    const atoms: Tensor = { shape: [3, m], data: new Float32Array(3 * m) }
    atoms.data[0] = 1
    atoms.data[m + 1] = 1
    atoms.data[2 * m + 7] = 1
    const observations = normalBatch(random, 40, m)
    for (let i = 0; i < 40; i++) for (let p = 4; p < m; p++) observations.data[i * m + p] = 0
    const learner = await learnerAt(atoms, { deadAfter: 100 })
    for (let round = 0; round < 2; round++) learner.step(observations.data, 0, 40)
    expect(learner.atomsReplaced).toBe(0)
    expect([...learner.atoms().subarray(2 * m)]).toEqual([...atoms.data.subarray(2 * m)])
    const current: Tensor = { shape: [3, m], data: learner.atoms() }
    learner.step(observations.data, 0, 40)
    expect(learner.atomsReplaced).toBe(1)
    const encoder = await linearEncoder({ atoms: current, regularizer: l1({ lambda: 0.2 }), threads: 1 })
    const { energy } = await encoder.encode(observations)
    encoder.dispose()
    const worst = energy.indexOf(Math.max(...energy))
    const y = tensorRows(rows(observations, worst, worst + 1))[0]
    const found = [...learner.atoms().subarray(2 * m)]
    expect(norm(found.map((value, p) => value - y[p] / norm(y)))).toBeLessThanOrEqual(1e-6)
    const { a, b } = statisticsOf(learner.state(), atoms)
    expect([...a[2], ...b[2], a[0][2], a[1][2]].every((value) => value === 0)).toBe(true)
    expect(learner.usageCounts()[2]).toBe(0)
    learner.step(observations.data, 0, 40)
    expect(learner.usageCounts()[2]).toBeGreaterThan(0)
    expect(learner.atomsReplaced).toBe(1)
    learner.dispose()
  })
})

const bitsOf = (state: LearnerState) => ({
  ...state,
  atoms: [...state.atoms],
  codeProducts: [...state.codeProducts],
  dataProducts: [...state.dataProducts],
  usage: [...state.usage],
  lastUse: [...state.lastUse],
})

describe('every regularizer and update', () => {
  for (const { kind, make } of regularizerTable) {
    for (const update of [online(), gradient(), gradient({ normalization: 'sum-of-norms' })]) {
      const name = update.kind === 'online' ? 'online' : `gradient, ${update.normalization}`
      it(`learns the same bits on any number of threads: ${kind}, ${name}`, async () => {
        const states: LearnerState[] = []
        for (const threads of [1, 2, 3]) {
          const random = rng(15)
          const atoms = dictionaries.unit(random, 21, 14)
          const observations = mixedObservations(random, atoms, 120)
          const settings = { regularizer: make({ lambda: 0.1 }, 21), update, deadAfter: 100, tolerance: 1e-3 }
          const learner: DictionaryLearner = await learnerAt(atoms, settings, threads)
          const first = learner.evaluate(observations.data, 120).energy
          for (let round = 0; round < 15; round++) learner.step(observations.data, (round % 3) * 40, 40)
          const last = learner.evaluate(observations.data, 120).energy
          expect(last).toBeLessThan(first)
          states.push(learner.state())
          learner.dispose()
        }
        for (const other of states) {
          expect(other.atoms.every(Number.isFinite)).toBe(true)
          expect(bitsOf(other)).toEqual(bitsOf(states[0]))
        }
      })
    }
  }

  it('goes on from a saved state as if nothing had been', async () => {
    const random = rng(16)
    const atoms = dictionaries.unit(random, 15, 10)
    const observations = mixedObservations(random, atoms, 200)
    const whole = await learnerAt(atoms)
    for (let round = 0; round < 10; round++) whole.step(observations.data, (round % 5) * 40, 40)
    const half = await learnerAt(atoms)
    for (let round = 0; round < 4; round++) half.step(observations.data, (round % 5) * 40, 40)
    const rest = await learnerAt(normalBatch(random, 15, 10), {}, 1)
    rest.restore(half.state())
    for (let round = 4; round < 10; round++) rest.step(observations.data, (round % 5) * 40, 40)
    expect(bitsOf(rest.state())).toEqual(bitsOf(whole.state()))
    for (const learner of [whole, half, rest]) learner.dispose()
  })
})

it('plain alternation finds planted atoms again', async () => {
  const planted = plantedCodes({ atoms: 20, dimension: 16, active: 2, count: 1500, seed: 3 })
  const observations = await toTensor(planted.observations)
  const random = rng(18)
  // From a start that is a little off, each atom must come back to its own place.
  const near = normalBatch(random, 20, 16, 0.08)
  for (let i = 0; i < near.data.length; i++) near.data[i] += planted.dictionary.data[i]
  const learner = await learnerAt(near, { regularizer: l1({ lambda: 0.02 }), batchSize: 1500, update: forgettingBy(0) })
  for (let round = 0; round < 30; round++) learner.step(observations.data, 0, 1500)
  const found = tensorRows({ shape: [20, 16], data: learner.atoms() })
  for (const [j, atom] of tensorRows(planted.dictionary).entries()) {
    expect(norm(atom.map((value, p) => value - found[j][p]))).toBeLessThanOrEqual(0.05)
  }
  learner.dispose()
})
