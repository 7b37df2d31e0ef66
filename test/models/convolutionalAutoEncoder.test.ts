import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { toDense } from '../../src/inference/codes.js'
import { convolutionalEncoder } from '../../src/inference/convolutional/convolutionalEncoder.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import {
  type ConvolutionalAutoEncoderOptions,
  convolutionalAutoEncoder,
  type MapEncoderName,
} from '../../src/models/convolutionalAutoEncoder.js'
import type { ConvolutionalAutoEncoderModel } from '../../src/models/convolutionalAutoEncoderModel.js'
import type { AutoEncoderProgress } from '../../src/models/convolutionalAutoEncoderProgress.js'
import { exportOnnx } from '../../src/models/exportOnnx.js'
import { loadModel } from '../../src/models/loadModel.js'
import { runtime } from '../../src/runtime/runtime.js'
import { CancelledError, ConfigurationError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { sizeOf, type Tensor } from '../../src/tensor/tensor.js'
import { plantedImages, plantedKernels } from './convolutionalProblems.js'
import { stripes } from './support.js'

const planted = plantedKernels(4, 5, 5)
const images = plantedImages(planted, [5, 5], { count: 40, height: 16, width: 16, active: 6, seed: 2 })
const base: ConvolutionalAutoEncoderOptions = {
  kernels: 6,
  size: 5,
  lambda: 0.15,
  transform: [],
  batchSize: 8,
  trainingSteps: 60,
  inferenceSteps: 8,
  runtime: { threads: 1 },
  threads: 1,
}
const learn = (options: Partial<ConvolutionalAutoEncoderOptions> = {}) =>
  convolutionalAutoEncoder({ ...base, ...options })
const bitsOf = ({ kernels, parameters }: ConvolutionalAutoEncoderModel) =>
  [kernels, ...Object.values(parameters)].map(({ data }) => [...new Uint32Array(data.slice().buffer)])
const oneImage = ({ shape, data }: Tensor, at: number): Tensor => {
  const size = sizeOf(shape.slice(1))
  return { shape: shape.slice(1), data: data.slice(at * size, (at + 1) * size) }
}
const large = oneImage(plantedImages(planted, [5, 5], { count: 1, height: 150, width: 90, active: 300, seed: 9 }), 0)
const batchOf = ({ shape, data }: Tensor): Tensor => ({ shape: [1, ...shape], data })

describe('learning', () => {
  it('lowers the energy, keeps kernels at norm 1, and reports as it goes', async () => {
    const reports: AutoEncoderProgress[] = []
    const model = await learn().fit(images, { heldOut: images, onProgress: (report) => void reports.push(report) })
    const measured = model.history.filter(({ heldOutEnergy }) => heldOutEnergy !== undefined)
    expect(measured.length).toBe(10)
    expect(measured.at(-1)!.heldOutEnergy).toBeLessThan(0.8 * measured[0].heldOutEnergy!)
    for (let k = 0; k < 6; k++) {
      const norm = Math.hypot(...model.kernels.data.subarray(25 * k, 25 * (k + 1)))
      expect(norm).toBeCloseTo(1, 5)
    }
    const last = reports.at(-1)!
    expect(last).toMatchObject({ step: 60, steps: 60, seen: 480, fraction: 1 })
    expect(last.energy).toBeCloseTo(last.cost + last.regularizer + last.encoder, 3)
    expect(last.activeShare).toBeCloseTo(last.active / (6 * 12 * 12), 6)
    expect(model.status).toBe('finished')
    model.dispose()
  })

  it('leads to the same bits by the same seed, and where the encoder counts for itself alone to others', async () => {
    const [a, b, c] = await Promise.all(
      [{}, {}, { encoderInInference: false }].map((options) => learn({ ...options, trainingSteps: 10 }).fit(images)),
    )
    expect(bitsOf(a)).toEqual(bitsOf(b))
    expect(bitsOf(a)).not.toEqual(bitsOf(c))
  })

  it('goes on from a checkpoint to the bits of a run that was not stopped', async () => {
    const store = memoryStore('run')
    const stop = new AbortController()
    const options = { trainingSteps: 20, kernels: 5 }
    const data = stripes(3, 30, 32)
    const crops = { ...options, crop: 12, minimumDeviation: 0.05 }
    let drawn = 0
    const stopping = {
      ...data,
      image(i: number) {
        if (++drawn === 3) stop.abort()
        return data.image(i)
      },
    }
    const whole = await learn(crops).fit(data)
    await expect(learn(crops).fit(stopping, { run: store, signal: stop.signal, checkpointSeconds: 0 })).rejects.toThrow(
      CancelledError,
    )
    const resumed = await learn(crops).fit(data, { run: store, resume: true })
    expect(bitsOf(resumed)).toEqual(bitsOf(whole))
    expect(resumed.history.at(-1)!.step).toBe(20)
    const loaded = await loadModel(store, { model: 'conv-autoencoder', threads: 1 })
    expect(bitsOf(loaded)).toEqual(bitsOf(whole))
    expect(loaded.settings).toEqual(resumed.settings)
  })

  it('lets kernels begin anew that no code uses, and none that is in use', async () => {
    // With so large a λ no code uses anything.
    const idle = await learn({ lambda: 100, deadAfter: 200, trainingSteps: 50, encoderInInference: false }).fit(images)
    expect(idle.history.at(-1)!.deadReplaced).toBe(12)
    const used = await learn({ lambda: 0.01, deadAfter: 200, trainingSteps: 50 }).fit(images)
    expect(used.history.at(-1)!.deadReplaced).toBe(0)
  })

  it('begins with kernels that are given, at norm 1, and says so in its settings', async () => {
    const flat = Float32Array.from(planted.flat())
    const given = { shape: [4, 5, 5], data: flat.map((value) => 3 * value) }
    const options = { kernels: 4, firstKernels: given, trainingSteps: 1, optimizer: adam({ learningRate: 1e-9 }) }
    const model = await learn(options).fit(images)
    expect(model.settings.firstKernels).toBe('given')
    for (let k = 0; k < 4; k++) {
      const [before, after] = [flat, model.kernels.data].map((data) => data.subarray(25 * k, 25 * (k + 1)))
      const norm = Math.hypot(...before)
      expect([...after]).toEqual([...before].map((value) => expect.closeTo(value / norm, 5)))
    }
    const store = memoryStore('run')
    await model.save(store)
    expect((await loadModel(store, { model: 'conv-autoencoder' })).settings).toEqual(model.settings)
    const coloured = { shape: [4, 5, 5, 3], data: new Float32Array(300).fill(1) }
    await expect(learn({ ...options, firstKernels: coloured }).fit(images)).rejects.toThrow(
      'do not fit data of no axis',
    )
    const none = { shape: [4, 5, 5], data: new Float32Array(100) }
    expect(() => learn({ ...options, firstKernels: none })).toThrow('First kernel 0 is 0 everywhere')
    expect(() => learn({ ...options, kernels: 5 })).toThrow('First kernels must be 5×5×5')
  })

  it('learns from crops of images in colour', async () => {
    const model = await learn({ crop: 14, minimumDeviation: 0.05, trainingSteps: 5, kernels: 3 }).fit(
      stripes(2, 30, 20, 3),
    )
    expect(model.kernels.shape).toEqual([3, 5, 5, 3])
    expect(model.settings).toMatchObject({
      channels: 3,
      input: { kind: 'crops', crop: [14, 14], minimumDeviation: 0.05 },
    })
    const [{ codeShape, inference, shape }] = await collect(model.encodeEach(stripes(1, 25, 19, 3), { refine: 1e-2 }))
    expect(codeShape).toEqual([3, 21, 15])
    const decoded = await model.decode(inference.codes, { shape })
    expect(decoded.shape).toEqual([25, 19, 3])
  })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe.each<MapEncoderName>(['conv-tanh-gain', 'conv-shrink', 'conv-lista'])('codes by %s', (encoder) => {
  const made = learn({ encoder, ...(encoder === 'conv-lista' ? { steps: 2 } : {}), trainingSteps: 40 }).fit(images)

  it('are the same of a large image, cut into tiles, as in one run', async () => {
    const model = await made
    const { codes, energy } = await model.encode(batchOf(large))
    expect(codes.shape).toEqual([1, 6 * 146 * 86])
    const { graphs } = exportOnnx(model)
    expect(Object.keys(graphs)).toEqual(['encoder', 'decoder', 'inference'])
    // The middle of the large image alone: far from its border, its codes are those of the whole.
    const middle = { shape: [60, 60], data: new Float32Array(3600) }
    for (let y = 0; y < 60; y++) middle.data.set(large.data.subarray((y + 40) * 90 + 10, (y + 40) * 90 + 70), y * 60)
    const inner = toDense((await model.encode(batchOf(middle))).codes).data
    const outer = toDense(codes).data
    for (let map = 0; map < 6; map++) {
      for (let y = 12; y < 44; y += 3) {
        for (let x = 12; x < 44; x += 3) {
          expect(inner[(map * 56 + y) * 56 + x]).toBeCloseTo(outer[(map * 146 + y + 40) * 86 + x + 10], 4)
        }
      }
    }
    const certified = await model.certify(large, codes)
    expect(certified.energy[0] / energy[0]).toBeCloseTo(1, 5)
    expect(certified.gap![0]).toBeGreaterThan(0)
  })

  it('are refined to the least energy, which the exact solver finds from nothing too', async () => {
    const model = await made
    const image = oneImage(images, 0)
    const [guess, refined] = [await model.encode(batchOf(image)), await model.encode(batchOf(image), { refine: 1e-5 })]
    expect(refined.energy[0]).toBeLessThan(guess.energy[0])
    expect(refined.gap![0]).toBeLessThanOrEqual(1e-5 * refined.energy[0])
    const exact = await convolutionalEncoder({
      kernels: model.kernels,
      spatial: 2,
      boundary: 'valid',
      lambda: 0.15,
      threads: 1,
    })
    const best = await exact.encode(image, { tolerance: 1e-5 })
    expect(refined.energy[0] / best.energy[0]).toBeCloseTo(1, 4)
    const swept = await model.encode(batchOf(image), { sweeps: 3 })
    expect(swept.energy[0]).toBeLessThan(guess.energy[0])
    expect(swept.energy[0]).toBeGreaterThan(refined.energy[0])
    expect(swept.codes.indices.every((index) => guess.codes.indices.includes(index))).toBe(true)
    for (const code of [guess, swept]) {
      // Neither has a certificate.
      expect(code.gap ?? code.stationarity).toBeUndefined()
      expect(code.status).toEqual(['maxSteps'])
    }
    await expect(model.encode(batchOf(image), { sweeps: 0.5 })).rejects.toThrow('sweeps must be a whole number')
    await expect(model.encode(batchOf(image), { sweeps: 1, refine: 1e-3 })).rejects.toThrow('either sweeps or refine')
    const stepped = await model.encode(batchOf(image), { steps: 30 })
    expect(stepped.energy[0]).toBeLessThan(guess.energy[0])
    expect((await model.energy(batchOf(image)))[0]).toBe(guess.energy[0])
  })

  it('come out of the exported encoder, and decode to what the exported decoder gives', async () => {
    const model = await made
    const { graphs, readme } = exportOnnx(model, { steps: 5 })
    expect(readme).toContain('encoder.onnx')
    expect(readme).toContain('It takes 5 steps.')
    expect(exportOnnx(model).readme).toContain('It takes 50 steps.')
    const machine = await runtime({ threads: 1 })
    const image = oneImage(images, 1)
    const y = { shape: [1, 1, 16, 16], data: image.data }
    const [coder, decoder] = [await machine.compile(graphs.encoder), await machine.compile(graphs.decoder)]
    const { z } = await coder.run({ y })
    const own = await model.encode(batchOf(image), { steps: 0 })
    expect([...z.data].map(Number)).toEqual([...toDense(own.codes).data].map((value) => expect.closeTo(value, 5)))
    const decoded = await model.decode(own.codes, { shape: [16, 16] })
    const out = (await decoder.run({ z })).y.data
    expect([...out].map(Number)).toEqual([...decoded.data].map((value) => expect.closeTo(value, 4)))
    expect(() => exportOnnx(model, { tolerance: 0.1 })).toThrow('give steps, and no tolerance')
  })
})

describe('what cannot be', () => {
  const refused: [Partial<ConvolutionalAutoEncoderOptions>, string][] = [
    [{ kernels: 0 }, 'kernels must be a whole number'],
    [{ kernels: 1_000_000 }, 'take fewer kernels, smaller batches or smaller crops'],
    [{ batchSize: 1e9 }, 'take fewer kernels, smaller batches or smaller crops'],
    [{ lambda: 0 }, 'lambda must be a finite number above 0'],
    [{ beta: -1 }, 'beta must be a finite number above 0'],
    [{ crop: 3 }, 'smaller than kernels of 5×5'],
    [{ encoder: 'conv-relu' as MapEncoderName }, 'There is no encoder "conv-relu"'],
    [{ steps: 2 }, 'steps is for the encoder conv-lista'],
    [{ encoder: 'conv-lista', steps: -1 }, 'steps must be a whole number from 0'],
    [{ minimumDeviation: Number.NaN }, 'minimumDeviation must be'],
    [{ inferenceSteps: 0.5 }, 'inferenceSteps must be a whole number'],
  ]
  it.each(refused)('is refused: %o', (options, sentence) => {
    expect(() => learn(options)).toThrow(ConfigurationError)
    expect(() => learn(options)).toThrow(sentence)
  })

  it('is told of data and codes that do not fit', async () => {
    await expect(learn({ crop: 12 }).fit(images)).rejects.toThrow('Crops are cut from images')
    const vectors = { shape: [4, 9], data: new Float32Array(36) }
    await expect(learn().fit(vectors)).rejects.toThrow(ShapeError)
    const model = await learn({ trainingSteps: 1 }).fit(images)
    await expect(
      model.decode(
        { shape: [1, 7], indptr: Int32Array.of(0, 0), indices: new Int32Array(0), values: new Float32Array(0) },
        { shape: [16, 16] },
      ),
    ).rejects.toThrow('7 coefficients')
    await expect(model.encode(batchOf({ shape: [4, 20], data: new Float32Array(80) }))).rejects.toThrow(
      'do not fit into an image of 4×20',
    )
    await expect(model.encode(images, { steps: 0.5 })).rejects.toThrow('steps must be a whole number')
  })

  it('is told of a run whose encoder belongs to other kernels', async () => {
    const store = memoryStore('run')
    await (await learn({ trainingSteps: 1 }).fit(images)).save(store)
    const config = new TextDecoder().decode((await store.read('config.json'))!)
    await store.writeAtomic('config.json', new TextEncoder().encode(config.replace('"maps": 6', '"maps": 7')))
    await expect(loadModel(store)).rejects.toThrow(FileFormatError)
  })
})
