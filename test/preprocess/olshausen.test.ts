import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { olshausen, olshausenGain } from '../../src/preprocess/olshausen.js'
import { distance, noise } from './samples.js'

/** A wave that its own mirror images continue: cos(πu(2x + 1)/(2w)) cos(πv(2y + 1)/(2h)). */
function wave(height: number, width: number, v: number, u: number) {
  const data = Float32Array.from({ length: height * width }, (_, at) => {
    const across = Math.cos((Math.PI * u * (2 * (at % width) + 1)) / (2 * width))
    return across * Math.cos((Math.PI * v * (2 * Math.floor(at / width) + 1)) / (2 * height))
  })
  return { shape: [height, width], data }
}

describe('olshausen', () => {
  it('has the gain f·exp(−(f/f₀)⁴) with f₀ = 0.4 cycles per pixel, up to a factor', () => {
    const formula = (f: number) => f * Math.exp(-((f / 0.4) ** 4))
    const factor = olshausenGain(0.1) / formula(0.1)
    for (let f = 0; f < 0.71; f += 0.01) expect(olshausenGain(f)).toBeCloseTo(factor * formula(f), 12)
    expect(olshausenGain(0.4 / Math.SQRT2)).toBeCloseTo(1, 12)
  })

  it.each([
    [16, 16, 0, 1],
    [16, 16, 5, 3],
    [17, 30, 4, 29],
    [30, 17, 29, 16],
    [31, 37, 12, 0],
  ])('scales waves on a %i×%i picture by the gain at their frequency (%i, %i half periods)', (height, width, v, u) => {
    const picture = wave(height, width, v, u)
    const { output } = olshausen().apply(picture)
    const gain = olshausenGain(Math.hypot(v / (2 * height), u / (2 * width)))
    expect(distance(output, { ...picture, data: picture.data.map((value) => gain * value) })).toBeLessThan(1e-6)
  })

  it('is undone exactly by invert, mean and colour included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 24 }),
        fc.constantFrom([], [3]),
        (height, width, channels) => {
          const picture = noise([height, width, ...channels], height * 31 + width, 0.2, 0.5)
          const kept = picture.data.slice()
          const step = olshausen({ cutoff: 0.6, floor: 0 })
          const { output, context } = step.apply(picture)
          expect(distance(step.invert(output, context), picture)).toBeLessThan(1e-5)
          expect(picture.data).toEqual(kept)
        },
      ),
    )
  })

  it('without context inverts to mean 0, and with the floor stays bounded', () => {
    const picture = noise([20, 20], 1, 0.2, 0.5)
    const { output } = olshausen().apply(picture)
    const back = olshausen().invert(output)
    expect(Math.abs(back.data.reduce((sum, value) => sum + value, 0) / 400)).toBeLessThan(1e-6)
    const random = noise([64, 64], 2)
    const amplified = olshausen()
      .invert(random)
      .data.reduce((sum, value) => sum + value * value, 0)
    expect(Math.sqrt(amplified / 4096)).toBeLessThan(200)
  })

  it('makes a constant picture exactly 0', () => {
    const flat = { shape: [9, 14, 3], data: new Float32Array(9 * 14 * 3).fill(0.7) }
    expect(
      olshausen()
        .apply(flat)
        .output.data.every((value) => value === 0),
    ).toBe(true)
  })

  it('refuses impossible options and what is no picture', () => {
    for (const cutoff of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => olshausen({ cutoff })).toThrow(/cutoff above 0/)
    }
    expect(() => olshausen({ floor: -1 })).toThrow(/floor/)
    expect(() => olshausen().apply(noise([4], 1))).toThrow(/\[height, width\].*got 4/)
  })
})
