import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import type { Images } from '../../src/data/observations.js'
import {
  type ConvolutionalSparseCodingOptions,
  convolutionalSparseCoding,
} from '../../src/models/convolutionalSparseCoding.js'
import { loadModel } from '../../src/models/loadModel.js'
import { highPass } from '../../src/preprocess/highPass.js'
import { localContrast } from '../../src/preprocess/localContrast.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { rows, type Tensor, tensor } from '../../src/tensor/tensor.js'
import { bitsOf, foundAgain, plantedImages, plantedKernels } from './convolutionalProblems.js'
import { stripes } from './support.js'

const length = 9
const waves = plantedKernels(3, 1, length)
const signals = plantedImages(waves, [1, length], { count: 10, height: 1, width: 120, active: 6, seed: 1 })
const side = [5, 5] as const
const marks = plantedKernels(4, ...side)
const pictures = plantedImages(marks, side, { count: 6, height: 20, width: 23, active: 8, seed: 2 })

/** Pictures of unequal sizes, cut from larger ones. */
function unequal(channels: 1 | 3 = 1): Images {
  const sizes = [
    [16, 21],
    [20, 13],
    [18, 18],
  ]
  return {
    name: 'unequal',
    count: 3,
    channels,
    label: (index) => `unequal ${index}`,
    async image(index) {
      const [height, width] = sizes[index]
      return stripes(3, height, width, channels).image(index)
    },
  }
}

const learnSignals = (options: Partial<ConvolutionalSparseCodingOptions> = {}) =>
  convolutionalSparseCoding({ kernels: 3, size: [length], lambda: 0.2, batchSize: 2, seed: 2, ...options })
const learnPictures = (options: Partial<ConvolutionalSparseCodingOptions> = {}) =>
  convolutionalSparseCoding({ kernels: 4, size: 5, lambda: 0.3, batchSize: 1, seed: 2, ...options })

describe('learning', () => {
  it('finds planted waveforms of signals', async () => {
    const model = await learnSignals().fit(signals, { epochs: 12 })
    for (const cosine of foundAgain(waves, model.kernels, [1, length])) expect(cosine).toBeGreaterThan(0.97)
    expect(model.kernels.shape).toEqual([3, length])
    expect(model.history.at(-1)?.energy).toBeLessThan(0.9 * model.history[0].energy)
  })

  it('finds planted kernels of pictures', async () => {
    const model = await learnPictures().fit(pictures, { epochs: 12 })
    for (const cosine of foundAgain(marks, model.kernels, side)) expect(cosine).toBeGreaterThan(0.95)
  })

  it('finds planted kernels of several channels, under one code', async () => {
    const colours = plantedKernels(3, 4, 4, 2)
    const data = plantedImages(colours, [4, 4], { count: 5, height: 16, width: 17, channels: 2, active: 12, seed: 4 })
    const model = await convolutionalSparseCoding({ kernels: 3, size: 4, lambda: 0.3, batchSize: 1, seed: 2 }).fit(
      data,
      { epochs: 10 },
    )
    expect(model.kernels.shape).toEqual([3, 4, 4, 2])
    for (const cosine of foundAgain(colours, model.kernels, [4, 4])) expect(cosine).toBeGreaterThan(0.95)
  })

  it('finds what is missing in part, from what is there', async () => {
    const data = signals.data.slice()
    const mask = { shape: signals.shape, data: new Float32Array(data.length).fill(1) }
    for (let i = 0; i < data.length; i += 7) {
      mask.data[i] = 0
      data[i] = Number.NaN
    }
    const model = await learnSignals().fit({ shape: signals.shape, data }, { epochs: 15, mask })
    for (const cosine of foundAgain(waves, model.kernels, [1, length])) expect(cosine).toBeGreaterThan(0.95)
  })

  it('keeps kernels and codes ≥ 0 where told', async () => {
    const bumps = plantedKernels(3, ...side).map((kernel) => {
      const positive = kernel.map((value) => Math.max(0, value))
      const norm = Math.hypot(...positive)
      return positive.map((value) => value / norm)
    })
    const data = plantedImages(bumps, side, { count: 4, height: 18, width: 18, active: 8, seed: 6, nonNegative: true })
    const options = { kernels: 3, nonNegative: true, nonNegativeKernels: true }
    const model = await learnPictures(options).fit(data, { epochs: 8 })
    expect(Math.min(...model.kernels.data)).toBeGreaterThanOrEqual(0)
    const { codes } = await model.encode(data)
    expect(Math.min(...codes.values)).toBeGreaterThanOrEqual(0)
    for (const cosine of foundAgain(bumps, model.kernels, side)) expect(cosine).toBeGreaterThan(0.9)
  })

  it('gives the same bits for one seed on any number of threads, and others for another', async () => {
    const learn = async (seed: number, threads: number) =>
      bitsOf(await learnPictures({ seed, threads }).fit(rows(pictures, 0, 3), { epochs: 2 }))
    const first = await learn(1, 1)
    expect(await learn(1, 2)).toEqual(first)
    expect(await learn(1, 3)).toEqual(first)
    expect((await learn(2, 1)).kernels).not.toEqual(first.kernels)
  })

  it('learns from pictures of unequal sizes, from streams and from crops', async () => {
    for (const channels of [1, 3] as const) {
      const model = await learnPictures({ transform: [highPass()] }).fit(unequal(channels), { epochs: 2 })
      expect(model.kernels.shape).toEqual(channels === 1 ? [4, 5, 5] : [4, 5, 5, 3])
      expect(model.settings.channels).toBe(channels === 1 ? undefined : 3)
    }
    const stream = await learnPictures({ batchSize: 2 }).fit(fromTensor(rows(pictures, 0, 4)), { epochs: 2 })
    expect(stream.history.at(-1)?.seen).toBe(8)
    const crops = await learnPictures({ crop: [10, 12], cropsPerEpoch: 6, transform: [highPass()] }).fit(unequal(), {
      epochs: 2,
    })
    expect(crops.settings.input).toEqual({ kind: 'crops', crop: [10, 12], cropsPerEpoch: 6, minimumDeviation: 0 })
    expect(crops.history.at(-1)?.seen).toBe(12)
  })

  it('tells means over whole passes at their ends, which fall in batches', async () => {
    const options = {
      learning: 'batch',
      centring: false,
      duplicateCosine: 1,
      learningTolerance: 1e-4,
      seed: 1,
    } as const
    const model = await convolutionalSparseCoding({ kernels: 4, size: 5, lambda: 0.3, ...options }).fit(pictures, {
      epochs: 6,
    })
    const energies = model.history.flatMap(({ epoch, energy }) => (Number.isInteger(epoch) ? energy : []))
    expect(energies.length).toBeGreaterThanOrEqual(6)
    for (let i = 1; i < energies.length; i++) expect(energies[i]).toBeLessThanOrEqual(energies[i - 1] * (1 + 2e-4))
    expect(energies.at(-1)).toBeLessThan(0.95 * energies[0])
  })

  it('stops when told, and by held-out energy', async () => {
    const heldOut = plantedImages(waves, [1, length], { count: 3, height: 1, width: 60, active: 5, seed: 9 })
    const model = await learnSignals().fit(signals, { epochs: 60, heldOut, patience: 1 })
    const energies = model.history.flatMap(({ heldOutEnergy }) => heldOutEnergy ?? [])
    expect(energies.length).toBeLessThan(60)
    expect(Math.min(...energies)).toBeLessThan(energies[0])
    const short = await learnSignals().fit(signals, { epochs: 60, onProgress: () => false })
    expect(short.history.at(-1)?.seen).toBeLessThan(480)
    const stop = new AbortController()
    stop.abort()
    await expect(learnSignals().fit(signals, { signal: stop.signal })).rejects.toThrow(CancelledError)
  })

  it('takes constant observations for what they are', async () => {
    const flat = { shape: [2, 12, 12], data: new Float32Array(288).fill(0.5) }
    const model = await learnPictures({ transform: [highPass()] }).fit(flat, { epochs: 1 })
    expect(model.kernels.data.every(Number.isFinite)).toBe(true)
    const { codes, energy } = await model.encode(flat)
    expect(codes.values.length).toBe(0)
    expect([...energy]).toEqual([0, 0])
    const ratio = await convolutionalSparseCoding({ kernels: 2, size: 3, lambdaRatio: 0.1 }).fit(
      tensor([1, 8, 8], new Float32Array(64)),
    )
    expect([...(await ratio.energy(tensor([1, 8, 8], new Float32Array(64))))]).toEqual([0])
  })
})

describe('a model', () => {
  it('comes back from its folder with the same codes', async () => {
    const model = await learnPictures({ transform: [highPass(), localContrast()] }).fit(unequal(), { epochs: 2 })
    const store = memoryStore('marks')
    await model.save(store)
    const back = await loadModel(store, { model: 'conv-sparse-coding', threads: 1 })
    expect(bitsOf(back)).toEqual(bitsOf(model))
    expect(back.settings).toEqual(model.settings)
    expect(back.history).toEqual(model.history)
    expect(await store.exists('kernels.png')).toBe(true)
    expect(new TextDecoder().decode(await store.read('README.md'))).toMatch(/kernels learned from unequal/)
    expect([...(await back.energy(unequal()))]).toEqual([...(await model.energy(unequal()))])
    model.dispose()
    back.dispose()
    const waveforms = memoryStore('waves')
    await (await learnSignals().fit(signals, { epochs: 1 })).save(waveforms)
    expect(await waveforms.exists('kernels.png')).toBe(true)
  })

  it('codes observations of any sizes one by one, and gives them back with what was taken out', async () => {
    const model = await learnPictures({ lambda: 0.003, transform: [highPass()] }).fit(unequal(), { epochs: 3 })
    const images = unequal()
    let index = 0
    for await (const encoded of model.encodeEach(images, { tolerance: 1e-4 })) {
      const image = await images.image(index)
      expect(encoded.name).toBe(`unequal ${index}`)
      expect(encoded.index).toBe(index++)
      expect(encoded.shape).toEqual(image.shape)
      expect(encoded.codeShape).toEqual([4, ...image.shape])
      const { codes, gap, energy, status } = encoded.inference
      expect(codes.shape).toEqual([1, 4 * image.data.length])
      expect(status).toEqual(['converged'])
      expect(gap?.[0]).toBeLessThanOrEqual(1e-4 * energy[0])
      const decoded = await model.decode(codes, { shape: encoded.shape, context: encoded.context })
      expect(decoded.shape).toEqual(image.shape)
      const error = Math.sqrt(decoded.data.reduce((sum, v, i) => sum + (v - image.data[i]) ** 2, 0) / image.data.length)
      expect(error).toBeLessThan(0.05)
    }
    expect(index).toBe(3)
    await expect(model.encode(images)).rejects.toThrow(/16×21.*20×13.*encodeEach/)
  })

  it('codes a batch as its rows', async () => {
    const model = await learnPictures().fit(pictures, { epochs: 2 })
    const two = rows(pictures, 0, 2)
    const { codes, energy } = await model.encode(two)
    expect(codes.shape).toEqual([2, 4 * 20 * 23])
    const energies: number[] = []
    for await (const { inference } of model.encodeEach(fromTensor(two))) energies.push(inference.energy[0])
    expect([...energy]).toEqual(energies)
    const decoded = await model.decode(codes, { shape: [20, 23] })
    expect(decoded.shape).toEqual([2, 20, 23])
    // E = ½‖Y − K * Z‖² + λ‖Z‖₁
    for (let row = 0; row < 2; row++) {
      const error = decoded.data
        .subarray(row * 460, row * 460 + 460)
        .reduce((sum, v, i) => sum + 0.5 * (v - two.data[row * 460 + i]) ** 2, 0)
      const norm = codes.values
        .subarray(codes.indptr[row], codes.indptr[row + 1])
        .reduce((sum, v) => sum + Math.abs(v), 0)
      expect(Math.abs(error + 0.3 * norm - energy[row])).toBeLessThanOrEqual(1e-4 * energy[row])
    }
  })
})

describe('what makes no sense is refused in a sentence', () => {
  it('options', () => {
    const attempts: [object, RegExp][] = [
      [{ kernels: 0, size: 5, lambda: 1 }, /kernels.*1 or more; got 0/],
      [{ kernels: 2, size: 0, lambda: 1 }, /size must be.*got 0/],
      [{ kernels: 2, size: [1, 2, 3], lambda: 1 }, /size must be.*\[1,2,3\]/],
      [{ kernels: 2, lambda: 1 }, /size must be/],
      [{ kernels: 2, size: 5 }, /lambda or lambdaRatio/],
      [{ kernels: 2, size: 5, lambda: 0 }, /lambda.*above 0; got 0/],
      [{ kernels: 2, size: 5, lambda: -1 }, /lambda/],
      [{ kernels: 2, size: 5, lambda: Number.NaN }, /lambda/],
      [{ kernels: 2, size: 5, lambdaRatio: 2 }, /lambdaRatio.*between 0 and 1/],
      [{ kernels: 2, size: 5, lambda: 1, boundary: 'open' }, /boundary must be one of valid, same, circular; got open/],
      [{ kernels: 2, size: 5, lambda: 1, learning: 'never' }, /"online" or "batch"/],
      [{ kernels: 2, size: 5, lambda: 1, learning: 'batch', forgetting: 3 }, /leave forgetting and batchSize out/],
      [{ kernels: 2, size: 5, lambda: 1, forgetting: 101 }, /forgetting/],
      [{ kernels: 2, size: 5, lambda: 1, duplicateCosine: 0 }, /duplicateCosine/],
      [{ kernels: 2, size: 5, lambda: 1, deadAfter: 0 }, /deadAfter/],
      [{ kernels: 2, size: 5, lambda: 1, learningTolerance: 1 }, /learningTolerance/],
      [{ kernels: 2, size: 5, lambda: 1, crop: 4 }, /Crops of 4×4 are smaller than kernels of 5×5/],
      [{ kernels: 2, size: 5, lambda: 1, cropsPerEpoch: 4 }, /give crop as well/],
      [{ kernels: 2, size: [5], lambda: 1, crop: 10 }, /crop is for images/],
      [{ kernels: 2, size: [5], lambda: 1, transform: [localContrast()] }, /localContrast is for images/],
      [{ kernels: 2, size: 5, lambda: 1, transform: [highPass({ spatial: 1 })] }, /for signals.*leave spatial out/],
      [{ kernels: 2, size: 5, lambda: 1, seed: -1 }, /seed/],
    ]
    for (const [options, message] of attempts) {
      // A caller without types may give anything.
      const make = () => convolutionalSparseCoding(options as ConvolutionalSparseCodingOptions)
      expect(make, JSON.stringify(options)).toThrow(ConfigurationError)
      expect(make, JSON.stringify(options)).toThrow(message)
    }
  })

  const pairs: [string, Tensor | Images, object, typeof ShapeError | typeof DataError, RegExp][] = [
    [
      'kernels larger than the image',
      tensor([1, 4, 9], new Float32Array(36)),
      {},
      ShapeError,
      /Kernels of 5×5 do not fit.*4×9/,
    ],
    [
      'kernels larger than one of the images',
      unequal(),
      { size: 17 },
      ShapeError,
      /image unequal \d.*17×17 do not fit/,
    ],
    [
      'signals where images are meant',
      tensor([1, 40], new Float32Array(40)),
      {},
      ShapeError,
      /signals give size as \[length\]/,
    ],
    [
      'images where signals are meant',
      tensor([1, 9, 9, 2], new Float32Array(162)),
      { size: [5] },
      ShapeError,
      /signals are \[length\]/,
    ],
    ['images where signals are meant', unequal(), { size: [5] }, ShapeError, /unequal holds images/],
    ['NaN', tensor([1, 8, 8], new Float32Array(64).fill(Number.NaN)), {}, DataError, /NaN/],
    ['infinity', tensor([1, 8, 8], new Float32Array(64).fill(Number.POSITIVE_INFINITY)), {}, DataError, /infinite/],
    [
      'signals with gaps',
      tensor(
        [1, 20],
        Float32Array.from({ length: 20 }, (_, i) => (i > 3 && i < 7 ? Number.NaN : i)),
      ),
      { size: [5] },
      DataError,
      /gap in signal 0: samples 4 to 6.*mask/,
    ],
    ['nothing', tensor([0, 8, 8], new Float32Array(0)), {}, DataError, /no observations/],
  ]
  for (const [name, data, options, error, message] of pairs) {
    it(`data: ${name}`, async () => {
      const learning = () => learnPictures(options).fit(data, { epochs: 1 })
      await expect(learning()).rejects.toThrow(error)
      await expect(learning()).rejects.toThrow(message)
    })
  }

  it('coding and decoding', async () => {
    const model = await learnPictures().fit(rows(pictures, 0, 2), { epochs: 1 })
    await expect(model.encode(tensor([1, 9, 9, 3], new Float32Array(243)))).rejects.toThrow(
      /3 channels, the kernels have 1/,
    )
    await expect(model.encode(tensor([1, 3, 9], new Float32Array(27)))).rejects.toThrow(/do not fit/)
    await expect(model.encode(tensor([9], new Float32Array(9)))).rejects.toThrow(ShapeError)
    const { codes } = await model.encode(rows(pictures, 0, 1))
    await expect(model.decode(codes)).rejects.toThrow(/say which/)
    await expect(model.decode(codes, { shape: [20, 22] })).rejects.toThrow(/1840 coefficients.*20×22 has 1760/)
    await expect(model.encode(rows(pictures, 0, 2), { warmStart: codes })).rejects.toThrow(/one observation/)
  })
})
