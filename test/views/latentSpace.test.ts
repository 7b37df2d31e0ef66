import { describe, expect, it } from 'vitest'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { codeNormOverTime } from '../../src/views/codeNormOverTime.js'
import { fuzzyBalls } from '../../src/views/fuzzyBalls.js'
import { latentGrid, latentGridCodes } from '../../src/views/latentGrid.js'
import { latentScatter } from '../../src/views/latentScatter.js'
import { reconstructions } from '../../src/views/reconstructions.js'
import { samples } from '../../src/views/samples.js'

const codes = (...numbers: number[]) => ({ shape: [numbers.length / 2, 2], data: Float32Array.from(numbers) })
const numbersOf = (svg: string, pattern: RegExp) =>
  [...svg.matchAll(pattern)].map((match) => match.slice(1).map(Number))

describe('fuzzy balls', () => {
  const ellipses = (svg: string) => numbersOf(svg, /<ellipse cx="([\d.]+)" cy="([\d.]+)" rx="([\d.]+)" ry="([\d.]+)"/g)

  it('are ellipses of radius σ around z̄, on one scale for both axes', () => {
    const svg = fuzzyBalls(codes(0, 0, 2, 1), codes(1, 1, 1, 0.5), { labels: [3, 4] })
    const [[x0, y0, rx, ry], [x1, y1, , narrow]] = ellipses(svg)
    expect(rx).toBe(ry)
    expect(x1 - x0).toBeCloseTo(2 * rx, 0)
    expect(y0 - y1).toBeCloseTo(rx, 0)
    expect(narrow).toBeCloseTo(rx / 2, 0)
    expect(svg).toContain('‖z̄‖ about')
  })

  it('draws the first ones, within the plane, at a scale that can be given', () => {
    const svg = fuzzyBalls(codes(0, 0, 50, 0, 3, 3), codes(1, 1, 1, 1, 1, 1), { most: 2 })
    expect(ellipses(svg)).toHaveLength(2)
    for (const [x, , rx] of ellipses(svg)) expect(x + rx).toBeLessThanOrEqual(440)
    const [[, , near]] = ellipses(fuzzyBalls(codes(0, 0), codes(1, 1), { extent: 2 }))
    const [[, , far]] = ellipses(fuzzyBalls(codes(0, 0), codes(1, 1), { extent: 4 }))
    expect(near).toBeCloseTo(2 * far, 0)
  })

  it('says what cannot be drawn', () => {
    expect(() => fuzzyBalls({ shape: [1, 3], data: new Float32Array(3) }, codes(1, 1))).toThrow(ShapeError)
    expect(() => fuzzyBalls(codes(0, 0), codes(1, 1, 1, 1))).toThrow(/give one for each/)
    expect(() => fuzzyBalls(codes(0, Number.NaN), codes(1, 1))).toThrow(DataError)
    expect(() => fuzzyBalls(codes(0, 0), codes(1, -1))).toThrow(/0 or more; got -1/)
    expect(() => fuzzyBalls(codes(0, 0), codes(1, 1), { labels: [1, 2] })).toThrow(/2 labels for 1 codes/)
    expect(() => fuzzyBalls(codes(0, 0), codes(1, 1), { extent: 0 })).toThrow(ConfigurationError)
  })
})

describe('a scatter of codes', () => {
  it('has a dot for each code in the colour of its class, and the classes in a legend', () => {
    const svg = latentScatter(codes(0, 0, 1, 1, -1, 1), { labels: [0, 1, 0] })
    expect([...svg.matchAll(/M[\d.]+ [\d.]+h0/g)]).toHaveLength(3)
    expect([...svg.matchAll(/stroke-linecap="round"/g)]).toHaveLength(2)
    expect([...svg.matchAll(/<circle/g)]).toHaveLength(2)
    expect(svg).toMatch(/<title>Codes<\/title>/)
  })

  it('draws nothing of nothing', () => {
    expect(latentScatter({ shape: [0, 2], data: new Float32Array(0) })).toContain('0 codes')
  })
})

describe('the grid of codes', () => {
  it('stands at equal steps of probability, z₂ upwards', () => {
    const { shape, data } = latentGridCodes({ side: 4 })
    expect(shape).toEqual([16, 2])
    // Φ⁻¹(1/8) and Φ⁻¹(3/8), from tables of the normal distribution.
    expect(data[0]).toBeCloseTo(-1.15035, 4)
    expect(data[2]).toBeCloseTo(-0.31864, 4)
    expect(data[1]).toBeCloseTo(1.15035, 4)
    expect(data[2 * 15]).toBeCloseTo(1.15035, 4)
    expect(data[2 * 15 + 1]).toBeCloseTo(-1.15035, 4)
    expect(latentGridCodes({ side: 1 }).data).toEqual(Float32Array.of(0, 0))
  })

  it('lays decoded codes side by side', () => {
    const picture = latentGrid({ shape: [4, 2, 2], data: Float32Array.from({ length: 16 }, (_, i) => (i < 4 ? 1 : 0)) })
    expect([picture.width, picture.height]).toEqual([4, 4])
    expect([...picture.pixels.subarray(0, 4)]).toEqual([255, 255, 0, 0])
    expect(() => latentGrid({ shape: [5, 2, 2], data: new Float32Array(20) })).toThrow(ShapeError)
  })
})

describe('reconstructions and samples', () => {
  it('stand below what they are of', () => {
    const originals = { shape: [3, 1, 1], data: Float32Array.of(1, 1, 1) }
    const decoded = { shape: [3, 1, 1], data: Float32Array.of(0.5, 0.5, 0.5) }
    const picture = reconstructions(originals, decoded, { columns: 2, gap: 0, scale: 1 })
    expect([picture.width, picture.height]).toEqual([2, 4])
    expect([...picture.pixels]).toEqual([255, 255, 128, 128, 255, 0, 128, 0])
    expect(() => reconstructions(originals, { shape: [2, 1, 1], data: new Float32Array(2) })).toThrow(ShapeError)
  })

  it('share one range of greys', () => {
    const picture = samples({ shape: [2, 1, 1], data: Float32Array.of(1, 0.5) }, { gap: 0, scale: 1 })
    expect([...picture.pixels]).toEqual([255, 128])
  })
})

describe('the distance of codes while learning', () => {
  it('is a line a model, its ends in the description', async () => {
    const svg = await codeNormOverTime([{ name: 'no springs', at: [0, 1, 2], norm: [1, 10, 20] }])
    expect(svg).toContain('no springs from 1 to 20')
    expect(await codeNormOverTime([])).toContain('Nothing was measured.')
    await expect(codeNormOverTime([{ name: 'a', at: [0], norm: [Number.NaN] }])).rejects.toThrow(DataError)
  })
})
