import { describe, expect, it } from 'vitest'
import { localContrast } from '../../src/preprocess/localContrast.js'
import { distance, noise } from './samples.js'

/** The definition on one pixel, from explicit two-dimensional windows. */
function slowly(picture: { shape: readonly number[]; data: Float32Array }, sigma: number, floor: number): number[] {
  const [height, width] = picture.shape
  const radius = Math.ceil(3 * sigma)
  const inside = (i: number, n: number) => {
    let at = i
    while (at < 0 || at >= n) at = at < 0 ? -1 - at : 2 * n - 1 - at
    return at
  }
  const blur = (values: ArrayLike<number>) =>
    Array.from({ length: height * width }, (_, at) => {
      let sum = 0
      let weights = 0
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) {
          const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
          sum += weight * values[inside(Math.floor(at / width) + dy, height) * width + inside((at % width) + dx, width)]
          weights += weight
        }
      }
      return sum / weights
    })
  const mean = blur(picture.data)
  const centred = Array.from(picture.data, (value, i) => value - mean[i])
  const deviation = blur(centred.map((value) => value * value)).map(Math.sqrt)
  const average = deviation.reduce((sum, value) => sum + value, 0) / deviation.length
  return centred.map((value, i) => value / Math.max(deviation[i], average, floor))
}

describe('localContrast', () => {
  it.each([
    [12, 15],
    [3, 5],
    [1, 1],
  ])('agrees with its definition on a %i×%i picture', (height, width) => {
    const picture = noise([height, width], 5, 0.2, 0.5)
    const expected = { shape: picture.shape, data: Float32Array.from(slowly(picture, 1.5, 1e-3)) }
    expect(distance(localContrast({ sigma: 1.5 }).apply(picture).output, expected)).toBeLessThan(1e-5)
  })

  it('is undone by invert, in colour too', () => {
    for (const shape of [
      [20, 17],
      [8, 9, 3],
    ]) {
      const picture = noise(shape, 3, 0.2, 0.5)
      const { output, context } = localContrast().apply(picture)
      expect(distance(localContrast().invert(output, context), picture)).toBeLessThan(1e-6)
      expect(distance(localContrast().invert(output), output)).toBe(0)
    }
  })

  it('brings regions of any contrast to deviation 1, and those below the average to their share of it', () => {
    const picture = noise([32, 64], 9)
    for (let i = 0; i < picture.data.length; i++) if (i % 64 < 32) picture.data[i] *= 10
    const { output } = localContrast({ sigma: 3 }).apply(picture)
    // Columns well inside the left half (deviation 10) and the right half (1); the average deviation is about 5.5.
    const deviation = (from: number) => {
      const inside = output.data.filter((_, i) => i % 64 >= from && i % 64 < from + 16)
      return Math.sqrt(inside.reduce((sum, value) => sum + value * value, 0) / inside.length)
    }
    expect(Math.abs(deviation(8) - 1)).toBeLessThan(0.1)
    expect(Math.abs(deviation(40) - 1 / 5.5)).toBeLessThan(0.05)
  })

  it('makes a constant picture exactly 0, and keeps faint noise faint', () => {
    const flat = { shape: [10, 10], data: new Float32Array(100).fill(0.3) }
    expect(
      localContrast()
        .apply(flat)
        .output.data.every((value) => value === 0),
    ).toBe(true)
    const faint = localContrast().apply(noise([10, 10], 1, 1e-6, 0.3)).output
    expect(Math.max(...faint.data)).toBeLessThan(0.01)
  })

  it('refuses impossible options and a context of another picture', () => {
    expect(() => localContrast({ sigma: 0 })).toThrow(/sigma above 0/)
    expect(() => localContrast({ floor: 0 })).toThrow(/floor/)
    const { context } = localContrast().apply(noise([4, 4], 1))
    expect(() => localContrast().invert(noise([5, 5], 1), context)).toThrow(/4×4.*5×5/)
  })
})
