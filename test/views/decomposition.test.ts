import { describe, expect, it } from 'vitest'
import { fromDense } from '../../src/inference/codes.js'
import { DataError, ShapeError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { decomposition, decompositionSvg } from '../../src/views/decomposition.js'
import { decompositionTiles } from '../../src/views/decompositionTiles.js'

const values = (shape: number[], ...data: number[]) => tensor(shape, Float32Array.from(data))
const code = (...data: number[]) => fromDense(values([1, data.length], ...data))

/** Four atoms, each one pixel of a 2×2 image. */
const pixelAtoms = values([4, 2, 2], ...[0, 1, 2, 3].flatMap((j) => [0, 1, 2, 3].map((i) => (i === j ? 1 : 0))))
const image = values([2, 2], 3, 0.5, 1, 0)

describe('decomposition', () => {
  it('orders the strokes by |coefficient| and gathers the rest', () => {
    const tiles = decompositionTiles(image, code(0.5, -3, 1, 0), pixelAtoms, { top: 2 })
    expect(tiles.map(({ operator, label, detail }) => [operator, label, detail])).toEqual([
      ['', 'original', ''],
      ['≈', 'sum of 3', 'strokes'],
      ['=', '−3.00', '× atom 1'],
      ['+', '1.00', '× atom 2'],
      ['+', 'the rest', '1 atom'],
    ])
  })

  it('shows the reconstruction in the greys of the original', () => {
    const [original, sum] = decompositionTiles(image, code(3, 0.5, 0, 0), pixelAtoms, {})
    expect([...original.picture.pixels]).toEqual([255, 43, 85, 0])
    expect([...sum.picture.pixels]).toEqual([255, 43, 0, 0])
  })

  it('reddens what a stroke adds, blues what it takes away, and leaves zero near white', () => {
    const [, , taken, added] = decompositionTiles(image, code(0, -2, 1, 0), pixelAtoms, {})
    const rgb = (tile: typeof taken, i: number) => [...tile.picture.pixels.subarray(3 * i, 3 * i + 3)]
    expect(rgb(taken, 1)[2]).toBeGreaterThan(rgb(taken, 1)[0] + 50)
    expect(rgb(added, 2)[0]).toBeGreaterThan(rgb(added, 2)[2] + 50)
    expect(Math.min(...rgb(taken, 0))).toBeGreaterThan(240)
  })

  it('shares one range of colours on request', () => {
    const tile = (contrast: 'each' | 'shared') =>
      decompositionTiles(image, code(0, 4, 1, 0), pixelAtoms, { contrast })[3]
    expect(tile('each').picture.pixels[7]).toBeLessThan(tile('shared').picture.pixels[7])
  })

  it('draws everything in one picture, labels included', () => {
    const picture = decomposition(image, code(3, 0.5, 1, 0), pixelAtoms, { scale: 40, columns: 6 })
    expect(picture.channels).toBe(3)
    expect(picture.pixels).toHaveLength(picture.width * picture.height * 3)
    const inks = (from: number, to: number) => {
      let count = 0
      for (let at = from * picture.width * 3; at < to * picture.width * 3; at += 3) {
        if (picture.pixels[at] === 28 && picture.pixels[at + 1] === 36) count++
      }
      return count
    }
    expect(inks(0, 90)).toBe(0)
    expect(inks(90, picture.height)).toBeGreaterThan(200)
  })

  it('writes the coefficients of the SVG as text', async () => {
    const svg = await decompositionSvg(image, code(3, -0.5, 0, 0), pixelAtoms, { title: 'A <digit> & "more"' })
    expect(svg).toContain('>3.00</text>')
    expect(svg).toContain('>−0.50</text>')
    expect(svg).toContain('<title>A &lt;digit&gt; &amp; &quot;more&quot;</title>')
    expect(svg.match(/<image /g)).toHaveLength(4)
  })

  it('takes a code of zeros, and colour', () => {
    expect(decompositionTiles(image, code(0, 0, 0, 0), pixelAtoms, {}).map(({ label }) => label)).toEqual([
      'original',
      'sum of 0',
    ])
    const colour = decompositionTiles(values([1, 1, 3], 1, 0, 0), code(2), values([1, 1, 1, 3], 1, 0, -1), {})
    expect([...colour[2].picture.pixels]).toEqual([255, 128, 1])
  })

  it('refuses parts that do not fit together', () => {
    expect(() => decomposition(image, fromDense(values([2, 4], 1, 0, 0, 0, 0, 0, 0, 0)), pixelAtoms)).toThrow(
      /codeRows/,
    )
    expect(() => decomposition(image, code(1, 2), pixelAtoms)).toThrow(/over 2 atoms.*holds 4/)
    expect(() => decomposition(values([1, 4], 1, 2, 3, 4), code(1, 0, 0, 0), pixelAtoms)).toThrow(ShapeError)
    expect(() => decomposition(values([2, 2], 1, Number.NaN, 0, 0), code(1, 0, 0, 0), pixelAtoms)).toThrow(DataError)
    expect(() => decomposition(image, code(Number.NaN, 0, 0, 0), pixelAtoms)).toThrow(/Code 0 holds NaN/)
    const stray = { ...code(1, 0, 0, 0), indices: Int32Array.of(9) }
    expect(() => decomposition(image, stray, pixelAtoms)).toThrow(/atom 9 of a dictionary of 4/)
  })
})
