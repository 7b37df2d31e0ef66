import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/artifacts/safetensors.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import { loadClassifier } from '../../src/models/classifierLoad.js'
import type { ClassifierModel } from '../../src/models/classifierModel.js'
import {
  type ConvolutionalClassifierOptions,
  convolutionalClassifier,
} from '../../src/models/convolutionalClassifier.js'
import { exportOnnx } from '../../src/models/exportOnnx.js'
import { linearClassifier } from '../../src/models/linearClassifier.js'
import { loadModel } from '../../src/models/loadModel.js'
import { runtime } from '../../src/runtime/runtime.js'
import { CancelledError, ConfigurationError, DataError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { rows, type Tensor, tensor } from '../../src/tensor/tensor.js'
import { bars, bitsOf, firesAfter, shareWrong } from './classifierProblems.js'

const data = bars(60, 12, 1)
const unseen = bars(90, 12, 2)
const small: ConvolutionalClassifierOptions = {
  ...{ channels: 6, kernel: 3, pool: 3, batchSize: 20, epochs: 20, leastSteps: 40, learningRate: 0.01 },
  ...{ seed: 3, runtime: { threads: 1 } },
}
const random = rng(8)
const filters: Tensor = { shape: [4, 3, 3], data: Float32Array.from({ length: 36 }, () => random.normal()) }

const error = async (model: ClassifierModel, { observations, labels } = unseen) =>
  shareWrong((await model.classify(observations)).predicted, labels)

describe('a convolutional classifier', () => {
  it.each<[string, ConvolutionalClassifierOptions]>([
    ['filters at random', {}],
    ['rectified by relu, pooled by means', { rectification: 'relu', pooling: 'mean' }],
    ['one more layer', { layers: [{ channels: 5, kernel: 2 }], pool: 2 }],
    ['nothing done to images first', { transform: [] }],
  ])('tells bars apart: %s', async (_, options) => {
    const model = await convolutionalClassifier({ ...small, ...options }).fit(data)
    expect(await error(model)).toBeLessThan(0.05)
    expect(model.history.at(-1)).toMatchObject({ step: 60, steps: 60, fraction: 1 })
    const { probabilities, predicted } = await model.classify(rows(unseen.observations, 0, 1))
    expect(probabilities.shape).toEqual([1, 3])
    expect(probabilities.data.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    expect(probabilities.data[predicted[0]]).toBe(Math.max(...probabilities.data))
    model.dispose()
    await expect(model.classify(unseen.observations)).rejects.toThrow(/disposed/)
  })

  it('tells bars in colour apart, and shows its filters in colour', async () => {
    const colour = bars(60, 12, 1, 3)
    const model = await convolutionalClassifier(small).fit(colour)
    expect(await error(model, bars(60, 12, 4, 3))).toBeLessThan(0.05)
    expect(model.filters?.shape).toEqual([6, 3, 3, 3])
    model.dispose()
    const given = { shape: [2, 3, 3, 3], data: Float32Array.from({ length: 54 }, (_, i) => (i % 7) - 3) }
    const { channels: _, kernel: __, ...rest } = small
    const frozen = await convolutionalClassifier({ ...rest, filters: given, frozen: true }).fit(colour)
    const norms = [0, 1].map((k) => Math.hypot(...given.data.subarray(27 * k, 27 * k + 27)))
    for (const [i, value] of frozen.filters!.data.entries()) {
      expect(value).toBeCloseTo(given.data[i] / norms[Math.floor(i / 27)], 6)
    }
    frozen.dispose()
  })

  it('keeps frozen filters bit for bit, and moves others', async () => {
    const { channels: _, kernel: __, ...rest } = small
    const norms = Array.from({ length: 4 }, (_, k) => Math.hypot(...filters.data.subarray(9 * k, 9 * k + 9)))
    const unit = filters.data.map((value, i) => value / norms[Math.floor(i / 9)])
    const frozen = await convolutionalClassifier({ ...rest, filters, frozen: true }).fit(data)
    expect([...frozen.filters!.data]).toEqual([...unit])
    expect([...frozen.parameters['body.0.0.bias'].data]).toEqual([0, 0, 0, 0])
    const tuned = await convolutionalClassifier({ ...rest, filters }).fit(data)
    for (const [i, value] of tuned.filters!.data.entries()) {
      expect(value).not.toBe(unit[i])
      expect(Math.abs(value - unit[i])).toBeLessThan(1)
    }
    const random = await convolutionalClassifier({ ...small, frozen: true }).fit(data)
    const again = await convolutionalClassifier({ ...small, frozen: true, epochs: 2 }).fit(data)
    expect(bitsOf({ f: random.filters! })).toEqual(bitsOf({ f: again.filters! }))
    for (const model of [frozen, tuned, random, again]) model.dispose()
  })

  it('gives the same for the same seed, in whatever parts it is asked', async () => {
    const models = await Promise.all([1, 2].map(() => convolutionalClassifier(small).fit(data)))
    expect(bitsOf(models[0].parameters)).toEqual(bitsOf(models[1].parameters))
    const other = await convolutionalClassifier({ ...small, seed: 4 }).fit(data)
    expect(bitsOf(other.parameters)).not.toEqual(bitsOf(models[0].parameters))
    const whole = await models[0].classify(unseen.observations)
    const parts: number[] = []
    for await (const { predicted } of models[0].classifyBatches(fromTensor(unseen.observations), { batchSize: 7 })) {
      parts.push(...predicted)
    }
    expect(parts).toEqual([...whole.predicted])
    for (const model of [...models, other]) model.dispose()
  })

  it.each([false, true])('goes on to the same bits where it was stopped (frozen: %s)', async (frozen) => {
    const classifier = convolutionalClassifier({ ...small, frozen })
    const whole = await classifier.fit(data)
    const run = memoryStore('run')
    await expect(classifier.fit(data, { run, signal: firesAfter(20) })).rejects.toThrow(CancelledError)
    expect(await run.exists(checkpointFile)).toBe(true)
    const other = bars(60, 12, 9)
    await expect(classifier.fit(other, { run, resume: true })).rejects.toThrow(FileFormatError)
    const resumed = await classifier.fit(data, { run, resume: true })
    expect(bitsOf(resumed.parameters)).toEqual(bitsOf(whole.parameters))
    const loaded = await loadClassifier(run, { runtime: { threads: 1 } })
    expect(bitsOf(loaded.parameters)).toEqual(bitsOf(whole.parameters))
    expect(loaded.history.at(-1)).toEqual(resumed.history.at(-1))
    expect([...(await loaded.classify(unseen.observations)).probabilities.data]).toEqual([
      ...(await whole.classify(unseen.observations)).probabilities.data,
    ])
    expect((await run.list()).sort()).toEqual([
      'README.md',
      'config.json',
      'filters.png',
      'metrics.ndjson',
      'model.safetensors',
    ])
    for (const model of [whole, resumed, loaded]) model.dispose()
  })

  it('says what is wrong with a run', async () => {
    const model = await convolutionalClassifier({ ...small, epochs: 2 }).fit({
      ...data,
      classes: ['up', 'flat', 'slant'],
    })
    const store = memoryStore('run')
    await model.save(store)
    expect((await loadClassifier(store)).classes).toEqual(['up', 'flat', 'slant'])
    await expect(loadModel(store)).rejects.toThrow(/classifier.*loadClassifier/)
    const { tensors } = decodeSafetensors(await store.read('model.safetensors'), 'model')
    const { 'parameters.head.0.bias': _, ...lacking } = tensors
    await store.writeAtomic('model.safetensors', encodeSafetensors(lacking))
    await expect(loadClassifier(store)).rejects.toThrow(/parameters\.head\.0\.bias/)
    const config = new TextDecoder().decode(await store.read('config.json')).replace('"slant"', '"slant", "more"')
    await store.writeAtomic('config.json', new TextEncoder().encode(config))
    await expect(loadClassifier(store)).rejects.toThrow(/4 classes and a head of 3/)
    model.dispose()
  })

  it('stands alone as ONNX', async () => {
    const model = await convolutionalClassifier({ ...small, transform: [] }).fit(data)
    const { graphs, readme } = exportOnnx(model)
    const program = await (await runtime({ threads: 1 })).compile(graphs.classifier)
    const found = await program.run({ y: unseen.observations })
    expect([...found.probabilities.data].map(Number)).toEqual([
      ...(await model.classify(unseen.observations)).probabilities.data,
    ])
    expect(readme).toContain('classifier.onnx: observations to probabilities of classes')
    expect(() => exportOnnx(model, { steps: 3 })).toThrow(ConfigurationError)
    program.dispose()
    model.dispose()
  })
})

describe('a linear classifier', () => {
  it('comes to the minimum of its convex loss', async () => {
    const random = rng(5)
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2)
    const x = tensor(
      [40, 3],
      Float32Array.from({ length: 120 }, (_, i) => random.normal() + labels[Math.floor(i / 3)]),
    )
    const penalty = 0.05
    const made = linearClassifier({
      penalty,
      batchSize: 40,
      leastSteps: 1500,
      epochs: 1,
      learningRate: 0.05,
      runtime: { threads: 1 },
    })
    const model = await made.fit({ observations: x, labels })
    const weight = model.parameters['head.0.weight'].data
    const bias = model.parameters['head.0.bias'].data
    const scale = 1 / Math.sqrt(x.data.reduce((sum, value) => sum + value * value, 0) / x.data.length)
    const slopes = new Float64Array(8)
    for (let i = 0; i < 40; i++) {
      const row = [...x.data.subarray(3 * i, 3 * i + 3)].map((value) => value * scale)
      const scores = [0, 1].map((c) => row.reduce((sum, v, j) => sum + v * weight[3 * c + j], bias[c]))
      const total = Math.exp(scores[0]) + Math.exp(scores[1])
      for (const c of [0, 1]) {
        const excess = (Math.exp(scores[c]) / total - (labels[i] === c ? 1 : 0)) / 40
        for (let j = 0; j < 3; j++) slopes[3 * c + j] += excess * row[j]
        slopes[6 + c] += excess
      }
    }
    for (let j = 0; j < 6; j++) slopes[j] += penalty * weight[j]
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(1e-4)
    expect(model.filters).toBeUndefined()
    const store = memoryStore('run')
    await model.save(store)
    expect([...(await (await loadClassifier(store)).classify(x)).predicted]).toEqual([
      ...(await model.classify(x)).predicted,
    ])
    model.dispose()
  })
})

describe('what cannot be learned', () => {
  const learned = (given: Partial<typeof data> & { classes?: string[] }) =>
    convolutionalClassifier(small).fit({ ...data, ...given } as typeof data)
  it.each<[string, Parameters<typeof learned>[0], RegExp, typeof DataError | typeof ShapeError]>([
    ['too few labels', { labels: data.labels.slice(1) }, /60 observations and 59 labels/, ShapeError],
    [
      'a label that is none',
      { labels: data.labels.map((c, i) => (i === 4 ? 7 : c)), classes: ['a', 'b', 'c'] },
      /Label 4 .* is 7; with 3 classes .* 0 to 2/,
      DataError,
    ],
    ['a broken label', { labels: Array.from(data.labels, (c) => c + 0.5) as never }, /Label 0 .* is 0\.5/, DataError],
    ['one class', { labels: new Uint8Array(60) }, /all of one class \(0\)/, DataError],
    ['a class left out', { labels: data.labels.map((c) => 2 * c) }, /no observation of class 1/, DataError],
    [
      'rows',
      { observations: { shape: [60, 144], data: data.observations.data } },
      /images .* got observations of 144.*linearClassifier/,
      ShapeError,
    ],
    [
      'nothing',
      { observations: { shape: [0, 12, 12], data: new Float32Array(0) }, labels: new Uint8Array(0) },
      /no observations/,
      DataError,
    ],
    [
      'NaN',
      {
        observations: { ...data.observations, data: data.observations.data.map((v, i) => (i === 9 ? Number.NaN : v)) },
      },
      /NaN/,
      DataError,
    ],
    [
      'constant images',
      { observations: { ...data.observations, data: new Float32Array(60 * 144).fill(0.5) } },
      /all 0.*constant/,
      DataError,
    ],
  ])('%s', async (_, given, message, kind) => {
    const failed = await learned(given).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(kind)
    expect((failed as Error).message).toMatch(message)
  })

  it('with filters that do not fit', async () => {
    const given = (shape: number[], fill = 1) => ({
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill),
    })
    const learned = (filters: Tensor) => convolutionalClassifier({ filters, runtime: { threads: 1 } }).fit(data)
    await expect(learned(given([2, 3, 4]))).rejects.toThrow(/square.*\[2, 3, 4\]/)
    await expect(learned(given([2, 3, 3, 3]))).rejects.toThrow(/3 channels, and the images 1/)
    await expect(learned(given([2, 3, 3], 0))).rejects.toThrow(/Filter 0 is 0 everywhere/)
    await expect(learned(given([2, 13, 13]))).rejects.toThrow(/side 13 does not fit in 12×12/)
    expect(() => convolutionalClassifier({ filters: given([2, 3, 3]), channels: 4 })).toThrow(
      /leave channels and kernel out/,
    )
  })

  it('with options out of range', async () => {
    expect(() => convolutionalClassifier({ penalty: -1 })).toThrow(/penalty/)
    expect(() => convolutionalClassifier({ learningRate: 0 })).toThrow(/learningRate/)
    expect(() => linearClassifier({ epochs: 0.5 })).toThrow(/epochs/)
    expect(() => convolutionalClassifier({ filter: filters } as never)).toThrow(/did you mean filters/)
    const model = await linearClassifier({ runtime: { threads: 1 }, leastSteps: 1, epochs: 1 }).fit(data)
    await expect(model.classify(rows(bars(2, 10, 1).observations, 0, 2))).rejects.toThrow(ShapeError)
    model.dispose()
  })
})
