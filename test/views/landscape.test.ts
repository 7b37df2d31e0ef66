import { describe, expect, it } from 'vitest'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { landscape, landscapeGrid, shareBelow } from '../../src/views/landscape.js'

/** F(y) = |y|², whose contours are circles. */
function bowl(side: number): Float64Array {
  const { data } = landscapeGrid({ side })
  return Float64Array.from({ length: side * side }, (_, i) => data[2 * i] ** 2 + data[2 * i + 1] ** 2)
}

describe('the grid of a landscape', () => {
  it('covers the rectangle, edges included, rows from the top', () => {
    const { shape, data } = landscapeGrid({ x: [-2, 2], y: [0, 3], side: 3 })
    expect(shape).toEqual([9, 2])
    expect([...data.subarray(0, 6)]).toEqual([-2, 3, 0, 3, 2, 3])
    expect([...data.subarray(12)]).toEqual([-2, 0, 0, 0, 2, 0])
  })

  it('refuses what is no rectangle', () => {
    expect(() => landscapeGrid({ x: [1, 1] })).toThrow(/x must be two finite numbers, the lower first; got \[1, 1\]/)
    expect(() => landscapeGrid({ y: [0, Number.NaN] })).toThrow(ConfigurationError)
    expect(() => landscapeGrid({ side: 1 })).toThrow(/side/)
  })
})

describe('a landscape', () => {
  it('measures the share of the plane that is low', () => {
    expect(shareBelow([0, 1, 2, Number.POSITIVE_INFINITY], 1)).toBe(0.5)
    expect(shareBelow([], 1)).toBe(0)
    // A circle of radius ½ in a square of side 2.
    expect(shareBelow(bowl(201), 0.25)).toBeCloseTo(Math.PI / 16, 2)
  })

  it('draws the contour at the threshold where the energy is the threshold', async () => {
    const svg = await landscape(bowl(81), { threshold: 0.25 })
    const line = [...svg.matchAll(/<path[^>]*d="(M[^"]+)"[^>]*>/g)].map(([, d]) => d).at(-1)!
    const numbers = line.match(/-?[\d.]+/g)!.map(Number)
    const xs = numbers.filter((_, i) => i % 2 === 0)
    const ys = numbers.filter((_, i) => i % 2 === 1)
    // 81 cells are 400 pixels wide, and the circle is 40 cells across.
    expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo((400 * 40) / 81, 0)
    expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo((400 * 40) / 81, 0)
    expect(svg).toContain('of the plane at or below it')
  })

  it('has its top where the second number is large', async () => {
    const { data } = landscapeGrid({ side: 21 })
    const high = Float64Array.from({ length: 441 }, (_, i) => (data[2 * i + 1] > 0.5 ? 0.01 : 10))
    const svg = await landscape(high, { threshold: 0.1 })
    const line = [...svg.matchAll(/<path[^>]*d="(M[^"]+)"[^>]*>/g)].map(([, d]) => d).at(-1)!
    const ys = line
      .match(/-?[\d.]+/g)!
      .map(Number)
      .filter((_, i) => i % 2 === 1)
    const middle = 38 + 40 + 200
    expect(Math.max(...ys)).toBeLessThan(middle)
  })

  it('draws flat energies, infinite ones and observations', async () => {
    const points = { shape: [3, 2], data: Float32Array.of(0, 0, 0.5, 0.5, -0.5, 0) }
    const flat = await landscape(new Float64Array(16), { threshold: 0.1, points, title: 'Flat' })
    expect(flat).toContain('<title>Flat</title>')
    expect(flat).toContain('100\u00a0% of it lies at 0.1 or below')
    expect([...flat.matchAll(/<circle/g)]).toHaveLength(4)
    const wall = await landscape(new Float64Array(16).fill(Number.POSITIVE_INFINITY), { threshold: 0.1 })
    expect(wall).toContain('0\u00a0% of it lies')
  })

  it('says what cannot be drawn', async () => {
    await expect(landscape(new Float64Array(5), { threshold: 1 })).rejects.toThrow(ShapeError)
    await expect(landscape(new Float64Array(0), { threshold: 1 })).rejects.toThrow(/make no square/)
    await expect(landscape([0, 0, Number.NaN, 0], { threshold: 1 })).rejects.toThrow(/point 2 is NaN/)
    await expect(landscape(bowl(3), { threshold: 0 })).rejects.toThrow(ConfigurationError)
    const bad = { shape: [1, 2], data: Float32Array.of(0, Number.POSITIVE_INFINITY) }
    await expect(landscape(bowl(3), { threshold: 1, points: bad })).rejects.toThrow(DataError)
    const solid = { shape: [1, 3], data: new Float32Array(3) }
    await expect(landscape(bowl(3), { threshold: 1, points: solid })).rejects.toThrow(/must be \[n, 2\]/)
  })
})
