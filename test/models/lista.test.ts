import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { toDense } from '../../src/inference/codes.js'
import { lista } from '../../src/models/lista.js'
import type { AmortizedModel } from '../../src/models/listaModel.js'
import type { EncoderProgress } from '../../src/models/listaProgress.js'
import { codeRace } from '../../src/models/listaRace.js'
import { loadModel } from '../../src/models/loadModel.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { centre } from '../../src/preprocess/centre.js'
import { CancelledError, ConfigurationError, DataError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { energyGapRace } from '../../src/views/energyGapRace.js'
import { expectCertified } from '../inference/certificate.js'
import { dictionaries, mixedObservations, rng } from '../inference/problems.js'
import { interrupted, stripes } from './support.js'

const random = rng(33)
const dictionary = dictionaries.unit(random, 24, 12)
const observations = mixedObservations(random, dictionary, 600)
const data = rows(observations, 0, 500)
const heldOut = rows(observations, 500, 600)
const lambda = 0.2
const small = { dictionary, lambda, steps: 1, trainingSteps: 150, batchSize: 64, runtime: { threads: 1 }, threads: 1 }

const bits = (model: AmortizedModel) =>
  Object.entries(model.parameters).map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]])

const lastGap = (model: AmortizedModel) => model.history.findLast(({ energyGap }) => energyGap !== undefined)

describe('learning LISTA', () => {
  for (const target of ['codes', 'energy'] as const) {
    it(`brings codes nearer to those of least energy, trained on ${target}`, async () => {
      const reports: EncoderProgress[] = []
      const model = await lista({ ...small, target }).fit(data, {
        heldOut,
        onProgress: (progress) => {
          reports.push(progress)
        },
      })
      const untrained = await lista({ ...small, trainingSteps: 1, target }).fit(data, { heldOut })
      const [first, last] = [lastGap(untrained), lastGap(model)]
      expect(last?.energyGap).toBeLessThan(0.5 * (first?.energyGap ?? 0))
      expect(last?.squaredError).toBeLessThan(0.7 * (first?.squaredError ?? 0))
      expect(reports.at(-1)).toMatchObject({ step: 150, steps: 150, seen: 18 * 500 + 6 * 64, fraction: 1 })
      expect(model.history).toEqual(reports)
      expect(Object.keys(model.parameters)).toEqual(['weight', 'inhibition', 'threshold'])
      expect(model.parameters.threshold.data.every((value) => value >= 0)).toBe(true)
      expect(model.atoms.data).toEqual(dictionary.data)
      model.dispose()
      untrained.dispose()
    })
  }

  it('gives the same bits for one seed, from memory as from a stream', async () => {
    const learn = (seed: number, from: Tensor | ReturnType<typeof fromTensor>) =>
      lista({ ...small, trainingSteps: 20, seed }).fit(from)
    const first = bits(await learn(1, data))
    expect(bits(await learn(1, data))).toEqual(first)
    expect(bits(await learn(1, fromTensor(data)))).toEqual(first)
    expect(bits(await learn(2, data))).not.toEqual(first)
  })

  it('trains the other encoders, too', async () => {
    for (const encoder of ['linear-shrink', 'linear-tanh-gain'] as const) {
      const { steps: _, ...options } = small
      const learn = (trainingSteps: number) => lista({ ...options, encoder, trainingSteps }).fit(data, { heldOut })
      const [before, after] = [await learn(1), await learn(150)]
      expect(lastGap(after)?.squaredError, encoder).toBeLessThan(lastGap(before)?.squaredError ?? 0)
      expect(after.encoder.kind).toBe(encoder)
    }
  })

  it('learns a dictionary first where none is given, with its preprocessing, and from images', async () => {
    const model = await lista({
      atoms: 16,
      lambda: 0.1,
      steps: 1,
      patch: 5,
      patchesPerEpoch: 400,
      preprocess: [centre()],
      dictionaryEpochs: 2,
      trainingSteps: 20,
      threads: 1,
    }).fit(stripes(3, 20, 20))
    expect(model.atoms.shape).toEqual([16, 5, 5])
    const { codes, gap } = await model.encode(stripes(1, 10, 15))
    expect(codes.shape).toEqual([6, 16])
    expect(gap).toHaveLength(6)
    expect((await model.decode(codes)).shape).toEqual([6, 5, 5])
  })

  it('takes dictionary, λ and preprocessing from a sparse-coding model', async () => {
    const source = await sparseCoding({ atoms: 16, lambda, preprocess: [centre()], threads: 1 }).fit(data, {
      epochs: 1,
    })
    const model = await lista({ dictionary: source, steps: 1, trainingSteps: 10 }).fit(data)
    expect(model.settings).toMatchObject({ lambda, preprocess: source.preprocess.config })
    const least = await source.energy(heldOut, { tolerance: 1e-9 })
    const energy = await model.energy(heldOut, { refine: 1e-7 })
    for (const [i, value] of energy.entries()) expect(value).toBeCloseTo(least[i], 5)
  })
})

describe('an amortized code', async () => {
  const model = await lista(small).fit(data)
  const problem = { atoms: dictionary, observations: heldOut, regularizer: l1({ lambda }) }

  it('is certified as it is', async () => {
    const found = await model.encode(heldOut)
    expectCertified(problem, found)
    expect(found.gap?.some((gap, i) => gap > 1e-3 * found.energy[i])).toBe(true)
    expect([...found.steps].every((steps) => steps === 0)).toBe(true)
    const again = await model.certify(heldOut, found.codes)
    expect(again.energy).toEqual(found.energy)
    expect(again.gap).toEqual(found.gap)
    expect(toDense(again.codes)).toEqual(toDense(found.codes))
  })

  it('is refined until the tolerance holds', async () => {
    const found = await model.encode(heldOut, { refine: 1e-8 })
    expectCertified(problem, found)
    expect(found.status.every((status) => status === 'converged')).toBe(true)
    for (const [i, gap] of (found.gap ?? []).entries()) expect(gap).toBeLessThanOrEqual(1e-8 * found.energy[i])
  })

  it('is the same in batches, and reports', async () => {
    const whole = await model.encode(heldOut)
    const seen: number[] = []
    const energies: number[] = []
    for await (const { first, inference } of model.encodeBatches(fromTensor(heldOut), {
      batchSize: 30,
      onProgress: ({ done }) => seen.push(done),
    })) {
      expect(first).toBe(energies.length)
      energies.push(...inference.energy)
    }
    expect(seen).toEqual([30, 60, 90, 100])
    for (const [i, value] of energies.entries()) expect(value).toBeCloseTo(whole.energy[i], 5)
  })

  it('says which observations are no numbers, and leaves the others alone', async () => {
    const broken = { shape: heldOut.shape, data: heldOut.data.slice() }
    broken.data[12 * 3] = Number.NaN
    for (const options of [{}, { refine: 1e-6 }]) {
      const whole = await model.encode(heldOut, options)
      const found = await model.encode(broken, options)
      expect(found.status[3]).toBe('nonFinite')
      for (const i of [0, 2, 4, 99]) expect(found.energy[i]).toBeCloseTo(whole.energy[i], 6)
    }
  })

  it('comes for no observations, and not for those of another shape', async () => {
    const none = await model.encode({ shape: [0, 12], data: new Float32Array(0) })
    expect(none.codes.shape).toEqual([0, 24])
    await expect(model.encode({ shape: [1, 5], data: new Float32Array(5) })).rejects.toThrow(ShapeError)
    await expect(model.encode(stripes(1, 10, 10))).rejects.toThrow(ConfigurationError)
  })
})

describe('a run of LISTA', () => {
  it('is saved and loaded with the same codes', async () => {
    const store = memoryStore('memory')
    const model = await lista({ ...small, tied: false, trainingSteps: 10 }).fit(data, { run: store, heldOut })
    const loaded = await loadModel(store, { model: 'lista', threads: 1, runtime: { threads: 1 } })
    expect(loaded.settings).toEqual(model.settings)
    expect(loaded.history).toEqual(model.history)
    expect(bits(loaded)).toEqual(bits(model))
    expect((await loaded.encode(heldOut)).energy).toEqual((await model.encode(heldOut)).energy)
    const copy = memoryStore('memory')
    await loaded.save(copy)
    expect(bits(await loadModel(copy, { model: 'lista' }))).toEqual(bits(model))
    const files = await store.list()
    expect(files).toContain('README.md')
    expect(files).not.toContain('checkpoint.safetensors')
  })

  it('is resumed to the same bits', async () => {
    const options = { ...small, trainingSteps: 30 }
    const whole = bits(await lista(options).fit(data))
    for (const stopAt of [3, 11, 25]) {
      const store = memoryStore('memory')
      const stop = new AbortController()
      const source = interrupted(data, stopAt, () => stop.abort())
      const begun = lista(options).fit(source, { run: store, signal: stop.signal })
      await expect(begun).rejects.toThrow(CancelledError)
      await expect(lista({ ...options, seed: 9 }).fit(data, { run: store, resume: true })).rejects.toThrow(
        FileFormatError,
      )
      const model = await lista(options).fit(fromTensor(data), { run: store, resume: true })
      expect(bits(model)).toEqual(whole)
      expect(model.history.map(({ step }) => step)).toEqual([...new Set(model.history.map(({ step }) => step))])
    }
  })

  it('does not go on with another dictionary', async () => {
    const store = memoryStore('memory')
    const stop = new AbortController()
    await expect(
      lista(small).fit(
        interrupted(data, 3, () => stop.abort()),
        { run: store, signal: stop.signal },
      ),
    ).rejects.toThrow('Its checkpoint is kept')
    const other = dictionaries.unit(rng(1), 24, 12)
    await expect(
      lista({ ...small, dictionary: other }).fit(fromTensor(data), { run: store, resume: true }),
    ).rejects.toThrow('another dictionary')
  })
})

describe('the race', () => {
  it('sets encoders against solvers, and is drawn', async () => {
    const models = await Promise.all([1, 0].map((steps) => lista({ ...small, steps, trainingSteps: 100 }).fit(data)))
    const racers = await codeRace({ models, observations: heldOut, steps: [1, 2, 4, 64] })
    expect(racers.map(({ name }) => name)).toEqual(['ISTA', 'FISTA', 'coordinate descent', 'LISTA'])
    const [ista, fista, , learned] = racers
    expect(learned.at).toEqual([1, 2])
    for (const { gap } of racers) expect([...gap].sort((a, b) => b - a)).toEqual(gap)
    expect(fista.gap[3]).toBeLessThan(ista.gap[3])
    for (const i of [0, 1]) expect(learned.squaredError[i]).toBeLessThan(ista.squaredError[i])
    const svg = await energyGapRace(racers)
    expect(svg).toContain('LISTA reaches')
    await expect(energyGapRace([{ name: 'x', at: [1], gap: [-1] }])).rejects.toThrow(DataError)
    const other = await lista({ ...small, lambda: 0.4, trainingSteps: 1 }).fit(data)
    await expect(codeRace({ models: [models[0], other], observations: heldOut })).rejects.toThrow(
      'one dictionary and λ',
    )
  })
})

describe('bad input', () => {
  it('is refused in a sentence before anything is learned', async () => {
    const wrong: [Parameters<typeof lista>[0], string][] = [
      [{ lambda }, 'Give either a dictionary'],
      [{ dictionary, atoms: 3, lambda }, 'not both'],
      [{ dictionary }, 'needs lambda'],
      [{ atoms: 3 }, 'lambda is missing'],
      [{ dictionary, lambda: -1 }, 'above 0'],
      [{ dictionary, lambda, patch: 4 }, 'patch is for learning a dictionary'],
      [{ ...small, steps: 0.5 }, 'whole number'],
      [{ ...small, trainingSteps: 0 }, 'trainingSteps'],
      [{ ...small, encoder: 'linear-shrink' }, 'steps and tied'],
      [{ ...small, encoder: 'oracle' as 'lista', steps: undefined as never }, 'no encoder "oracle"'],
      [{ ...small, target: 'x' as 'codes' }, 'target must be'],
      [{ ...small, learningTolerance: 0 }, 'learningTolerance'],
    ]
    for (const [options, sentence] of wrong) expect(() => lista(options), sentence).toThrow(sentence)
    await expect(lista(small).fit({ shape: [2, 3], data: new Float32Array(6) })).rejects.toThrow('the atoms are 12')
    await expect(lista(small).fit(stripes(1, 9, 9))).rejects.toThrow('cut patches first')
    const ratio = await sparseCoding({ atoms: 8, lambdaRatio: 0.2, threads: 1 }).fit(data, { epochs: 1 })
    expect(() => lista({ dictionary: ratio })).toThrow('lambdaRatio')
  })

  it('keeps what was learned where numbers leave their range', async () => {
    const { adam } = await import('../../src/learning/optimizers/adam.js')
    const options = { ...small, optimizer: adam({ learningRate: 1e30 }) }
    expect((await lista(options).fit(data)).status).toBe('nonFinite')
  })
})
