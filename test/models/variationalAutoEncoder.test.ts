import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { openRun } from '../../src/artifacts/runFolder.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { defineModule, type Module } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { constant, reshape } from '../../src/graph/index.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { sgd } from '../../src/learning/optimizers/sgd.js'
import { exportOnnx } from '../../src/models/exportOnnx.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { loadModel } from '../../src/models/loadModel.js'
import { type VariationalAutoEncoderOptions, variationalAutoEncoder } from '../../src/models/variationalAutoEncoder.js'
import type { VariationalFitOptions } from '../../src/models/variationalAutoEncoderFit.js'
import { loadVariational } from '../../src/models/variationalAutoEncoderLoad.js'
import type { VariationalModel } from '../../src/models/variationalAutoEncoderModel.js'
import { CancelledError, ConfigurationError, DataError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { interrupted } from './support.js'

/** Pictures of a soft stroke whose place and slant vary: two numbers tell all of it. */
function strokes(count: number, side = 8, seed = 3): Tensor {
  const random = rng(seed)
  const data = new Float32Array(count * side * side)
  for (let i = 0; i < count; i++) {
    const [place, slant] = [random.uniform() * side, random.uniform() - 0.5]
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        data[(i * side + y) * side + x] = Math.exp(-((x - place - slant * (y - side / 2)) ** 2))
      }
    }
  }
  return { shape: [count, side, side], data }
}

const observations = strokes(600)
const small: VariationalAutoEncoderOptions = {
  latent: 2,
  hidden: [24],
  batchSize: 50,
  seed: 5,
  runtime: { threads: 1 },
}
const quick: VariationalAutoEncoderOptions = { ...small, optimizer: adam({ learningRate: 0.01 }) }
const learned = (options: VariationalAutoEncoderOptions, more: VariationalFitOptions = {}, data = observations) =>
  variationalAutoEncoder(options).fit(data, { epochs: 3, ...more })

const bitsOf = ({ parameters }: VariationalModel) =>
  Object.entries(parameters).map(([name, { data }]) => [
    name,
    [...new Uint32Array(data.buffer, data.byteOffset, data.length)],
  ])

describe('a variational auto-encoder', () => {
  it('lowers its energy, uses its code and explains held-out data', async () => {
    const model = await learned(quick, { epochs: 30, heldOut: strokes(200, 8, 8) })
    const [first, last] = [model.history[0], model.history[model.history.length - 1]]
    expect(last.energy).toBeLessThan(0.9 * first.energy)
    expect(last.heldOutEnergy).toBeLessThan(1.1 * last.energy)
    expect(last.energy).toBeCloseTo(last.reconstruction + last.spring + last.size, 3)
    expect(last.meanNorm).toBeCloseTo(Math.sqrt(2 * last.spring), 6)
    const epochs = model.history.map(({ epoch }) => epoch)
    expect([...epochs].sort((a, b) => a - b)).toEqual(epochs)
    const evidence = await model.evaluate(rows(observations, 0, 200))
    expect(evidence.activeUnits.count).toBeGreaterThanOrEqual(1)
    const bounds = evidence.logLikelihood.map(({ value }) => value)
    expect(evidence.logLikelihood.map(({ samples }) => samples)).toEqual([1, 5, 50])
    expect([...bounds].sort((a, b) => a - b)).toEqual(bounds)
    expect(bounds[0]).toBeCloseTo(evidence.elbo, 0)
    expect(evidence.elbo).toBeCloseTo(-evidence.reconstruction - evidence.kl, 9)
  })

  it('gives the same bits for the same seed, and others for another', async () => {
    const one = await learned(small)
    expect(bitsOf(await learned(small))).toEqual(bitsOf(one))
    expect(bitsOf(await learned({ ...small, seed: 6 }))).not.toEqual(bitsOf(one))
    const [a, b] = [await one.sample(4, { seed: 1 }), await one.sample(4, { seed: 1 })]
    expect(a).toEqual(b)
    expect(await one.sample(4, { seed: 2 })).not.toEqual(a)
    expect(a.data.every((value) => value > 0 && value < 1)).toBe(true)
  })

  it('learns the same with a steeper spring as with the same spring under another β', async () => {
    const one = await learned({ ...small, beta: 2, spring: 3, ballSize: 0.5 })
    expect(bitsOf(await learned({ ...small, beta: 1, spring: 6, ballSize: 1 }))).toEqual(bitsOf(one))
  })

  it('lets codes fly apart without springs, and holds them at the origin with strong ones', async () => {
    const norm = async (spring: number) =>
      (await learned({ ...quick, deviation: 1, spring }, { epochs: 20 })).history.map(({ meanNorm }) => meanNorm)
    const [none, right, strong] = [await norm(0), await norm(1), await norm(100)]
    expect(none.at(-1)).toBeGreaterThan(1.5 * right.at(-1)!)
    expect(right.at(-1)).toBeGreaterThan(5 * strong.at(-1)!)
    expect(none.at(-1)).toBeGreaterThan(1.2 * none[Math.floor(none.length / 3)])
  })

  it('encodes balls, decodes their centres, and scores what it has not seen as worse', async () => {
    const model = await learned(quick, { epochs: 20 })
    const given = rows(observations, 0, 30)
    const found = await model.encode(given)
    expect(found.means.shape).toEqual([30, 2])
    expect(found.deviations.data.every((value) => value > 0)).toBe(true)
    expect(found.codes.shape).toEqual([30, 2])
    expect((await model.decode(found.codes)).data).toEqual((await model.reconstruct(given)).data)
    expect(await model.energy(given)).toEqual(found.energy)
    const noise = { shape: given.shape, data: given.data.map((_, i) => ((i * 7919) % 13 > 6 ? 1 : 0)) }
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(await model.energy(noise))).toBeGreaterThan(1.3 * mean(found.energy))
    expect(mean(await model.energy(given, { samples: 20 }))).toBeLessThan(mean(found.energy))
  })

  const forms: Record<string, [VariationalAutoEncoderOptions, Tensor?]> = {
    'Gaussian, fixed variance': [{ ...small, cost: 'gaussian', variance: 0.1 }],
    'Gaussian, learned variance': [{ ...quick, cost: 'gaussian', variance: 'learned' }],
    'fixed σ, two hidden layers, tanh': [
      { ...small, deviation: 0.5, hidden: { encoder: [20, 10], decoder: [10] }, activation: 'tanh' },
    ],
    convolutional: [{ ...small, hidden: [16], channels: [4, 6] }],
    'convolutional, colour': [
      { ...small, hidden: [], channels: [3] },
      { shape: [100, 8, 8, 3], data: Float32Array.from({ length: 100 * 192 }, (_, i) => ((i * 31) % 17) / 16) },
    ],
    'modules of the package': [
      {
        latent: 2,
        modules: {
          encoder: mlp({ inputs: 64, hidden: [12], outputs: 4 }),
          decoder: linear({ inputs: 2, outputs: [8, 8] }),
        },
      },
    ],
  }
  for (const [name, [options, data]] of Object.entries(forms)) {
    it(`learns, saves and loads: ${name}`, async () => {
      const store = memoryStore('run')
      const model = await learned(options, { run: store, epochs: 4 }, data)
      expect(model.status).toBe('finished')
      expect(model.history.at(-1)!.energy).toBeLessThan(model.history[0].energy + 1e-3)
      const loaded = await loadVariational(await openRun(memoryStore('run', store.files())))
      expect(bitsOf(loaded)).toEqual(bitsOf(model))
      expect(loaded.history).toEqual(model.history)
      const some = rows(data ?? observations, 0, 5)
      expect(await loaded.energy(some)).toEqual(await model.energy(some))
      const again = memoryStore('again')
      await loaded.save(again)
      expect(bitsOf(await loadVariational(await openRun(again)))).toEqual(bitsOf(model))
    })
  }

  it('learns the variance of a Gaussian: that of what stays unexplained', async () => {
    const random = rng(11)
    const data = Float32Array.from({ length: 400 * 6 }, () => 0.3 * random.normal())
    const options = {
      ...quick,
      cost: 'gaussian',
      variance: 'learned',
      optimizer: adam({ learningRate: 0.03 }),
    } as const
    const model = await learned(options, { epochs: 60 }, { shape: [400, 6], data })
    expect(Math.exp(model.parameters['likelihood.logVariance'].data[0])).toBeLessThan(0.11)
    expect(Math.exp(model.parameters['likelihood.logVariance'].data[0])).toBeGreaterThan(0.03)
  })

  it('states in its metrics what it ran on, and draws its plane of codes', async () => {
    const store = memoryStore('run')
    await learned(small, { run: store })
    const metrics = await (await openRun(store)).readMetrics()
    expect(metrics[0]).toMatchObject({ event: 'runtime', device: 'cpu', threads: 1 })
    expect(metrics.at(-1)).toEqual({ event: 'end', status: 'finished' })
    expect(Object.keys(store.files())).toEqual(expect.arrayContaining(['samples.png', 'latent-grid.png', 'README.md']))
    expect(await store.exists(checkpointFile)).toBe(false)
  })
})

describe('the conditional form', () => {
  const cut = { x: half(observations, 0), y: half(observations, 1) }

  it('explains y from x, with a predictor and without', async () => {
    const predictor = mlp({ inputs: 32, hidden: [16], outputs: 8 })
    for (const options of [quick, { ...quick, predictor }, { ...quick, channels: [3] }]) {
      const model = await variationalAutoEncoder(options).fit(cut, { epochs: 4 })
      const found = await model.encode({ x: rows(cut.x, 0, 3), y: rows(cut.y, 0, 3) })
      expect(found.means.shape).toEqual([3, 2])
      const completions = await model.sample(5, { x: rows(cut.x, 0, 1) })
      expect(completions.shape).toEqual([5, 4, 8])
      // Another x leads to other completions of the same z.
      expect(await model.sample(5, { x: rows(cut.x, 1, 2) })).not.toEqual(completions)
      await expect(model.sample(5)).rejects.toThrow(/pass \{ x \}/)
      await expect(model.sample(5, { x: rows(cut.x, 0, 2) })).rejects.toThrow(/one x for each/)
      await expect(model.encode(cut.y)).rejects.toThrow(ConfigurationError)
    }
  })

  it('uses x: it explains y better with it', async () => {
    const [alone, given] = [
      await variationalAutoEncoder({ ...quick, latent: 1 }).fit(cut.y, { epochs: 20 }),
      await variationalAutoEncoder({ ...quick, latent: 1 }).fit(cut, { epochs: 20 }),
    ]
    expect(given.history.at(-1)!.energy).toBeLessThan(alone.history.at(-1)!.energy)
  })

  it('cuts observations of a stream into x and y, and is saved', async () => {
    const store = memoryStore('run')
    const source = interrupted(observations, Number.POSITIVE_INFINITY, () => {})
    const model = await variationalAutoEncoder(small).fit({ observations: source, at: 4 }, { epochs: 2, run: store })
    expect(model.settings.shapes).toEqual({ x: [4, 8], y: [4, 8] })
    const paired = await variationalAutoEncoder(small).fit(cut, { epochs: 2 })
    expect(paired.history.at(-1)!.step).toBe(model.history.at(-1)!.step)
    const loaded = await loadVariational(await openRun(store))
    expect(await loaded.energy(cut)).toEqual(await model.energy(cut))
  })
})

describe('a run that was stopped', () => {
  it('ends in the same bits as one that was not', async () => {
    const options: VariationalAutoEncoderOptions = {
      ...small,
      cost: 'gaussian',
      variance: 'learned',
      clip: { norm: 5 },
    }
    const whole = await learned(options)
    for (const count of [1, 7, 13, 30]) {
      const store = memoryStore('run')
      const stop = new AbortController()
      const data = interrupted(observations, count, () => stop.abort())
      const learning = variationalAutoEncoder(options).fit(data, { epochs: 3, run: store, signal: stop.signal })
      await expect(learning).rejects.toThrow(CancelledError)
      const again = memoryStore('run', store.files())
      const model = await learned(options, { run: again, resume: true })
      expect(bitsOf(model)).toEqual(bitsOf(whole))
      expect(model.history.at(-1)!.seen).toBe(1800)
      expect(await again.exists(checkpointFile)).toBe(false)
    }
  })

  it('is not taken up under other settings, nor where its checkpoint is damaged', async () => {
    const store = memoryStore('run')
    const stop = new AbortController()
    const data = interrupted(observations, 5, () => stop.abort())
    await expect(variationalAutoEncoder(small).fit(data, { run: store, signal: stop.signal })).rejects.toThrow(
      CancelledError,
    )
    await expect(learned({ ...small, spring: 2 }, { run: store, resume: true })).rejects.toThrow(/spring/)
    const files = store.files()
    files[checkpointFile] = files[checkpointFile].slice(0, 900)
    await expect(learned(small, { run: memoryStore('run', files), resume: true })).rejects.toThrow(FileFormatError)
  })
})

describe('bad input', () => {
  it('stops where the energy is no number any more, and writes no run of that', async () => {
    const far = { ...small, optimizer: sgd({ learningRate: 1e12 }) }
    const model = await learned(far)
    expect(model.status).toBe('nonFinite')
    expect(Object.values(model.parameters).every(({ data }) => data.every(Number.isFinite))).toBe(true)
    const store = memoryStore('run')
    await expect(learned(far, { run: store })).rejects.toThrow(
      /no finite number after \d+ steps?: nothing was learned, and no run is written\. Lower the learning rate/,
    )
    expect(store.files()).toEqual({})
  })

  it('refuses options that are out of range or do not go together', () => {
    const bad: [object, RegExp][] = [
      [{ latent: 0 }, /latent/],
      [{ latent: 2, hidden: [0] }, /hidden units/],
      [{ latent: 2, beta: -1 }, /beta must be a finite number, 0 or more; got -1/],
      [{ latent: 2, spring: Number.NaN }, /spring/],
      [{ latent: 2, deviation: 0 }, /deviation must be a finite number above 0/],
      [{ latent: 2, variance: 1 }, /set cost: 'gaussian'/],
      [{ latent: 2, cost: 'poisson' }, /bernoulli or gaussian/],
      [{ latent: 2, activation: 'sine' }, /There is no activation "sine"/],
      [{ latent: 2, channels: [] }, /one convolution at least/],
      [{ latent: 2, channels: [4], hidden: { encoder: [3], decoder: [3] } }, /one list/],
    ]
    for (const [options, message] of bad) {
      const make = () => variationalAutoEncoder(options as VariationalAutoEncoderOptions)
      expect(make).toThrow(ConfigurationError)
      expect(make).toThrow(message)
    }
  })

  it('says what does not fit the data', async () => {
    await expect(learned({ ...small, channels: [4, 4, 4, 4] })).rejects.toThrow(/divide by 16/)
    const dark = { shape: [4, 3], data: new Float32Array(12).fill(-1) }
    await expect(learned(small, {}, dark)).rejects.toThrow(/from 0 to 1/)
    await expect(learned(small, {}, { shape: [2, 3], data: new Float32Array(6).fill(Number.NaN) })).rejects.toThrow(
      DataError,
    )
    const heads = { encoder: linear({ inputs: 64, outputs: 3 }), decoder: linear({ inputs: 2, outputs: [8, 8] }) }
    await expect(learned({ latent: 2, modules: heads })).rejects.toThrow(/must give 4 numbers, z̄ and log σ²/)
    const model = await learned(small, { epochs: 1 })
    await expect(model.encode({ shape: [2, 9], data: new Float32Array(18) })).rejects.toThrow(ShapeError)
    await expect(model.decode({ shape: [2, 3], data: new Float32Array(6) })).rejects.toThrow(/pass \[n, 2\]/)
    await expect(model.evaluate(observations, { samples: [0] })).rejects.toThrow(ConfigurationError)
  })

  it('takes networks of your own functions, and asks for them again', async () => {
    const repeat = (name: string, scale = 1) =>
      defineModule({
        name,
        outputShape: [8, 8],
        apply: (_, z) =>
          reshape(linear({ inputs: 2, outputs: 64, bias: false }).apply({ weight: constant(ones(scale)) }, z), [
            'n',
            8,
            8,
          ]),
      })
    const ones = (scale: number) => ({ shape: [64, 2], data: new Float32Array(128).fill(scale) })
    const own = (decoder: Module) =>
      variationalAutoEncoder({
        latent: 2,
        modules: { encoder: linear({ inputs: 64, outputs: 4 }), decoder },
        batchSize: 50,
        runtime: { threads: 1 },
      })
    const store = memoryStore('run')
    const model = await own(repeat('repeat')).fit(observations, { run: store, epochs: 1 })
    expect(Object.keys(exportOnnx(model).graphs)).toEqual(['encoder', 'decoder'])
    await expect(loadModel(store)).rejects.toThrow(/run holds networks of functions.*\{ definition \}/)
    await expect(loadModel(store, { definition: own(repeat('another')) })).rejects.toThrow(
      /networks\.decoder\.name is "repeat" there and "another" here/,
    )
    const energy = latentVariableModel({
      shapes: { y: 64, z: 2 },
      decoder: linear({ inputs: 2, outputs: 64 }),
      cost: squaredError(),
    })
    await expect(loadModel(store, { definition: energy })).rejects.toThrow(/is one that variationalAutoEncoder makes/)
    const back = await loadModel(store, {
      model: 'variational-auto-encoder',
      definition: own(repeat('repeat')),
      runtime: { threads: 1 },
    })
    expect((await back.encode(observations)).means).toEqual((await model.encode(observations)).means)
    expect(exportOnnx(back).graphs).toEqual(exportOnnx(model).graphs)
    // Edited functions of the same name are no longer what learning was begun with.
    const stopped = memoryStore('stopped')
    const data = interrupted(observations, 3, () => {
      throw new DataError('enough')
    })
    const fit = { run: stopped, checkpointSeconds: 0 }
    await expect(own(repeat('repeat')).fit(data, fit)).rejects.toThrow('enough')
    await expect(own(repeat('repeat', 2)).fit(observations, { ...fit, resume: true })).rejects.toThrow(
      /another configuration: ownFunctions is/,
    )
    await own(repeat('repeat')).fit(observations, { ...fit, resume: true, epochs: 1 })
  })
})

/** The upper (0) or lower (1) half of each picture. */
function half({ shape: [count, height, width], data }: Tensor, which: 0 | 1): Tensor {
  const size = (height / 2) * width
  const out = new Float32Array(count * size)
  for (let i = 0; i < count; i++) out.set(data.subarray((2 * i + which) * size, (2 * i + which + 1) * size), i * size)
  return { shape: [count, height / 2, width], data: out }
}
