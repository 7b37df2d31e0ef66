import { describe, expect, it } from 'vitest'
import { photographs } from '../../src/data/photographs.js'
import { psnr } from '../../src/diagnostics/psnr.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { centre } from '../../src/preprocess/centre.js'
import { unitVariance } from '../../src/preprocess/unitVariance.js'
import { denoise } from '../../src/restoration/denoise.js'
import { noiseReach } from '../../src/restoration/denoisePatches.js'
import { type Tensor, tensor, zeros } from '../../src/tensor/tensor.js'
import { stripes } from '../models/support.js'
import { noisy, stripedImage } from './pictures.js'

/** The middle of a photograph that ships. */
async function photograph(side: number, colour = false): Promise<Tensor> {
  const { shape, data } = await (await photographs({ colour })).image(2)
  const [height, width, channels = 1] = shape
  const [top, left] = [(height - side) >> 1, (width - side) >> 1]
  const out = new Float32Array(side * side * channels)
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * channels
    out.set(data.subarray(from, from + side * channels), y * side * channels)
  }
  return tensor(colour ? [side, side, channels] : [side, side], out)
}

const SIGMA = 25 / 255

describe('denoising by patches', () => {
  it('brings a photograph with σ = 25 up by far more than a blur could', async () => {
    const clean = await photograph(128)
    const dirty = noisy(clean, SIGMA)
    const before = [...dirty.data]
    const reports: number[] = []
    const { image, dictionary, sigma, active } = await denoise(dirty, {
      sigma: SIGMA,
      atoms: 128,
      onProgress: ({ fraction }) => reports.push(fraction),
    })
    expect(psnr(clean, dirty)).toBeLessThan(20.6)
    expect(psnr(clean, image)).toBeGreaterThan(27)
    expect([...dirty.data]).toEqual(before)
    expect(dictionary.shape).toEqual([128, 8, 8])
    expect(sigma).toBe(SIGMA)
    expect(active).toBeGreaterThan(0)
    expect(reports.at(-1)).toBe(1)
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
  })

  it('takes colours together, and finds out how strong the noise is', async () => {
    const clean = await photograph(64, true)
    const dirty = noisy(clean, 0.1)
    const { image, dictionary, sigma } = await denoise(dirty, { atoms: 64 })
    expect(dictionary.shape).toEqual([64, 8, 8, 3])
    expect(sigma).toBeGreaterThan(0.095)
    expect(sigma).toBeLessThan(0.12)
    expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, dirty) + 6)
  })

  it('gives the same bits on any number of threads, and others for another seed', async () => {
    const dirty = noisy(stripedImage(32, 40), 0.1)
    const restored = async (seed: number, threads: number) =>
      (await denoise(dirty, { sigma: 0.1, atoms: 24, patch: [6, 5], seed, threads })).image
    const one = await restored(1, 1)
    expect(await restored(1, 2)).toEqual(one)
    expect((await restored(2, 1)).data).not.toEqual(one.data)
  })

  it('works with atoms that are given: a model, its atoms, or those of the photographs', async () => {
    const clean = stripedImage(48, 48)
    const dirty = noisy(clean, 0.1)
    const model = await sparseCoding({
      atoms: 48,
      lambda: 0.1,
      patch: 7,
      patchesPerEpoch: 4000,
      preprocess: [centre()],
    }).fit(stripes(3, 40, 40), { epochs: 3 })
    const first = await denoise(dirty, { sigma: 0.1, dictionary: model })
    expect(first.dictionary).toBe(model.atoms)
    expect(psnr(clean, first.image)).toBeGreaterThan(psnr(clean, dirty) + 3)
    expect((await denoise(dirty, { sigma: 0.1, dictionary: model.atoms })).image).toEqual(first.image)
    const lasso = await denoise(dirty, { sigma: 0.1, dictionary: model, codes: 'lasso' })
    expect(psnr(clean, lasso.image)).toBeGreaterThan(psnr(clean, dirty) + 2)
    expect(lasso.active).toBeGreaterThan(first.active)
    const scaled = await sparseCoding({
      atoms: 4,
      lambda: 0.1,
      patch: 7,
      patchesPerEpoch: 100,
      preprocess: [unitVariance()],
    }).fit(stripes(1, 20, 20), { epochs: 1 })
    await expect(denoise(dirty, { sigma: 0.1, dictionary: scaled })).rejects.toThrow(/centring alone/)
    const colours = noisy(stripedImage(20, 20, 3), 0.1)
    await expect(denoise(colours, { sigma: 0.1, dictionary: model })).rejects.toThrow(
      /7×7 do not fit an image of 20×20×3/,
    )
    const general = await denoise(dirty, { sigma: 0.1, dictionary: 'photographs', patch: 4, atoms: 24 })
    expect(psnr(clean, general.image)).toBeGreaterThan(psnr(clean, dirty) + 2)
    model.dispose()
    scaled.dispose()
  })

  it('stops when it is told to', async () => {
    const stopping = new AbortController()
    const work = denoise(noisy(stripedImage(64, 64), 0.1), {
      sigma: 0.1,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    })
    await expect(work).rejects.toThrow(/cancelled|stopped/)
  })

  it('refuses what it cannot restore, in words that help', async () => {
    const image = stripedImage(20, 20)
    const spoilt = tensor(
      [20, 20],
      image.data.map((value, at) => (at === 7 ? Number.NaN : value)),
    )
    await expect(denoise(spoilt)).rejects.toThrow(/NaN.*mask/)
    await expect(denoise(tensor([400], image.data))).rejects.toThrow(/\[h, w\]|height/)
    await expect(denoise(zeros([0, 5]))).rejects.toThrow(/no pixels/)
    await expect(denoise(zeros([20, 20]))).rejects.toThrow(/say how strong/)
    await expect(denoise(stripedImage(5, 20), { sigma: 0.1 })).rejects.toThrow(/smaller than a patch/)
    for (const sigma of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(denoise(image, { sigma })).rejects.toThrow(/sigma must be/)
    }
    await expect(denoise(image, { sigma: 0.1, atoms: 0 })).rejects.toThrow(/atoms must be/)
    await expect(denoise(image, { sigma: 0.1, lambda: 1 })).rejects.toThrow(/λ is of the lasso/)
    await expect(denoise(image, { sigma: 0.1, codes: 'lasso', lambda: -1 })).rejects.toThrow(/lambda must be/)
    await expect(denoise(image, { sigma: 0.1, method: 'fourier' as 'patches' })).rejects.toThrow(/"patches" or/)
    await expect(denoise(stripedImage(20, 20, 2), { sigma: 0.1, dictionary: 'photographs' })).rejects.toThrow(
      /the image has 2/,
    )
  })

  it('counts as noise what nine in ten patches of it do not exceed', () => {
    expect(noiseReach(64)).toBeCloseTo(1.1, 2)
    for (const n of [9, 64, 192, 1000]) {
      let within = 0
      const draws = noisy(zeros([400, n]), 1)
      for (let i = 0; i < 400; i++) {
        const squares = draws.data.subarray(i * n, (i + 1) * n).reduce((sum, value) => sum + value * value, 0)
        if (Math.sqrt(squares / n) <= noiseReach(n)) within++
      }
      expect(within / 400).toBeGreaterThan(0.84)
      expect(within / 400).toBeLessThan(0.93)
    }
  })
})
