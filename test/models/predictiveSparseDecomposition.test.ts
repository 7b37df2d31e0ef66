import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import { toDense } from '../../src/inference/codes.js'
import type { AmortizedModel } from '../../src/models/listaModel.js'
import { loadModel } from '../../src/models/loadModel.js'
import {
  type PredictiveSparseDecompositionOptions,
  predictiveSparseDecomposition,
} from '../../src/models/predictiveSparseDecomposition.js'
import { CancelledError } from '../../src/tensor/errors.js'
import { rows } from '../../src/tensor/tensor.js'
import { dictionaries, mixedObservations, rng } from '../inference/problems.js'
import { rowsOf } from '../reference/linearAlgebra.js'
import { interrupted } from './support.js'

const random = rng(34)
const [k, m, lambda, gamma] = [16, 10, 0.2, 0.5]
const observations = mixedObservations(random, dictionaries.unit(random, k, m), 500)
const data = rows(observations, 0, 400)
const heldOut = rows(observations, 400, 440)
const start = dictionaries.unit(rng(7), k, m)
const small: PredictiveSparseDecompositionOptions = {
  dictionary: start,
  lambda,
  gamma,
  trainingSteps: 120,
  batchSize: 50,
  threads: 1,
  runtime: { threads: 1 },
}

const all = (model: AmortizedModel) => [
  [...model.atoms.data],
  ...Object.values(model.parameters).map(({ data }) => [...data]),
]

/** E(y, z) and the least violation of 0 ∈ ∂E by the definitions, with the encoder's guess e. */
function judged(model: AmortizedModel, y: number[], z: number[], e: number[]): { energy: number; violation: number } {
  const w = rowsOf(model.atoms.data, k, m)
  const residual = y.map((value, p) => value - z.reduce((total, zj, j) => total + zj * w[j][p], 0))
  const energy =
    0.5 * residual.reduce((total, r) => total + r * r, 0) +
    lambda * z.reduce((total, zj) => total + Math.abs(zj), 0) +
    0.5 * gamma * z.reduce((total, zj, j) => total + (zj - e[j]) ** 2, 0)
  const violation = z.map((zj, j) => {
    const force = w[j].reduce((total, value, p) => total + value * residual[p], 0) + gamma * (e[j] - zj)
    return zj === 0 ? Math.max(0, Math.abs(force) - lambda) : Math.abs(force - lambda * Math.sign(zj))
  })
  return { energy, violation: Math.max(...violation) }
}

/** g ∘ tanh(Wₑy + b), slowly. */
function guess({ parameters: { weight, bias, gain } }: AmortizedModel, y: number[]): number[] {
  return rowsOf(weight.data, k, m).map(
    (row, j) => gain.data[j] * Math.tanh(row.reduce((total, value, p) => total + value * y[p], bias.data[j])),
  )
}

describe('predictive sparse decomposition', () => {
  it('lowers the energy, keeps atoms at norm 1, and learns to predict', async () => {
    const model = await predictiveSparseDecomposition(small).fit(data, { heldOut })
    const [first, last] = [model.history[0], model.history.at(-1)]
    expect(last?.loss).toBeLessThan(0.95 * first.loss)
    expect(last?.encoder).toBeLessThan(first.encoder ?? 0)
    expect(last?.loss).toBeCloseTo((last?.cost ?? 0) + (last?.regularizer ?? 0) + (last?.encoder ?? 0), 4)
    for (const atom of rowsOf(model.atoms.data, k, m)) expect(Math.hypot(...atom)).toBeCloseTo(1, 5)
    expect(model.atoms.data).not.toEqual(start.data)
  })

  it('minimizes all of the energy, the encoder’s term included', async () => {
    const model = await predictiveSparseDecomposition({ ...small, trainingSteps: 20 }).fit(data)
    const found = await model.encode(heldOut, { refine: 1e-9 })
    const codes = rowsOf(toDense(found.codes).data, 40, k)
    const plain = await model.encode(heldOut)
    for (const [i, y] of rowsOf(heldOut.data, 40, m).entries()) {
      const e = guess(model, y)
      const { energy, violation } = judged(model, y, codes[i], e)
      expect(found.energy[i]).toBeCloseTo(energy, 5)
      expect(violation).toBeLessThan(1e-3)
      expect(plain.energy[i]).toBeCloseTo(judged(model, y, e, e).energy, 4)
      expect(plain.energy[i] - (plain.gap?.[i] ?? 0)).toBeLessThanOrEqual(found.energy[i] + 1e-6)
    }
  })

  it('learns other atoms where the encoder’s term only trains the encoder', async () => {
    const learn = (encoderInInference: boolean, weight: number) =>
      predictiveSparseDecomposition({ ...small, trainingSteps: 10, gamma: weight, encoderInInference }).fit(data)
    const [inside, outside, heavier] = [await learn(true, 1), await learn(false, 1), await learn(false, 4)]
    expect(inside.atoms.data).not.toEqual(outside.atoms.data)
    // Outside of inference the weight of the encoder's term cannot reach the dictionary.
    for (const [i, value] of outside.atoms.data.entries()) expect(heavier.atoms.data[i]).toBeCloseTo(value, 5)
  })

  it('learns from nothing but data', async () => {
    const { dictionary: _, ...options } = small
    for (const encoder of ['lista', 'linear-shrink'] as const) {
      const model = await predictiveSparseDecomposition({ ...options, atoms: 12, encoder, trainingSteps: 10 }).fit(data)
      expect(model.atoms.shape).toEqual([12, m])
      expect(model.kind).toBe('predictive-sparse-decomposition')
    }
  })

  it('is saved, loaded, and resumed to the same bits', async () => {
    const options = { ...small, trainingSteps: 20 }
    const whole = await predictiveSparseDecomposition(options).fit(data)
    const store = memoryStore('memory')
    const stop = new AbortController()
    await expect(
      predictiveSparseDecomposition(options).fit(
        interrupted(data, 13, () => stop.abort()),
        {
          run: store,
          signal: stop.signal,
        },
      ),
    ).rejects.toThrow(CancelledError)
    const resumed = await predictiveSparseDecomposition(options).fit(fromTensor(data), { run: store, resume: true })
    expect(all(resumed)).toEqual(all(whole))
    const loaded = await loadModel(store, { model: 'predictive-sparse-decomposition' })
    expect(all(loaded)).toEqual(all(whole))
    expect(loaded.settings).toEqual(resumed.settings)
  })

  it('refuses what does not fit in a sentence', () => {
    expect(() => predictiveSparseDecomposition({ ...small, gamma: 0 })).toThrow('gamma must be')
    expect(() => predictiveSparseDecomposition({ ...small, gamma: Number.NaN })).toThrow('gamma must be')
    expect(() => predictiveSparseDecomposition({ ...small, steps: 2 })).toThrow('steps and tied')
    expect(() => predictiveSparseDecomposition({ lambda })).toThrow('Give either a dictionary')
  })
})
