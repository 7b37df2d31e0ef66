import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import type { Store } from '../../src/artifacts/store.js'
import type { Observations } from '../../src/data/observations.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { lista } from '../../src/models/lista.js'
import type { Model } from '../../src/models/model.js'
import { predictiveSparseDecomposition } from '../../src/models/predictiveSparseDecomposition.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { variationalAutoEncoder } from '../../src/models/variationalAutoEncoder.js'
import { CancelledError, ConvergenceError, DataError, FileFormatError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { interrupted } from './support.js'

const random = rng(5)
const drawn = (...shape: [number, number]): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape[0] * shape[1] }, () => random.uniform()),
})
const data = drawn(60, 4)
const dictionary = drawn(6, 4)
const runtime = { threads: 1 }
const encoder = { dictionary, lambda: 0.1, trainingSteps: 12, batchSize: 10, runtime, threads: 1 }
const sized = { batchSize: 10, seed: 1, runtime }
const energy = {
  shapes: { y: 4, z: 2 },
  decoder: linear({ inputs: 2, outputs: 4 }),
  cost: squaredError(),
  regularizer: l2({ lambda: 0.1 }),
  ...sized,
}

interface How {
  readonly run: Store
  readonly overwrite?: boolean
  readonly resume?: boolean
  readonly signal?: AbortSignal
  readonly checkpointSeconds?: number
}

/** Every kind of model that learns into a run. */
const models: Record<string, (data: Tensor | Observations, how: How) => Promise<unknown>> = {
  'sparse coding': (given, how) =>
    sparseCoding({ atoms: 6, lambda: 0.1, batchSize: 10, threads: 1 }).fit(given, { epochs: 2, ...how }),
  lista: (given, how) => lista(encoder).fit(given, how),
  'predictive sparse decomposition': (given, how) => predictiveSparseDecomposition(encoder).fit(given, how),
  'a variational auto-encoder': (given, how) =>
    variationalAutoEncoder({ latent: 2, hidden: [4], ...sized }).fit(given, { epochs: 2, ...how }),
  'latent variables': (given, how) => latentVariableModel(energy).fit(given, { epochs: 2, ...how }),
}

/** A store with files of a finished run. */
async function finished(learning: (typeof models)[string]): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore('run')
  await learning(data, { run: store })
  return store
}

const failing = (batch: number) =>
  interrupted(data, batch, () => {
    throw new DataError('a number is missing')
  })

describe.each(Object.entries(models))('a run of %s', (_, learning) => {
  it('is not made where data fails before a checkpoint, and the one that was there stays', async () => {
    const store = await finished(learning)
    const before = store.files()
    for (const batch of [1, 3]) {
      const empty = memoryStore('run')
      await expect(learning(failing(batch), { run: empty })).rejects.toThrow('a number is missing')
      expect(await empty.list()).toEqual([])
      await expect(learning(failing(batch), { run: store, overwrite: true })).rejects.toThrow('a number is missing')
      expect(store.files()).toEqual(before)
    }
    await learning(data, { run: store, overwrite: true })
    expect(store.files()).not.toEqual(before)
  })

  it('holds what was learned from the first checkpoint on', async () => {
    const store = memoryStore('run')
    await expect(learning(failing(5), { run: store, checkpointSeconds: 0 })).rejects.toThrow('a number is missing')
    expect(await store.exists('config.json')).toBe(true)
    expect(await store.exists('checkpoint.safetensors')).toBe(true)
  })

  it('takes the place of another only where there is room for it', async () => {
    const store = await finished(learning)
    const before = store.files()
    const full: Store = {
      ...store,
      append: () => Promise.reject(new FileFormatError('no space is left on the disk')),
      writeAtomic: () => Promise.reject(new FileFormatError('no space is left on the disk')),
      writeTogether: (files) =>
        Promise.reject(new FileFormatError(`no space is left on the disk for ${[...files.keys()].join(', ')}`)),
    }
    for (const [checkpointSeconds, written] of [
      [1e6, /no space is left on the disk for config\.json.*model\.safetensors/],
      [0, /no space is left on the disk for config\.json.*checkpoint\.safetensors/],
    ] as const) {
      await expect(learning(data, { run: full, overwrite: true, checkpointSeconds })).rejects.toThrow(written)
      expect(store.files()).toEqual(before)
    }
    const model = (await learning(data, { run: memoryStore('other') })) as Model
    await expect(model.save(full, { overwrite: true })).rejects.toThrow(/no space is left/)
    expect(store.files()).toEqual(before)
  })

  it('is not resumed with other data of the same name', async () => {
    const store = memoryStore('run')
    await expect(learning(failing(5), { run: store, checkpointSeconds: 0 })).rejects.toThrow('a number is missing')
    const before = store.files()
    const other = { shape: data.shape, data: data.data.map((value) => 1 - value) }
    for (const given of [other, { shape: [59, 4], data: data.data.slice(4) }]) {
      await expect(learning(given, { run: store, resume: true })).rejects.toThrow(/begun with other data, also called/)
      expect(store.files()).toEqual(before)
    }
    await learning(data, { run: store, resume: true })
  })

  it('that was finished cannot be resumed', async () => {
    const store = await finished(learning)
    await expect(learning(data, { run: store, resume: true })).rejects.toThrow(
      /finished run, which leaves nothing to resume/,
    )
  })
})

describe('learning is refused before the old run goes', () => {
  const { 'a variational auto-encoder': vae } = models

  it('where held-out data is not in the range of the cost', async () => {
    const store = await finished(vae)
    const before = store.files()
    const heldOut = { shape: [3, 4], data: new Float32Array(12).fill(7) }
    const learning = variationalAutoEncoder({ latent: 2, hidden: [4], ...sized }).fit(data, {
      epochs: 1,
      heldOut,
      run: store,
      overwrite: true,
      checkpointSeconds: 0,
    })
    await expect(learning).rejects.toThrow(/Held-out observations/)
    expect(store.files()).toEqual(before)
  })

  it.each([
    [
      'variational',
      (run: Store) =>
        variationalAutoEncoder({ latent: 2, hidden: [4], cost: 'gaussian', ...sized }).fit(huge, {
          run,
          overwrite: true,
        }),
    ],
    ['lista', (run: Store) => lista(encoder).fit(huge, { run, overwrite: true })],
  ])('where the first step gives no finite number: %s', async (_, learn) => {
    const store = await finished(vae)
    const before = store.files()
    await expect(learn(store)).rejects.toThrow(ConvergenceError)
    await expect(learn(store)).rejects.toThrow(/nothing was learned, and no run is written/)
    expect(store.files()).toEqual(before)
  })
})

const huge: Tensor = { shape: [20, 4], data: new Float32Array(80).fill(3e38) }

describe('an encoder whose numbers leave their range', () => {
  const learn = { lista, psd: predictiveSparseDecomposition }
  it.each(Object.keys(learn) as (keyof typeof learn)[])('says so, and writes no run: %s', async (kind) => {
    const store = memoryStore('run')
    const far = learn[kind]({ ...encoder, optimizer: adam({ learningRate: 1e30 }) })
    const model = await far.fit(data, { heldOut: data })
    expect(model.status).toBe('nonFinite')
    expect(Object.values(model.parameters).every((tensor) => tensor.data.every(Number.isFinite))).toBe(true)
    await expect(far.fit(data, { run: store, heldOut: data })).rejects.toThrow(
      /^The loss, or its gradient, is no finite number after \d+ steps?: nothing was learned, and no run is written\. Lower the learning rate/,
    )
    expect(store.files()).toEqual({})
  })
})

describe('latent variables', () => {
  it('that are cancelled before the first step leave nothing', async () => {
    const store = memoryStore('run')
    const learning = latentVariableModel(energy).fit(data, {
      epochs: 1,
      run: store,
      signal: AbortSignal.abort(),
    })
    await expect(learning).rejects.toThrow(CancelledError)
    expect(await store.list()).toEqual([])
  })
})
