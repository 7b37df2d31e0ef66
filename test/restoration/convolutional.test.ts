import { describe, expect, it } from 'vitest'
import { psnr } from '../../src/diagnostics/psnr.js'
import { convolutionalSparseCoding } from '../../src/models/convolutionalSparseCoding.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { denoise } from '../../src/restoration/denoise.js'
import { inpaint } from '../../src/restoration/inpaint.js'
import { smoothFill } from '../../src/restoration/smoothFill.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'
import { noisy, randomMask, stripedImage } from './pictures.js'

const method = 'convolutional'

/** Kernels that are pieces of the striped image, of unit norm. */
function pieces(side: number, channels?: number): Tensor {
  const image = stripedImage(40, 40, channels)
  const corners = [
    [2, 2],
    [17, 15],
    [20, 24],
    [30, 5],
  ] as const
  const each = channels ?? 1
  const data = new Float32Array(corners.length * side * side * each)
  for (const [i, [top, left]] of corners.entries()) {
    const kernel = data.subarray(i * side * side * each, (i + 1) * side * side * each)
    for (let p = 0; p < kernel.length; p++) {
      const [y, x, c] = [Math.floor(p / (side * each)), Math.floor(p / each) % side, p % each]
      kernel[p] = image.data[((top + y) * 40 + left + x) * each + c] - 0.5
    }
    const norm = Math.hypot(...kernel)
    for (let p = 0; p < kernel.length; p++) kernel[p] /= norm
  }
  return tensor([corners.length, side, side, ...(channels === undefined ? [] : [channels])], data)
}

describe('convolutional restoration', () => {
  it('takes noise out of an image, with kernels learned on it or given', async () => {
    const clean = stripedImage(24, 24)
    const dirty = noisy(clean, 0.1)
    const reports: number[] = []
    const learned = await denoise(dirty, {
      method,
      sigma: 0.1,
      atoms: 4,
      patch: 5,
      onProgress: ({ fraction }) => reports.push(fraction),
    })
    expect(learned.dictionary.shape).toEqual([4, 5, 5])
    expect(psnr(clean, learned.image)).toBeGreaterThan(psnr(clean, dirty) + 1)
    expect(reports.at(-1)).toBe(1)
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
    const given = await denoise(dirty, { method, sigma: 0.1, dictionary: pieces(6) })
    expect(psnr(clean, given.image)).toBeGreaterThan(psnr(clean, dirty) + 1.5)
    expect(given.active).toBeGreaterThan(0)
    expect(given.active).toBeLessThan(0.1)
    const weak = await denoise(dirty, { method, sigma: 0.1, dictionary: pieces(6), lambda: 0.02 })
    expect(weak.active).toBeGreaterThan(given.active)
  })

  it('fills missing pixels of colour images, and keeps the others', async () => {
    const clean = stripedImage(24, 24, 3)
    const mask = randomMask([24, 24], 0.4)
    const { image } = await inpaint(clean, mask, { method, dictionary: pieces(6, 3), passes: 2 })
    const whole = tensor(
      clean.shape,
      clean.data.map((_, at) => mask.data[Math.floor(at / 3)]),
    )
    expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, smoothFill(clean, whole)) + 1)
    for (const [at, value] of clean.data.entries()) if (whole.data[at] === 1) expect(image.data[at]).toBe(value)
  })

  it('learns kernels anew in each pass, and never from what stands at missing pixels', async () => {
    const clean = stripedImage(20, 20)
    const mask = randomMask([20, 20], 0.3)
    const spoilt = tensor(
      clean.shape,
      clean.data.map((value, at) => (mask.data[at] === 0 ? Number.NaN : value)),
    )
    const { image, dictionary } = await inpaint(spoilt, mask, { method, atoms: 3, patch: 5, passes: 1 })
    expect(dictionary.shape).toEqual([3, 5, 5])
    expect(image.data.every(Number.isFinite)).toBe(true)
    expect(psnr(clean, image)).toBeGreaterThan(psnr(clean, smoothFill(clean, mask)))
    const later = await inpaint(spoilt, mask, { method, atoms: 3, patch: 5, passes: 3 })
    expect(psnr(clean, later.image)).toBeGreaterThan(psnr(clean, image))
    expect(later.dictionary.data).not.toEqual(dictionary.data)
  })

  it('takes a model of the same method only', async () => {
    const image = noisy(stripedImage(16, 16), 0.1)
    const one = tensor([1, 16, 16], image.data)
    const kernels = await convolutionalSparseCoding({ kernels: 2, size: 4, lambda: 0.2 }).fit(one, { epochs: 1 })
    const atoms = await sparseCoding({ atoms: 4, lambda: 0.2 }).fit(one, { epochs: 1 })
    const restored = await denoise(image, { method, sigma: 0.1, dictionary: kernels })
    expect(restored.dictionary).toBe(kernels.kernels)
    await expect(denoise(image, { sigma: 0.1, dictionary: kernels })).rejects.toThrow(/method: convolutional/)
    await expect(denoise(image, { method, sigma: 0.1, dictionary: atoms })).rejects.toThrow(/method: patches/)
    const colours = stripedImage(16, 16, 3)
    await expect(denoise(colours, { method, sigma: 0.1, dictionary: kernels })).rejects.toThrow(
      /4×4 do not fit .* 16×16×3/,
    )
    await expect(denoise(image, { method, sigma: 0.1, codes: 'lasso' })).rejects.toThrow(/leave codes out/)
    kernels.dispose()
    atoms.dispose()
  })
})
