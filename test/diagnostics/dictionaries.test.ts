import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign } from '../../src/diagnostics/assignment.js'
import { coherence } from '../../src/diagnostics/coherence.js'
import { matchDictionaries, recovered } from '../../src/diagnostics/matchDictionaries.js'
import { psnr } from '../../src/diagnostics/psnr.js'
import { rng } from '../../src/tensor/random.js'
import { type Tensor, takeRows } from '../../src/tensor/tensor.js'

function random(shape: number[], seed: number): Tensor {
  const numbers = rng(seed)
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => numbers.normal()) }
}

/** The best sum over all assignments, by trying them all. */
function bestSum(gains: Float64Array, rows: number, columns: number, row = 0, taken = 0): number {
  if (row === rows) return 0
  // With fewer columns than rows a row may go without.
  let best = rows > columns ? bestSum(gains, rows, columns, row + 1, taken) : Number.NEGATIVE_INFINITY
  for (let j = 0; j < columns; j++) {
    if (taken & (1 << j)) continue
    best = Math.max(best, gains[row * columns + j] + bestSum(gains, rows, columns, row + 1, taken | (1 << j)))
  }
  return best
}

describe('assign', () => {
  it('reaches the best sum, each column at most once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(9999),
        (rows, columns, seed) => {
          const numbers = rng(seed)
          // Few different values, so that ties are common.
          const gains = Float64Array.from({ length: rows * columns }, () => numbers.integer(6) / 5)
          const chosen = [...assign(gains, rows, columns)]
          const used = chosen.filter((column) => column >= 0)
          expect(new Set(used).size).toBe(used.length)
          expect(used).toHaveLength(Math.min(rows, columns))
          const sum = chosen.reduce((total, column, row) => total + (column < 0 ? 0 : gains[row * columns + column]), 0)
          expect(sum).toBeCloseTo(bestSum(gains, rows, columns), 9)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('handles no rows and no columns', () => {
    expect(assign(new Float64Array(0), 0, 3)).toHaveLength(0)
    expect([...assign(new Float64Array(0), 2, 0)]).toEqual([-1, -1])
  })
})

describe('matchDictionaries', () => {
  const planted = random([20, 4, 5], 1)

  it('finds a permuted, scaled and flipped dictionary again', () => {
    const order = rng(2).shuffle(Uint32Array.from({ length: 20 }, (_, i) => i))
    const learned = takeRows(planted, order)
    for (let i = 0; i < learned.data.length; i++) learned.data[i] *= Math.floor(i / 20) % 2 === 0 ? 3 : -0.1
    const { partner, cosine, sign } = matchDictionaries(planted, learned)
    for (let i = 0; i < 20; i++) {
      expect(order[partner[i]]).toBe(i)
      expect(cosine[i]).toBeCloseTo(1, 6)
      expect(sign[i]).toBe(partner[i] % 2 === 0 ? 1 : -1)
    }
    expect(recovered(planted, learned)).toBe(1)
  })

  it('uses no learned atom twice, and counts what is missing', () => {
    const learned = takeRows(planted, [0, 0, 1])
    const { partner, cosine } = matchDictionaries(takeRows(planted, [0, 1, 2, 3]), learned)
    expect([...partner].filter((atom) => atom >= 0).sort()).toEqual([0, 1, 2])
    expect(cosine[0]).toBeCloseTo(1, 6)
    expect(cosine[partner.indexOf(-1)]).toBe(0)
    expect(recovered(takeRows(planted, [0, 1, 2, 3]), learned)).toBe(0.5)
    expect(recovered(planted, random([20, 4, 5], 9))).toBe(0)
    expect(recovered(takeRows(planted, []), planted)).toBe(1)
  })

  it('refuses atoms of other shapes and what is not finite', () => {
    expect(() => matchDictionaries(planted, random([20, 5, 4], 1))).toThrow(/20×4×5 and 20×5×4/)
    const broken = random([2, 3], 1)
    broken.data[4] = Number.NaN
    expect(() => matchDictionaries(broken, random([2, 3], 2))).toThrow(/Atom 1 holds NaN/)
    expect(() => recovered(planted, planted, 2)).toThrow(/cosine in \[0, 1\]/)
  })
})

describe('coherence', () => {
  it('is the largest cosine between two atoms', () => {
    const atoms = { shape: [4, 2], data: Float32Array.of(1, 0, 0, 5, -3, 3, 0, 0) }
    expect(coherence(atoms)).toBeCloseTo(Math.SQRT1_2, 12)
    expect(coherence(takeRows(atoms, [0, 1, 3]))).toBe(0)
    expect(coherence(takeRows(atoms, [2, 2]))).toBe(1)
    expect(coherence(takeRows(atoms, [0]))).toBe(0)
    expect(() => coherence({ shape: [2], data: new Float32Array(2) })).toThrow(/\[k/)
  })
})

describe('psnr', () => {
  const picture = { shape: [2, 2], data: Float32Array.of(0, 0.5, 1, 0.25) }

  it('is 10 log₁₀(peak² / mean squared error)', () => {
    const off = { shape: [2, 2], data: picture.data.map((value) => value + 0.125) }
    expect(psnr(picture, off)).toBeCloseTo(-20 * Math.log10(0.125), 6)
    expect(psnr(picture, off, 255)).toBeCloseTo(20 * Math.log10(255 / 0.125), 6)
    expect(psnr(picture, picture)).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses what cannot be compared', () => {
    expect(() => psnr(picture, { shape: [4], data: picture.data })).toThrow(/2×2 and 4/)
    expect(() => psnr(picture, picture, 0)).toThrow(/peak/)
    expect(() => psnr({ shape: [0], data: new Float32Array(0) }, { shape: [0], data: new Float32Array(0) })).toThrow(
      /one pixel/,
    )
    expect(() => psnr(picture, { shape: [2, 2], data: Float32Array.of(0, Number.NaN, 0, 0) })).toThrow(/NaN/)
  })
})
