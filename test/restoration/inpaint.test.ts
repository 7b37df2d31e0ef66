import { describe, expect, it } from 'vitest'
import { photographs } from '../../src/data/photographs.js'
import { psnr } from '../../src/diagnostics/psnr.js'
import { inpaint } from '../../src/restoration/inpaint.js'
import { smoothFill } from '../../src/restoration/smoothFill.js'
import { type Tensor, tensor, zeros } from '../../src/tensor/tensor.js'
import { noisy, randomMask, stripedImage } from './pictures.js'

/** The image with NaN where `mask` says that it is missing. */
const spoilt = ({ shape, data }: Tensor, mask: Tensor): Tensor => {
  const each = data.length / mask.data.length
  return tensor(
    shape,
    data.map((value, at) => (mask.data[Math.floor(at / each)] === 0 ? Number.NaN : value)),
  )
}

describe('a smooth fill', () => {
  it('keeps what is known, and is flat where that is', () => {
    const mask = randomMask([20, 31], 0.7)
    const flat = tensor([20, 31], new Float32Array(620).fill(0.3))
    for (const value of smoothFill(flat, mask).data) expect(value).toBeCloseTo(0.3, 6)
    const image = stripedImage(20, 31)
    for (const [at, value] of smoothFill(image, mask).data.entries()) {
      if (mask.data[at] === 1) expect(value).toBe(image.data[at])
      else expect(value).toBeGreaterThanOrEqual(Math.min(...image.data))
    }
  })

  it('is the mean of its neighbours in a hole', () => {
    const image = tensor(
      [24, 24],
      Float32Array.from({ length: 576 }, (_, i) => (i % 24) / 24),
    )
    const mask = tensor(
      [24, 24],
      Float32Array.from({ length: 576 }, (_, i) => {
        const [y, x] = [Math.floor(i / 24), i % 24]
        return y > 7 && y < 16 && x > 7 && x < 16 ? 0 : 1
      }),
    )
    // A ramp is its own membrane.
    for (const [at, value] of smoothFill(image, mask).data.entries())
      expect(Math.abs(value - image.data[at])).toBeLessThan(0.01)
  })
})

describe('inpainting by patches', () => {
  it('finds the stripes that a smooth fill does not, and keeps what was observed', async () => {
    const clean = stripedImage(64, 64)
    const mask = randomMask([64, 64], 0.5)
    const reports: number[] = []
    const { image, dictionary, sigma } = await inpaint(spoilt(clean, mask), mask, {
      atoms: 64,
      onProgress: ({ fraction }) => reports.push(fraction),
    })
    expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, smoothFill(clean, mask)) + 10)
    for (const [at, value] of clean.data.entries()) if (mask.data[at] === 1) expect(image.data[at]).toBe(value)
    expect(dictionary.shape).toEqual([64, 8, 8])
    expect(sigma).toBe(0)
    expect(reports.at(-1)).toBe(1)
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
  })

  it('stays near what was observed, however little that was', async () => {
    for (const channels of [1, 3]) {
      const clean = stripedImage(32, 32, channels)
      const mask = randomMask([32, 32], 0.93)
      const { image } = await inpaint(spoilt(clean, mask), mask, { atoms: 24, passes: 2 })
      for (let channel = 0; channel < channels; channel++) {
        const of = (keep: (at: number) => boolean) =>
          image.data.filter((_, at) => at % channels === channel && keep(Math.floor(at / channels)))
        const observed = of((pixel) => mask.data[pixel] === 1)
        const filled = of((pixel) => mask.data[pixel] === 0)
        const [low, high] = [Math.min(...observed), Math.max(...observed)]
        expect(Math.max(...filled)).toBeLessThanOrEqual(high + 0.51 * (high - low))
        expect(Math.min(...filled)).toBeGreaterThanOrEqual(low - 0.51 * (high - low))
      }
    }
  })

  it('does better than a smooth fill of a photograph, and no worse where nearly nothing was observed', async () => {
    const photograph = await (await photographs()).image(0)
    const clean = { shape: [96, 96], data: new Float32Array(96 * 96) }
    const [top, left] = photograph.shape.map((side) => (side - 96) >> 1)
    for (let y = 0; y < 96; y++) {
      const from = (y + top) * photograph.shape[1] + left
      clean.data.set(photograph.data.subarray(from, from + 96), 96 * y)
    }
    for (const [missing, gain] of [
      [0.5, 1],
      [0.96, -0.5],
    ]) {
      const mask = randomMask(clean.shape, missing)
      const { image } = await inpaint(spoilt(clean, mask), mask, { atoms: 64, passes: 2 })
      expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, smoothFill(clean, mask)) + gain)
    }
  })

  it('takes colours together, by one mask or one for each channel', async () => {
    const clean = stripedImage(40, 40, 3)
    for (const mask of [randomMask([40, 40], 0.4), randomMask([40, 40, 3], 0.4)]) {
      const { image } = await inpaint(spoilt(clean, mask), mask, { atoms: 48, passes: 2 })
      const each = clean.data.length / mask.data.length
      const whole = tensor(
        clean.shape,
        clean.data.map((_, at) => mask.data[Math.floor(at / each)]),
      )
      expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, smoothFill(clean, whole)) + 5)
    }
  })

  it('removes noise as well, where it is told of it', async () => {
    const clean = stripedImage(64, 64)
    const dirty = noisy(clean, 0.08)
    const mask = randomMask([64, 64], 0.3)
    const kept = await inpaint(dirty, mask, { atoms: 64, passes: 2 })
    const { image } = await inpaint(dirty, mask, { atoms: 64, passes: 2, sigma: 0.08 })
    expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, kept.image) + 3)
  })

  it('fills a hole larger than a patch, smoothly where nothing reaches', async () => {
    const clean = stripedImage(48, 48)
    const mask = tensor(
      [48, 48],
      Float32Array.from({ length: 2304 }, (_, i) => {
        const [y, x] = [Math.floor(i / 48), i % 48]
        return y >= 8 && y < 40 && x >= 8 && x < 40 ? 0 : 1
      }),
    )
    const { image } = await inpaint(spoilt(clean, mask), mask, { atoms: 32, passes: 2 })
    expect(image.data.every((value) => value > -0.5 && value < 1.5)).toBe(true)
    const narrow = randomMask([48, 48], 0)
    expect((await inpaint(clean, narrow, { atoms: 16, passes: 1 })).image).toEqual(clean)
  })

  it('gives the same bits on any number of threads', async () => {
    const clean = stripedImage(30, 33)
    const mask = randomMask([30, 33], 0.5)
    const restored = async (threads: number) => (await inpaint(clean, mask, { atoms: 20, passes: 2, threads })).image
    expect(await restored(2)).toEqual(await restored(1))
  })

  it('stops when it is told to', async () => {
    const stopping = new AbortController()
    const work = inpaint(stripedImage(48, 48), randomMask([48, 48], 0.5), {
      signal: stopping.signal,
      onProgress: ({ stage }) => stage === 'coding' && stopping.abort(),
    })
    await expect(work).rejects.toThrow(/cancelled|stopped/)
  })

  it('refuses masks and options that do not fit, in words that help', async () => {
    const image = stripedImage(20, 20)
    const mask = randomMask([20, 20], 0.5)
    await expect(inpaint(image, randomMask([20, 21], 0.5))).rejects.toThrow(/mask of 20×21 .* 20×20/)
    await expect(
      inpaint(
        image,
        tensor(
          [20, 20],
          mask.data.map((value) => value / 2),
        ),
      ),
    ).rejects.toThrow(/0\.5; a mask is 1/)
    await expect(inpaint(image, zeros([20, 20]))).rejects.toThrow(/nothing .* was observed/)
    const lone = tensor(
      [20, 20],
      mask.data.map((_, i) => +(i === 7)),
    )
    await expect(inpaint(image, lone)).rejects.toThrow(/no patch of 8×8 .* larger patches, or a dictionary/)
    await expect(inpaint(spoilt(image, mask), randomMask([20, 20], 0.1, 9))).rejects.toThrow(/NaN/)
    await expect(inpaint(image, mask, { passes: 0 })).rejects.toThrow(/passes/)
    await expect(inpaint(image, mask, { sigma: -1 })).rejects.toThrow(/sigma/)
    await expect(inpaint(image, mask, { patch: 30 })).rejects.toThrow(/smaller than a patch/)
  })
})
