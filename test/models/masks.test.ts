import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { deadLeaves } from '../../src/data/deadLeaves.js'
import { toTensor } from '../../src/data/fromTensor.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import { recovered } from '../../src/diagnostics/matchDictionaries.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { toDense } from '../../src/inference/codes.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { online } from '../../src/learning/dictionaryUpdate.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { centre } from '../../src/preprocess/centre.js'
import { rng } from '../../src/tensor/random.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'
import { dictionaries, normalBatch } from '../inference/problems.js'
import { learnerAt } from '../learning/learners.js'
import { bitsOf } from './support.js'

const hide = (random: ReturnType<typeof rng>, shape: readonly number[], missing: number): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: shape[0] * shape[1] }, () => (random.uniform() < missing ? 0 : 1)),
  )

const spoil = ({ shape, data }: Tensor, mask: Tensor): Tensor =>
  tensor(
    shape,
    data.map((value, at) => (mask.data[at] === 0 ? Number.NaN : value)),
  )

describe('a dictionary from incomplete observations', () => {
  it('is the planted one with 30 % missing', async () => {
    for (const seed of [0, 1]) {
      const planted = plantedCodes({ atoms: 40, dimension: 32, active: 3, count: 5000, noise: 0.02, seed })
      const complete = await toTensor(planted.observations)
      const mask = hide(rng(5, seed), complete.shape, 0.3)
      const model = await sparseCoding({ atoms: 40, lambda: 0.15, batchSize: 500, seed }).fit(spoil(complete, mask), {
        epochs: 25,
        mask,
      })
      expect(recovered(planted.dictionary, model.atoms)).toBeGreaterThanOrEqual(0.95)
      // What was missing is what the codes say of it.
      const { codes } = await model.encode(spoil(complete, mask), { mask })
      const guess = await model.decode(codes)
      let [error, whole] = [0, 0]
      for (const [at, value] of complete.data.entries()) {
        if (mask.data[at] === 1) continue
        error += (guess.data[at] - value) ** 2
        whole += value ** 2
      }
      expect(error / whole).toBeLessThan(0.15)
      model.dispose()
    }
  })

  it('and its codes stay non-negative where both must', async () => {
    const random = rng(9)
    const [atoms, size, count] = [20, 24, 4000]
    const planted = tensor(
      [atoms, size],
      Float32Array.from({ length: atoms * size }, () => (random.uniform() < 0.25 ? random.uniform() : 0)),
    )
    const data = new Float32Array(count * size)
    for (let i = 0; i < count; i++) {
      for (let times = 0; times < 3; times++) {
        const from = random.integer(atoms) * size
        const value = 0.5 + random.uniform()
        for (let p = 0; p < size; p++) data[i * size + p] += value * planted.data[from + p]
      }
    }
    const mask = hide(random, [count, size], 0.3)
    for (let i = 0; i < count; i++) mask.data[i * size + random.integer(size)] = 1
    const model = await sparseCoding({
      atoms,
      regularizer: nonNegative({ lambda: 0.02 }),
      nonNegativeAtoms: true,
      batchSize: 500,
    }).fit(tensor([count, size], data), { epochs: 25, mask })
    expect(Math.min(...model.atoms.data)).toBe(0)
    expect(recovered(planted, model.atoms, 0.97)).toBeGreaterThanOrEqual(0.85)
    const { codes, energy } = await model.encode(tensor([count, size], data), { mask })
    expect(codes.values.every((value) => value > 0)).toBe(true)
    expect(await model.energy(tensor([count, size], data), { mask })).toEqual(energy)
    model.dispose()
  })

  it('moves as a batch completed by its own codes would move it', async () => {
    const random = rng(13)
    const atoms = dictionaries.unit(random, 12, 10)
    const observations = normalBatch(random, 40, 10)
    const mask = hide(random, [40, 10], 0.4)
    for (let i = 0; i < 40; i++) mask.data[i * 10 + (i % 10)] = 1
    const regularizer = l1({ lambda: 0.2 })
    const learner = await learnerAt(atoms, { regularizer, update: online(), masked: true }, 1)
    learner.step(observations.data, 0, 40, mask.data)
    // The statistics B = Σ z ỹᵀ with ỹ completed.
    const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
    const codes = toDense((await encoder.encode(observations, { mask, tolerance: 1e-9 })).codes).data
    const expected = new Float64Array(12 * 10)
    for (let i = 0; i < 40; i++) {
      for (let p = 0; p < 10; p++) {
        let value = observations.data[i * 10 + p]
        if (mask.data[i * 10 + p] === 0) {
          value = 0
          for (let j = 0; j < 12; j++) value += codes[i * 12 + j] * atoms.data[j * 10 + p]
        }
        for (let j = 0; j < 12; j++) expected[j * 10 + p] += codes[i * 12 + j] * value
      }
    }
    const { dataProducts } = learner.state()
    const padded = dataProducts.length / 12
    for (let j = 0; j < 12; j++) {
      for (let p = 0; p < 10; p++) {
        expect(Math.abs(dataProducts[j * padded + p] - expected[j * 10 + p])).toBeLessThan(1e-4)
      }
    }
    encoder.dispose()
    learner.dispose()
  })

  it('is the same to the bit on any number of threads, and after a stop', async () => {
    const random = rng(17)
    const data = normalBatch(random, 600, 12)
    const mask = hide(random, [600, 12], 0.3)
    for (let i = 0; i < 600; i++) mask.data[i * 12] = 1
    const learn = (threads: number) => sparseCoding({ atoms: 16, lambda: 0.3, batchSize: 100, seed: 3, threads })
    const whole = bitsOf(await learn(1).fit(data, { epochs: 3, mask }))
    expect(bitsOf(await learn(2).fit(data, { epochs: 3, mask }))).toEqual(whole)
    const run = memoryStore('run')
    const stopping = new AbortController()
    const stopped = learn(2).fit(data, {
      epochs: 3,
      mask,
      run,
      checkpointSeconds: 0,
      signal: stopping.signal,
      onProgress: ({ seen }) => {
        if (seen >= 600) stopping.abort()
      },
    })
    await expect(stopped).rejects.toThrow(/stopped/)
    const others = tensor(
      [600, 12],
      mask.data.map((value, i) => (i % 12 === 5 ? 1 - value : value)),
    )
    await expect(learn(1).fit(data, { epochs: 3, mask: others, run, resume: true })).rejects.toThrow(/another mask/)
    expect(bitsOf(await learn(1).fit(data, { epochs: 3, mask, run, resume: true }))).toEqual(whole)
    expect(bitsOf(await learn(1).fit(data, { epochs: 3 })).atoms).not.toEqual(whole.atoms)
  })

  it('needs a mask that fits, observations rather than images, and no preprocessing', async () => {
    const random = rng(19)
    const data = normalBatch(random, 20, 6)
    const mask = tensor([20, 6], new Float32Array(120).fill(1))
    const coding = sparseCoding({ atoms: 4, lambda: 0.2 })
    await expect(coding.fit(data, { mask: tensor([20, 3, 2], mask.data) })).rejects.toThrow(/same shape/)
    await expect(coding.fit(data, { mask: tensor([20, 6], new Float32Array(120)) })).rejects.toThrow(
      /nothing was observed of any observation/,
    )
    const stream = plantedCodes({ atoms: 4, dimension: 6, active: 2, count: 20 }).observations
    const images = deadLeaves({ count: 2, width: 12, height: 12 })
    await expect(coding.fit(images, { mask })).rejects.toThrow(/patches are cut out of/)
    await expect(coding.fit(stream, { heldOutMask: mask })).rejects.toThrow(/goes with a mask/)
    const centred = sparseCoding({ atoms: 4, lambda: 0.2, preprocess: [centre()] })
    await expect(centred.fit(data, { mask })).rejects.toThrow(/leave preprocess out/)
    const model = await centred.fit(data, { epochs: 1 })
    await expect(model.encode(data, { mask })).rejects.toThrow(/leave preprocess out/)
    model.dispose()
    const plain = await coding.fit(stream, { epochs: 1 })
    await expect(plain.encode(stream, { mask: tensor([19, 6], mask.data.slice(6)) })).rejects.toThrow(/of 20 obs|19×6/)
    const nothing = () => tensor([6], new Float32Array(6))
    await expect(coding.fit(stream, { mask: nothing })).rejects.toThrow(/nothing was observed of/)
    const heldOut = { heldOut: stream, heldOutMask: nothing }
    await expect(coding.fit(data, { mask, ...heldOut })).rejects.toThrow(/nothing was observed of the held-out data/)
    const patched = sparseCoding({ atoms: 4, lambda: 0.2, patch: 2 })
    await expect(
      patched.fit(tensor([5, 6, 4], data.data), { mask: tensor([6, 4], mask.data.slice(0, 24)) }),
    ).rejects.toThrow(/not images to cut patches from; leave patch out/)
    await expect(plain.encode(stream, { mask: () => tensor([5], new Float32Array(5).fill(1)) })).rejects.toThrow(
      /mask of 5 was given for observation 0 of 6/,
    )
    plain.dispose()
  })

  it('leaves observations out of which nothing was observed, and codes them as 0', async () => {
    const random = rng(29)
    const data = normalBatch(random, 40, 6)
    const mask = hide(random, [40, 6], 0.2)
    for (let i = 0; i < 40; i++) mask.data.fill(i % 10 === 3 ? 0 : 1, i * 6, i * 6 + 1 + (i % 10 === 3 ? 5 : 0))
    const kept = Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 10 !== 3)
    const of = ({ data: numbers }: Tensor) =>
      tensor([36, 6], Float32Array.from(kept.flatMap((i) => [...numbers.subarray(i * 6, i * 6 + 6)])))
    const coding = sparseCoding({ atoms: 5, lambda: 0.2, threads: 1 })
    const held = { heldOut: data, heldOutMask: mask }
    const model = await coding.fit(data, { epochs: 2, mask, ...held })
    const same = await coding.fit(of(data), { epochs: 2, mask: of(mask), heldOut: of(data), heldOutMask: of(mask) })
    expect(bitsOf(model).atoms).toEqual(bitsOf(same).atoms)
    expect(model.history.at(-1)).toMatchObject({
      seen: 72,
      heldOutEnergy: same.history.at(-1)?.heldOutEnergy,
    })
    const { codes, energy, status } = await model.encode(data, { mask })
    expect(codes.shape).toEqual([40, 5])
    expect([energy[3], energy[33], codes.indptr[4] - codes.indptr[3], status[13]]).toEqual([0, 0, 0, 'converged'])
    expect(kept.map((i) => energy[i])).toEqual([...(await same.encode(of(data), { mask: of(mask) })).energy])
    model.dispose()
    same.dispose()
  })

  it('may come as a stream, with one mask for all or one each', async () => {
    const random = rng(23)
    const { observations } = plantedCodes({ atoms: 6, dimension: 8, active: 2, count: 90 })
    const whole = await toTensor(observations)
    const mask = hide(random, whole.shape, 0.3)
    for (let i = 0; i < 90; i++) mask.data[i * 8] = 1
    const rowOf = (row: number) => tensor([8], mask.data.subarray(row * 8, (row + 1) * 8))
    const coding = sparseCoding({ atoms: 6, lambda: 0.2, threads: 1 })
    const model = await coding.fit(whole, { epochs: 2, mask })
    const streamed = await coding.fit(observations, {
      epochs: 2,
      mask: rowOf,
      heldOut: observations,
      heldOutMask: mask,
    })
    expect(bitsOf(streamed).atoms).toEqual(bitsOf(model).atoms)
    const { energy } = await model.encode(whole, { mask })
    const mean = energy.reduce((sum, value) => sum + value, 0) / 90
    expect(streamed.history.at(-1)!.heldOutEnergy! / mean).toBeCloseTo(1, 2)
    for (const masks of [mask, rowOf]) {
      const found: number[] = []
      for await (const batch of model.encodeBatches(observations, { mask: masks, batchSize: 40 })) {
        found.push(...batch.inference.energy)
      }
      expect(found).toEqual([...energy])
    }
    const one = rowOf(3)
    const all = tensor(
      whole.shape,
      Float32Array.from(whole.data, (_, at) => one.data[at % 8]),
    )
    expect((await model.encode(observations, { mask: one })).energy).toEqual(
      (await model.encode(whole, { mask: all })).energy,
    )
    model.dispose()
    streamed.dispose()
  })
})
