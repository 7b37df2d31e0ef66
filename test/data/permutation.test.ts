import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { permutation } from '../../src/data/permutation.js'

describe('permutation', () => {
  it('takes every number below its count exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), fc.nat({ max: 5 }), (count, seed, epoch) => {
        const order = permutation(count, seed, epoch)
        const seen = new Set(Array.from({ length: count }, (_, i) => order(i)))
        return seen.size === count && Math.min(...seen) === 0 && Math.max(...seen) === count - 1
      }),
    )
  })

  it('reaches far beyond 32 bits and stays in range', () => {
    const count = 2 ** 40 + 3
    const order = permutation(count, 1)
    const seen = new Set(Array.from({ length: 1000 }, (_, i) => order(i * 1e9)))
    expect(seen.size).toBe(1000)
    for (const number of seen) expect(Number.isInteger(number) && number >= 0 && number < count).toBe(true)
    expect(Math.max(...seen)).toBeGreaterThan(0.9 * count)
  })

  it('sends each position everywhere equally often (χ² over 4,000 seeds)', () => {
    for (const count of [2, 3, 5, 10, 16]) {
      for (const position of [0, count - 1]) {
        const hits = new Float64Array(count)
        for (let seed = 0; seed < 4000; seed++) hits[permutation(count, seed)(position)]++
        const expected = 4000 / count
        const chiSquare = hits.reduce((sum, hit) => sum + (hit - expected) ** 2 / expected, 0)
        // Mean count − 1, variance 2(count − 1): five standard deviations and a little for the skew of small ones.
        expect(chiSquare).toBeLessThan(count - 1 + 5 * Math.sqrt(2 * (count - 1)) + 8)
      }
    }
  })

  it('leaves neighbours no closer than chance does', () => {
    const count = 10_000
    const order = permutation(count, 7)
    let distance = 0
    for (let i = 1; i < count; i++) distance += Math.abs(order(i) - order(i - 1)) / (count - 1)
    // Two uniform places are a third of the length apart on average; the standard error of this mean is 0.0024 · count.
    expect(Math.abs(distance / count - 1 / 3)).toBeLessThan(0.015)
  })
})
