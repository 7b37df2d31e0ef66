import { describe, expect, it } from 'vitest'
import { Moments } from '../../src/preprocess/moments.js'
import { noise } from './samples.js'

describe('Moments', () => {
  const data = noise([1001, 3], 5, 0.01, 30_000)

  /** Two passes over all data: the definition. */
  function slowly(i: number, j: number): number {
    const column = (k: number) => Array.from({ length: 1001 }, (_, row) => data.data[row * 3 + k])
    const mean = (k: number) => column(k).reduce((sum, value) => sum + value, 0) / 1001
    const [left, right, a, b] = [column(i), column(j), mean(i), mean(j)]
    return left.reduce((sum, value, row) => sum + (value - a) * (right[row] - b), 0) / 1001
  }

  it.each([1, 4, 7, 1001])('agree with their definition in batches of %i, far from zero', (batchSize) => {
    const full = new Moments(3, { covariances: true })
    const diagonal = new Moments(3, { covariances: false })
    for (let begin = 0; begin < 1001; begin += batchSize) {
      const part = data.data.subarray(begin * 3, (begin + batchSize) * 3)
      full.add({ shape: [part.length / 3, 3], data: part })
      diagonal.add({ shape: [part.length / 3, 3], data: part })
    }
    expect(full.count).toBe(1001)
    const covariance = full.covariance()
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) expect(Math.abs(covariance[i * 3 + j] - slowly(i, j))).toBeLessThan(1e-12)
      expect(Math.abs(diagonal.variances()[i] - slowly(i, i))).toBeLessThan(1e-12)
      expect(Math.abs(full.variances()[i] - slowly(i, i))).toBeLessThan(1e-12)
    }
  })
})
