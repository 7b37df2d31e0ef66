import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/artifacts/safetensors.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { sgd } from '../../src/learning/optimizers/sgd.js'
import { type LatentVariableOptions, latentVariableModel } from '../../src/models/latentVariable.js'
import type { LatentVariableFitOptions } from '../../src/models/latentVariableFit.js'
import type { LatentVariableModel } from '../../src/models/latentVariableModel.js'
import { loadModel } from '../../src/models/loadModel.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { dictionaries, mixedObservations, rng } from '../inference/problems.js'
import { interrupted, stoppedRun } from './support.js'

const random = rng(71)
const observations = mixedObservations(random, dictionaries.unit(random, 12, 6), 120)
const epochs = 3

const common = { cost: squaredError(), batchSize: 30, seed: 5, runtime: { threads: 1 } }
const settings: Record<string, LatentVariableOptions> = {
  'a linear decoder, normalized': {
    ...common,
    shapes: { y: 6, z: 8 },
    decoder: linear({ inputs: 8, outputs: 6, bias: false }),
    regularizer: l1({ lambda: 0.1 }),
    normalizeDecoder: true,
  },
  'noise and restarts, with momentum': {
    ...common,
    shapes: { y: 6, z: 2 },
    decoder: mlp({ inputs: 2, hidden: [5], outputs: 6, activation: 'tanh' }),
    regularizer: limitedNoise({ radius: 2, deviation: 0.3 }),
    inference: { restarts: 1, maxSteps: 15 },
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    clip: { norm: 1 },
  },
  'an encoder, a ratio of λmax': {
    ...common,
    shapes: { y: 6, z: 8 },
    decoder: linear({ inputs: 8, outputs: 6 }),
    encoder: mlp({ inputs: 6, hidden: [5], outputs: 8 }),
    regularizer: l1({ lambdaRatio: 0.2 }),
    gamma: 0.5,
    optimizer: adam({ learningRate: 0.01 }),
  },
}

/** All that learning determines, as bits. */
const bitsOf = ({ parameters, keptCodes }: LatentVariableModel) =>
  Object.entries({ ...parameters, keptCodes: keptCodes! }).map(([name, { shape, data }]) => [
    name,
    [...shape],
    [...new Uint32Array(data.buffer, data.byteOffset, data.length)],
  ])

const stopped = (options: LatentVariableOptions, count: number, fit: LatentVariableFitOptions = {}) =>
  stoppedRun(observations, count, (data, run) => latentVariableModel(options).fit(data, { epochs, ...run, ...fit }))

describe('a run that was stopped', () => {
  for (const [name, options] of Object.entries(settings)) {
    it(`ends in the same bits as one that was not: ${name}`, async () => {
      const whole = await latentVariableModel(options).fit(observations, { epochs })
      for (const count of [2, 4, 7, 11]) {
        const store = await stopped(options, count)
        const model = await latentVariableModel(options).fit(observations, { epochs, run: store, resume: true })
        expect(bitsOf(model)).toEqual(bitsOf(whole))
        expect(await store.exists(checkpointFile)).toBe(false)
        const seen = model.history.map((progress) => progress.seen)
        expect([...seen].sort((a, b) => a - b)).toEqual(seen)
        expect(seen.at(-1)).toBe(epochs * 120)
        const saved = await loadModel(store, { model: 'latent-variable', runtime: { threads: 1 } })
        expect(bitsOf(saved)).toEqual(bitsOf(whole))
        expect(saved.history).toEqual(model.history)
        saved.dispose()
        model.dispose()
      }
      whole.dispose()
    })
  }

  it('keeps early stopping in mind', async () => {
    const options = settings['a linear decoder, normalized']
    const heldOut = mixedObservations(rng(3), dictionaries.unit(rng(4), 9, 6), 30)
    const held = { heldOut, patience: 1, epochs: 8 }
    const whole = await latentVariableModel(options).fit(observations, held)
    const store = await stopped(options, 6, held)
    const model = await latentVariableModel(options).fit(observations, { ...held, run: store, resume: true })
    expect(bitsOf(model)).toEqual(bitsOf(whole))
    const energies = (history: typeof model.history) => history.flatMap(({ heldOutEnergy }) => heldOutEnergy ?? [])
    expect(energies(model.history)).toEqual(energies(whole.history))
  })

  it('that died between two checkpoints goes on from the last one', async () => {
    const options = settings['a linear decoder, normalized']
    const whole = await latentVariableModel(options).fit(observations, { epochs })
    for (const checkpointSeconds of [0, 1e6]) {
      const store = memoryStore('run')
      const data = interrupted(observations, 7, () => {
        throw new Error('the cable was pulled')
      })
      const learning = latentVariableModel(options).fit(data, { epochs, run: store, checkpointSeconds })
      await expect(learning).rejects.toThrow('the cable was pulled')
      expect(await store.exists(checkpointFile)).toBe(checkpointSeconds === 0)
      const model = await latentVariableModel(options).fit(observations, { epochs, run: store, resume: true })
      expect(bitsOf(model)).toEqual(bitsOf(whole))
    }
  })
})

describe('resuming', () => {
  const options = settings['a linear decoder, normalized']

  it('is refused for another configuration, which it names, and harms nothing', async () => {
    const store = await stopped(options, 5)
    const before = store.files()
    const attempts: [LatentVariableOptions, RegExp][] = [
      [{ ...options, seed: 6 }, /seed is 5 there and 6 here/],
      [{ ...options, regularizer: l1({ lambda: 0.3 }) }, /energy\.regularizer\.lambda is 0\.1 there and 0\.3 here/],
      [{ ...options, inference: { maxSteps: 9 } }, /inference\.maxSteps is 50 there and 9 here/],
    ]
    for (const [other, message] of attempts) {
      const again = latentVariableModel(other).fit(observations, { epochs, run: store, resume: true })
      await expect(again).rejects.toThrow(message)
      expect(store.files()).toEqual(before)
    }
    await expect(latentVariableModel(options).fit(observations, { run: store })).rejects.toThrow(ConfigurationError)
  })

  it('from a checkpoint that lacks a part, or has it in another shape, is refused in a sentence', async () => {
    const store = await stopped(options, 5)
    const files = store.files()
    const { tensors, metadata } = decodeSafetensors(files[checkpointFile])
    for (const name of Object.keys(tensors)) {
      const { [name]: tensor, ...others } = tensors
      const half = { ...tensor, shape: [1], data: tensor.data.slice(0, 1) } as typeof tensor
      for (const damaged of [others, { ...others, [name]: half }]) {
        const broken = memoryStore('run', { ...files, [checkpointFile]: encodeSafetensors(damaged, metadata) })
        const learning = latentVariableModel(options).fit(observations, { epochs, run: broken, resume: true })
        await expect(learning, name).rejects.toThrow(FileFormatError)
      }
    }
  })
})
