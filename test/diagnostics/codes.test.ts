import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atomUsage, deadAtoms } from '../../src/diagnostics/atomUsage.js'
import { sparsity, valueHistogram } from '../../src/diagnostics/sparsity.js'
import { fromDense } from '../../src/inference/codes.js'

const codes = fromDense({ shape: [3, 4], data: Float32Array.of(0, 2, 0, -1, 0, 0, 0, 0, 0, 1, 0, 0) })
const none = fromDense({ shape: [0, 4], data: new Float32Array(0) })

describe('sparsity', () => {
  it('counts active coefficients', () => {
    expect(sparsity(codes)).toEqual({ meanActive: 1, shareActive: 0.25, fewestActive: 0, mostActive: 2, empty: 1 })
    expect(sparsity(none)).toEqual({ meanActive: 0, shareActive: 0, fewestActive: 0, mostActive: 0, empty: 0 })
  })

  it('does not count stored zeros', () => {
    const stored = { ...codes, values: Float32Array.of(0, -1, 1) }
    expect(sparsity(stored).meanActive).toBeCloseTo(2 / 3, 12)
    expect([...atomUsage(stored)]).toEqual([0, 1, 0, 1])
  })
})

describe('valueHistogram', () => {
  it('holds every active value once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (values, bins) => {
          const drawn = fromDense({ shape: [values.length, 1], data: Float32Array.from(values) })
          const { edges, counts } = valueHistogram(drawn, { bins })
          expect(counts.reduce((sum, n) => sum + n, 0)).toBe(drawn.values.length)
          expect(edges).toHaveLength(bins + 1)
          expect(edges.every(Number.isFinite)).toBe(true)
        },
      ),
    )
  })

  it('puts values where they belong and leaves out what is outside the range', () => {
    const { edges, counts } = valueHistogram(codes, { bins: 3, range: [-1, 2] })
    expect([...edges]).toEqual([-1, 0, 1, 2])
    expect([...counts]).toEqual([1, 0, 2])
    expect([...valueHistogram(codes, { bins: 2, range: [0, 1] }).counts]).toEqual([0, 1])
    expect(() => valueHistogram(codes, { bins: 0 })).toThrow(/bins/)
    expect(() => valueHistogram(codes, { range: [1, 1] })).toThrow(/range/)
  })
})

describe('atomUsage', () => {
  it('counts the codes that use each atom, over batches', () => {
    const usage = atomUsage(codes)
    expect([...usage]).toEqual([0, 2, 0, 1])
    expect([...atomUsage(codes, usage)]).toEqual([0, 4, 0, 2])
    expect(() => atomUsage(codes, new Uint32Array(3))).toThrow(/3 atoms.*4 atoms/)
    expect(deadAtoms(usage)).toEqual([0, 2])
    expect(deadAtoms(usage, 2)).toEqual([0, 2, 3])
  })
})
