import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/artifacts/safetensors.js'
import { gradient } from '../../src/learning/dictionaryUpdate.js'
import { loadModel } from '../../src/models/loadModel.js'
import { type SparseCodingData, type SparseCodingOptions, sparseCoding } from '../../src/models/sparseCoding.js'
import type { FitOptions } from '../../src/models/sparseCodingFit.js'
import { centre } from '../../src/preprocess/centre.js'
import { zca } from '../../src/preprocess/zca.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { dictionaries, mixedObservations, rng } from '../inference/problems.js'
import { bitsOf, interrupted, stoppedRun } from './support.js'

const random = rng(71)
const observations = mixedObservations(random, dictionaries.unit(random, 40, 18), 700)
const epochs = 4

const stopped = (options: SparseCodingOptions, count: number, fit: FitOptions = {}) =>
  stoppedRun(observations, count, (data, run) => sparseCoding(options).fit(data, { epochs, ...run, ...fit }))

const settings: Record<string, SparseCodingOptions> = {
  'online, default': { atoms: 24, lambda: 0.2, batchSize: 100, seed: 5 },
  'with dead atoms': { atoms: 60, lambda: 0.6, batchSize: 100, seed: 5, deadAfter: 150 },
  'gradient, non-negative atoms': {
    atoms: 24,
    lambda: 0.2,
    batchSize: 150,
    update: gradient({ normalization: 'sum-of-norms' }),
    nonNegativeAtoms: true,
  },
  preprocessed: { atoms: 20, lambdaRatio: 0.3, batchSize: 90, preprocess: [centre(), zca()] },
}

describe('a run that was stopped', () => {
  for (const [name, options] of Object.entries(settings)) {
    it(`ends in the same bits as one that was not: ${name}`, async () => {
      const whole = await sparseCoding({ ...options, threads: 2 }).fit(observations, { epochs })
      for (const count of [4, 9, 14, 21]) {
        const store = await stopped({ ...options, threads: 2 }, count)
        for (const threads of count === 9 ? [1, 3] : [2]) {
          const again = memoryStore('run', store.files())
          const model = await sparseCoding({ ...options, threads }).fit(observations, {
            epochs,
            run: again,
            resume: true,
          })
          expect(bitsOf(model)).toEqual(bitsOf(whole))
          expect(await again.exists(checkpointFile)).toBe(false)
          const seen = model.history.map((progress) => progress.seen)
          expect([...seen].sort((a, b) => a - b)).toEqual(seen)
          expect(seen.at(-1)).toBe(epochs * 700)
          const saved = await loadModel(again, { model: 'sparse-coding' })
          expect(bitsOf(saved)).toEqual(bitsOf(whole))
          expect(saved.history).toEqual(model.history)
          saved.dispose()
          model.dispose()
        }
      }
      whole.dispose()
    })
  }

  it('can be stopped again and again', async () => {
    const options = settings['online, default']
    const whole = await sparseCoding(options).fit(observations, { epochs })
    const store = await stopped(options, 3)
    for (let time = 0; time < 3; time++) {
      const stop = new AbortController()
      const data = interrupted(observations, 4, () => stop.abort())
      const learning = sparseCoding(options).fit(data, { epochs, run: store, resume: true, signal: stop.signal })
      await expect(learning).rejects.toThrow(/checkpoint is kept; go on with resume/)
    }
    const model = await sparseCoding(options).fit(observations, { epochs, run: store, resume: true })
    expect(bitsOf(model)).toEqual(bitsOf(whole))
  })

  it('that died between two checkpoints goes on from the last one', async () => {
    const options = settings['online, default']
    const whole = await sparseCoding(options).fit(observations, { epochs })
    for (const checkpointSeconds of [0, 1e6]) {
      const store = memoryStore('run')
      const data = interrupted(observations, 17, () => {
        throw new Error('the cable was pulled')
      })
      const learning = sparseCoding(options).fit(data, { epochs, run: store, checkpointSeconds })
      await expect(learning).rejects.toThrow('the cable was pulled')
      expect(await store.exists(checkpointFile)).toBe(checkpointSeconds === 0)
      const model = await sparseCoding(options).fit(observations, { epochs, run: store, resume: true })
      expect(bitsOf(model)).toEqual(bitsOf(whole))
    }
  })

  it('keeps early stopping in mind', async () => {
    const options = settings['online, default']
    const held = { heldOut: mixedObservations(rng(3), dictionaries.unit(rng(4), 9, 18), 60), patience: 1, epochs: 30 }
    const whole = await sparseCoding(options).fit(observations, held)
    const store = await stopped(options, 12, held)
    const model = await sparseCoding(options).fit(observations, { ...held, run: store, resume: true })
    expect(bitsOf(model)).toEqual(bitsOf(whole))
    const energies = (history: typeof model.history) => history.flatMap(({ heldOutEnergy }) => heldOutEnergy ?? [])
    expect(energies(model.history)).toEqual(energies(whole.history))
  })
})

describe('resuming', () => {
  it('is refused for another configuration, which it names, and harms nothing', async () => {
    const options = settings['online, default']
    const store = await stopped(options, 5)
    const before = store.files()
    const attempts: [SparseCodingOptions, RegExp][] = [
      [{ ...options, atoms: 25 }, /atoms is 24 there and 25 here/],
      [{ ...options, lambda: 0.3 }, /regularizer\.lambda is 0\.2 there and 0\.3 here/],
      [{ ...options, seed: 6 }, /seed is 5 there and 6 here/],
      [{ ...options, preprocess: [centre()] }, /preprocess/],
    ]
    for (const [other, message] of attempts) {
      const learning = sparseCoding(other).fit(observations, { epochs, run: store, resume: true })
      await expect(learning).rejects.toThrow(FileFormatError)
      await expect(sparseCoding(other).fit(observations, { epochs, run: store, resume: true })).rejects.toThrow(message)
      expect(store.files()).toEqual(before)
    }
  })

  it('is asked for where a run is there, and refused where it has finished', async () => {
    const options = settings['online, default']
    const store = await stopped(options, 5)
    const before = store.files()
    await expect(sparseCoding(options).fit(observations, { run: store })).rejects.toThrow(/--resume.*--overwrite/)
    await expect(
      sparseCoding(options).fit(observations, { run: store, resume: true, overwrite: true }),
    ).rejects.toThrow(ConfigurationError)
    expect(store.files()).toEqual(before)
    await sparseCoding(options).fit(observations, { run: store, epochs: 1, overwrite: true })
    const finished = store.files()
    await expect(sparseCoding(options).fit(observations, { run: store, resume: true })).rejects.toThrow(/finished run/)
    expect(store.files()).toEqual(finished)
  })

  it('from a checkpoint that lacks a part, or has it in another shape, is refused in a sentence', async () => {
    const options = settings['online, default']
    const store = await stopped(options, 5)
    const files = store.files()
    const { tensors, metadata } = decodeSafetensors(files[checkpointFile])
    for (const name of Object.keys(tensors)) {
      const { [name]: tensor, ...others } = tensors
      const data = tensor.data.slice(1)
      const short = { ...tensor, shape: [data.length], data } as typeof tensor
      for (const damaged of [others, { ...others, [name]: short }]) {
        const broken = memoryStore('run', { ...files, [checkpointFile]: encodeSafetensors(damaged, metadata) })
        const learning = sparseCoding(options).fit(observations, { epochs, run: broken, resume: true })
        await expect(learning, name).rejects.toThrow(FileFormatError)
      }
    }
    const cut = memoryStore('run', { ...files, [checkpointFile]: files[checkpointFile].slice(0, -100) })
    await expect(sparseCoding(options).fit(observations, { run: cut, resume: true })).rejects.toThrow(FileFormatError)
  })

  it('without a checkpoint begins anew', async () => {
    const options = settings['online, default']
    const data: SparseCodingData = observations
    const whole = await sparseCoding(options).fit(data, { epochs: 1 })
    const model = await sparseCoding(options).fit(data, { epochs: 1, run: memoryStore('new'), resume: true })
    expect(bitsOf(model)).toEqual(bitsOf(whole))
  })
})
