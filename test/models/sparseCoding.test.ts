import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import { recovered } from '../../src/diagnostics/matchDictionaries.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { weightedL1 } from '../../src/energy/regularizers/weightedL1.js'
import { gradient } from '../../src/learning/dictionaryUpdate.js'
import type { FitProgress } from '../../src/models/fitProgress.js'
import { loadModel } from '../../src/models/loadModel.js'
import { type SparseCodingOptions, sparseCoding } from '../../src/models/sparseCoding.js'
import { centre } from '../../src/preprocess/centre.js'
import { contrastNormalize } from '../../src/preprocess/contrastNormalize.js'
import { olshausen } from '../../src/preprocess/olshausen.js'
import { unitVariance } from '../../src/preprocess/unitVariance.js'
import { zca } from '../../src/preprocess/zca.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { rows, tensor } from '../../src/tensor/tensor.js'
import { regularizerTable } from '../contracts/regularizerTable.js'
import { expectCertified } from '../inference/certificate.js'
import { dictionaries, mixedObservations, normalBatch, rng } from '../inference/problems.js'
import { norm, rowsOf } from '../reference/linearAlgebra.js'
import { bitsOf, stripes } from './support.js'

const random = rng(81)
const observations = mixedObservations(random, dictionaries.unit(random, 30, 16), 400)

describe('learning', () => {
  it('finds a planted dictionary', async () => {
    for (const seed of [0, 1, 2]) {
      const planted = plantedCodes({ atoms: 50, dimension: 32, active: 3, count: 5000, noise: 0.02, seed })
      const model = await sparseCoding({ atoms: 50, lambda: 0.2, batchSize: 500, seed }).fit(planted.observations, {
        epochs: 12,
      })
      expect(recovered(planted.dictionary, model.atoms)).toBeGreaterThanOrEqual(0.95)
      model.dispose()
    }
  })

  it('gives the same bits for one seed on any number of threads, and others for another', async () => {
    const learn = (seed: number, threads: number) =>
      sparseCoding({ atoms: 20, lambda: 0.2, batchSize: 64, seed, threads }).fit(observations, { epochs: 3 })
    const first = bitsOf(await learn(1, 1))
    for (const threads of [1, 2, 3]) expect(bitsOf(await learn(1, threads))).toEqual(first)
    expect(bitsOf(await learn(2, 1)).atoms).not.toEqual(first.atoms)
    const stream = await sparseCoding({ atoms: 20, lambda: 0.2, batchSize: 64, seed: 1 }).fit(
      fromTensor(observations),
      { epochs: 3 },
    )
    expect(bitsOf(stream)).toEqual(first)
  })

  it('leaves what it learns from alone', async () => {
    const before = [...observations.data]
    const model = await sparseCoding({ atoms: 10, lambda: 0.2, preprocess: [centre(), zca()] }).fit(observations, {
      epochs: 1,
    })
    await model.encode(observations)
    expect([...observations.data]).toEqual(before)
  })

  for (const { kind, make } of regularizerTable) {
    it(`lowers the energy with ${kind}`, async () => {
      const regularizer = make({ lambda: 0.1 }, 20)
      const model = await sparseCoding({ atoms: 20, regularizer, batchSize: 50, seed: 2 }).fit(observations, {
        epochs: 8,
      })
      const energies = model.history.map(({ energy }) => energy)
      expect(energies.every(Number.isFinite)).toBe(true)
      expect(energies.at(-1)).toBeLessThan(0.97 * energies[0])
      expect(model.atoms.data.every(Number.isFinite)).toBe(true)
      const found = await model.encode(rows(observations, 0, 40), { tolerance: 1e-6 })
      expectCertified({ atoms: model.atoms, observations: rows(observations, 0, 40), regularizer }, found)
      model.dispose()
    })
  }

  it('keeps atoms and codes above 0 where asked', async () => {
    const positive = tensor(observations.shape, observations.data.map(Math.abs))
    for (const update of [undefined, gradient()]) {
      const options: SparseCodingOptions = {
        atoms: 12,
        regularizer: nonNegative({ lambda: 0.1 }),
        nonNegativeAtoms: true,
      }
      const model = await sparseCoding({ ...options, ...(update ? { update } : {}) }).fit(positive, { epochs: 4 })
      expect(Math.min(...model.atoms.data)).toBeGreaterThanOrEqual(0)
      expect(Math.min(...(await model.encode(positive)).codes.values)).toBeGreaterThan(0)
      for (const atom of rowsOf(model.atoms.data, 12, 16)) expect(Math.abs(norm(atom) - 1)).toBeLessThanOrEqual(1e-5)
    }
  })

  it('copes with few, constant and vanishing observations', async () => {
    const flat = tensor([30, 5], new Float32Array(150).fill(0.3))
    const none = tensor([30, 5], new Float32Array(150))
    const one = tensor([1, 5], Float32Array.of(1, 2, 0, -1, 0))
    for (const data of [flat, none, one]) {
      for (const preprocess of [[], [centre()]]) {
        const model = await sparseCoding({ atoms: 8, lambda: 0.1, preprocess }).fit(data, { epochs: 3 })
        expect(model.atoms.data.every(Number.isFinite)).toBe(true)
        const found = await model.encode(data)
        expect(found.energy.every((energy) => energy >= 0 && Number.isFinite(energy))).toBe(true)
        expect([...found.status].every((status) => status === 'converged')).toBe(true)
        if (data !== one && (data === none || preprocess.length > 0)) {
          expect(found.codes.values.length).toBe(0)
          expect([...found.energy].every((energy) => energy < 1e-10)).toBe(true)
        }
      }
    }
  })
})

describe('budgets and callbacks', () => {
  const learning = sparseCoding({ atoms: 16, lambda: 0.2, batchSize: 50 })

  it('report epochs, observations and a fraction that reaches 1', async () => {
    const seen: FitProgress[] = []
    const model = await learning.fit(observations, { epochs: 5, onProgress: (progress) => void seen.push(progress) })
    expect(seen).toEqual(model.history)
    expect(seen.length).toBeGreaterThanOrEqual(5)
    const last = seen.at(-1)
    expect(last).toMatchObject({ epoch: 5, epochs: 5, seen: 2000, fraction: 1 })
    for (const [i, { fraction, atomsInUse }] of seen.entries()) {
      if (i > 0) expect(fraction).toBeGreaterThanOrEqual(seen[i - 1].fraction)
      expect(atomsInUse).toBeLessThanOrEqual(16)
    }
  })

  it('stop when the callback says so', async () => {
    const model = await learning.fit(observations, { epochs: 50, onProgress: ({ epoch }) => epoch < 3 })
    expect(model.history.at(-1)?.epoch).toBe(3)
    const prefix = await learning.fit(observations, { epochs: 3 })
    expect(bitsOf(model)).toEqual(bitsOf(prefix))
  })

  it('stop after their seconds, with the last state reported', async () => {
    for (const seconds of [1e-6, 0.05]) {
      const store = memoryStore('run')
      const model = await learning.fit(observations, { seconds, run: store })
      expect(model.history.length).toBeGreaterThanOrEqual(1)
      expect(model.history.at(-1)?.fraction).toBe(1)
      expect(model.history.at(-1)?.seen).toBeGreaterThan(0)
      expect((await loadModel(store)).history).toEqual(model.history)
    }
  })

  it('stop when held-out energy no longer falls', async () => {
    const heldOut = normalBatch(rng(6), 80, 16)
    const model = await learning.fit(observations, { epochs: 400, heldOut, patience: 2 })
    const energies = model.history.flatMap(({ heldOutEnergy }) => heldOutEnergy ?? [])
    expect(energies.length).toBeLessThan(400)
    const best = Math.min(...energies)
    expect(energies.at(-1)).toBeGreaterThan(best * (1 - 1e-4))
    expect(energies.slice(-2).every((energy) => energy >= Math.min(...energies.slice(0, -2)) * (1 - 1e-4))).toBe(true)
    // The energy of the last epoch is that of the model.
    const { energy } = await model.encode(heldOut, { tolerance: 1e-8 })
    const mean = energy.reduce((sum, value) => sum + value, 0) / 80
    expect(Math.abs(mean - (energies.at(-1) ?? 0))).toBeLessThanOrEqual(0.01 * mean)
  })

  it('end in an error where the signal fires and nothing keeps a checkpoint', async () => {
    await expect(learning.fit(observations, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError)
  })

  it('are refused where they are none', async () => {
    const heldOut = observations
    for (const fit of [
      { epochs: 0 },
      { epochs: 1.5 },
      { seconds: 0 },
      { seconds: Number.NaN },
      { patience: 0, heldOut },
      { patience: 2 },
    ]) {
      await expect(learning.fit(observations, fit), JSON.stringify(fit)).rejects.toThrow(ConfigurationError)
    }
    await expect(learning.fit(observations, { heldOut: normalBatch(rng(1), 10, 7) })).rejects.toThrow(ShapeError)
  })
})

describe('options', () => {
  it('that make no sense are refused in a sentence', () => {
    const attempts: [object, RegExp][] = [
      [{ atoms: 0, lambda: 1 }, /atoms.*1 or more; got 0/],
      [{ atoms: 2.5, lambda: 1 }, /atoms/],
      [{ atoms: 4 }, /lambda or lambdaRatio/],
      [{ atoms: 4, lambda: 0 }, /lambda.*above 0; got 0/],
      [{ atoms: 4, lambda: -1 }, /lambda/],
      [{ atoms: 4, lambda: 'one' }, /lambda/],
      [{ atoms: 4, lambda: 1, lambdaRatio: 0.5 }, /not both/],
      [{ atoms: 4, lambda: 1, regularizer: l1({ lambda: 1 }) }, /not in both/],
      [{ atoms: 4, lambda: 1, batchSize: 0 }, /batchSize/],
      [{ atoms: 4, lambda: 1, deadAfter: 0 }, /deadAfter/],
      [{ atoms: 4, lambda: 1, learningTolerance: 0 }, /learningTolerance/],
      [{ atoms: 4, lambda: 1, minimumDeviation: -1 }, /minimumDeviation/],
      [{ atoms: 4, lambda: 1, minimumDeviation: Number.NaN }, /minimumDeviation/],
      [{ atoms: 4, lambda: 1, seed: -1 }, /seed/],
      [{ atoms: 4, regularizer: weightedL1({ lambda: 1, weights: [1, 2] }) }, /weights.*4 atoms/],
      [{ atoms: 4, regularizer: weightedL1({ lambda: 1, weights: new Array(40).fill(1) }) }, /weights.*4 atoms/],
    ]
    for (const [options, message] of attempts) {
      // A caller without types may give anything.
      const make = () => sparseCoding(options as SparseCodingOptions)
      expect(make, JSON.stringify(options)).toThrow(ConfigurationError)
      expect(make, JSON.stringify(options)).toThrow(message)
    }
  })

  it('that do not fit the data are refused before learning', async () => {
    const make = (options: Partial<SparseCodingOptions>) => sparseCoding({ atoms: 4, lambda: 1, ...options })
    await expect(make({ patch: 3 }).fit(observations)).rejects.toThrow(/leave patch out/)
    await expect(make({}).fit(stripes(2, 20, 20))).rejects.toThrow(/patch: 16/)
    await expect(make({ threads: 0 }).fit(observations)).rejects.toThrow(/threads/)
    await expect(make({ atoms: 10_000_000 }).fit(observations)).rejects.toThrow(/10000000 atoms.*use fewer atoms/)
    const spoilt = tensor([2, 2], Float32Array.of(1, Number.NaN, 0, 1))
    await expect(make({}).fit(spoilt)).rejects.toThrow(DataError)
    await expect(make({}).fit(tensor([0, 2], new Float32Array()))).rejects.toThrow(/no observations/)
  })
})

describe('a model', () => {
  const chains = {
    none: [],
    centred: [centre()],
    normalized: [centre(), contrastNormalize()],
    whitened: [centre(), zca()],
    scaled: [unitVariance(), zca()],
  }
  for (const [name, preprocess] of Object.entries(chains)) {
    for (const regularizer of [l1({ lambdaRatio: 0.2 }), group({ lambda: 0.2, groupSize: 3 }), topK({ active: 3 })]) {
      it(`comes back from its folder with the same codes: ${name}, ${regularizer.kind}`, async () => {
        const model = await sparseCoding({ atoms: 14, regularizer, preprocess, seed: 3 }).fit(observations, {
          epochs: 2,
        })
        const store = memoryStore('model')
        await model.save(store)
        const back = await loadModel(store, { threads: 1, model: 'sparse-coding' })
        expect(bitsOf(back)).toEqual(bitsOf(model))
        expect(back.settings).toEqual(model.settings)
        expect(back.history).toEqual(model.history)
        const fresh = normalBatch(rng(8), 30, 16)
        const [before, after] = [await model.encode(fresh), await back.encode(fresh)]
        expect([...after.codes.values]).toEqual([...before.codes.values])
        expect([...after.codes.indices]).toEqual([...before.codes.indices])
        expect([...after.energy]).toEqual([...before.energy])
        expect([...(await back.energy(fresh))]).toEqual([...before.energy])
        const [one, two] = [await model.decode(before.codes), await back.decode(after.codes)]
        expect(one.shape).toEqual([30, 16])
        expect([...two.data]).toEqual([...one.data])
        model.dispose()
        back.dispose()
      })
    }
  }

  it('refuses observations of another shape', async () => {
    const model = await sparseCoding({ atoms: 6, lambda: 0.2 }).fit(observations, { epochs: 1 })
    for (const data of [
      normalBatch(rng(1), 3, 15),
      tensor([3, 4, 4], new Float32Array(48)),
      fromTensor(normalBatch(rng(1), 3, 17)),
    ]) {
      await expect(model.encode(data)).rejects.toThrow(ShapeError)
      await expect(model.energy(data)).rejects.toThrow(/this model codes 16/)
    }
    await expect(model.encode(stripes(2, 20, 20))).rejects.toThrow(/observations of 16/)
    const other = await sparseCoding({ atoms: 5, lambda: 0.2 }).fit(observations, { epochs: 1 })
    await expect(model.decode((await other.encode(observations)).codes)).rejects.toThrow(/5 atoms.*6/)
  })

  it('codes streams batch by batch as it codes them whole', async () => {
    const model = await sparseCoding({ atoms: 12, lambda: 0.2, preprocess: [centre()] }).fit(observations, {
      epochs: 2,
    })
    const whole = await model.encode(observations)
    const stream = await model.encode(fromTensor(observations))
    expect([...stream.energy]).toEqual([...whole.energy])
    expect([...(stream.gap ?? [])]).toEqual([...(whole.gap ?? [])])
    expect([...stream.codes.values]).toEqual([...whole.codes.values])
    expect([...stream.codes.indptr]).toEqual([...whole.codes.indptr])
    const firsts: number[] = []
    const restored: number[] = []
    for await (const { first, inference, context } of model.encodeBatches(fromTensor(observations), {
      batchSize: 150,
    })) {
      firsts.push(first)
      restored.push(...(await model.decode(inference.codes, context)).data)
    }
    expect(firsts).toEqual([0, 150, 300])
    // Centring is undone: what is left is what the code does not explain.
    let squares = 0
    for (let i = 0; i < restored.length; i++) squares += 0.5 * (restored[i] - observations.data[i]) ** 2
    const explained = whole.energy.reduce((sum, value) => sum + value, 0)
    const penalties = 0.2 * whole.codes.values.reduce((sum, value) => sum + Math.abs(value), 0)
    expect(Math.abs(squares - (explained - penalties))).toBeLessThanOrEqual(1e-3 * explained)
  })

  for (const channels of [1, 3] as const) {
    it(`learns from patches of pictures and codes whole ones, ${channels === 1 ? 'grey' : 'in colour'}`, async () => {
      const images = stripes(4, 24, 31, channels)
      const options: SparseCodingOptions = {
        atoms: 20,
        lambda: 0.05,
        patch: [6, 7],
        patchesPerEpoch: 500,
        preprocess: [centre()],
        ...(channels === 1 ? { transform: [olshausen()] } : {}),
      }
      const model = await sparseCoding({ ...options, threads: 1 }).fit(images, { epochs: 3 })
      expect(model.atoms.shape).toEqual(channels === 1 ? [20, 6, 7] : [20, 6, 7, 3])
      expect(bitsOf(await sparseCoding({ ...options, threads: 2 }).fit(images, { epochs: 3 }))).toEqual(bitsOf(model))
      expect(model.history.at(-1)?.energy).toBeLessThan(model.history[0].energy)
      const found = await model.encode(images)
      // A grid of 4 × 5 patches covers each picture.
      expect(found.codes.shape).toEqual([4 * 4 * 5, 20])
      const store = memoryStore('edges')
      await model.save(store)
      const back = await loadModel(store, { model: 'sparse-coding' })
      expect([...(await back.encode(images)).energy]).toEqual([...found.energy])
      expect(await store.exists('atoms.png')).toBe(true)
    })
  }
})
