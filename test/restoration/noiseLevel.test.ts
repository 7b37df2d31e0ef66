import { describe, expect, it } from 'vitest'
import { photographs } from '../../src/data/photographs.js'
import { noiseLevel } from '../../src/restoration/noiseLevel.js'
import { tensor, zeros } from '../../src/tensor/tensor.js'
import { noisy, randomMask } from './pictures.js'

describe('the noise of an image', () => {
  it('is measured where there is nothing else', () => {
    for (const sigma of [0.01, 0.1, 10]) {
      expect(noiseLevel(noisy(zeros([120, 130]), sigma)) / sigma).toBeCloseTo(1, 1)
      expect(noiseLevel(noisy(zeros([80, 70, 3]), sigma)) / sigma).toBeCloseTo(1, 1)
    }
    expect(noiseLevel(zeros([9, 9]))).toBe(0)
  })

  it('is told from what a photograph shows', async () => {
    const image = await (await photographs()).image(2)
    const added = noiseLevel(noisy(image, 0.1))
    expect(added).toBeGreaterThan(0.095)
    expect(added).toBeLessThan(0.12)
  })

  it('does not see a ramp, nor what a mask hides', () => {
    const ramp = tensor(
      [40, 40],
      Float32Array.from({ length: 1600 }, (_, i) => 0.01 * Math.floor(i / 40) + 0.02 * (i % 40)),
    )
    expect(noiseLevel(ramp)).toBeLessThan(1e-6)
    const mask = randomMask([40, 40], 0.2)
    const spoilt = tensor(
      [40, 40],
      ramp.data.map((value, at) => (mask.data[at] === 0 ? Number.NaN : value)),
    )
    expect(noiseLevel(spoilt, mask)).toBeLessThan(1e-6)
  })

  it('is not to be had of a line of pixels', () => {
    expect(() => noiseLevel(zeros([1, 50]))).toThrow(/square of four pixels.*sigma/)
    expect(() => noiseLevel(zeros([4, 4]), zeros([4, 4]))).toThrow(/sigma/)
  })
})
