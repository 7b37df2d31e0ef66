import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { mosaic, orderByUse } from '../../src/views/mosaic.js'

const atoms = (shape: number[], ...values: number[]) => tensor(shape, Float32Array.from(values))

describe('mosaic', () => {
  it('puts every pixel where it belongs, zero at 128 and ±max at 255 and 1', () => {
    const picture = mosaic(atoms([2, 1, 2], 0, 2, -4, 1), { columns: 2, scale: 1, gap: 1, border: 200 })
    expect(picture).toMatchObject({ width: 7, height: 3, channels: 1 })
    const line = [200, 200, 200, 200, 200, 200, 200]
    expect([...picture.pixels]).toEqual([...line, 200, 128, 255, 200, 1, 128 + 32, 200, ...line])
  })

  it('enlarges by nearest neighbour', () => {
    const picture = mosaic(atoms([1, 1, 2], 1, -1), { scale: 3, gap: 0 })
    expect(picture).toMatchObject({ width: 6, height: 3 })
    for (let y = 0; y < 3; y++) expect([...picture.pixels.subarray(y * 6, y * 6 + 6)]).toEqual([255, 255, 255, 1, 1, 1])
  })

  it('scales each atom by itself, or all alike', () => {
    const two = atoms([2, 1, 1], 0.5, -2)
    expect([...mosaic(two, { columns: 2, scale: 1, gap: 0 }).pixels]).toEqual([255, 1])
    expect([...mosaic(two, { columns: 2, scale: 1, gap: 0, contrast: 'shared' }).pixels]).toEqual([160, 1])
  })

  it('is symmetric: a negated dictionary is the picture mirrored about 128, whatever its scale', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 12, maxLength: 12 }),
        (values) => {
          const options = { scale: 1, gap: 0 }
          const picture = mosaic(atoms([3, 2, 2], ...values), options)
          const mirrored = mosaic(atoms([3, 2, 2], ...values.map((value) => -value)), options)
          picture.pixels.forEach((pixel, i) => {
            expect(Math.abs(pixel + mirrored.pixels[i] - 256)).toBeLessThanOrEqual(1)
          })
        },
      ),
    )
  })

  it('draws a dead atom as plain mid-grey', () => {
    expect(new Set(mosaic(atoms([1, 2, 2], 0, 0, 0, 0), { gap: 0 }).pixels)).toEqual(new Set([128]))
  })

  it('puts the most used atom first, equals in their order', () => {
    expect(orderByUse(4, [1, 5, 5, 9])).toEqual([3, 1, 2, 0])
    const picture = mosaic(atoms([2, 1, 2], 1, 0, 0, 1), { usage: [3, 4], columns: 1, scale: 1, gap: 0 })
    expect([...picture.pixels]).toEqual([128, 255, 255, 128])
  })

  it('draws colour atoms, and a coloured border around grey ones', () => {
    const colour = mosaic(atoms([1, 1, 1, 3], 1, 0, -1), { scale: 1, gap: 0 })
    expect([colour.channels, ...colour.pixels]).toEqual([3, 255, 128, 1])
    const framed = mosaic(atoms([1, 1, 1], 1), { scale: 1, gap: 1, border: [10, 20, 30] })
    expect([...framed.pixels.subarray(0, 3)]).toEqual([10, 20, 30])
    expect([...framed.pixels.subarray(12, 15)]).toEqual([255, 255, 255])
  })

  it('draws atoms that are never negative from black to white', () => {
    expect([...mosaic(atoms([1, 1, 3], 0, 1, 2), { signed: false, scale: 1, gap: 0 }).pixels]).toEqual([0, 128, 255])
  })

  it('takes vectors whose length is a perfect square, and leaves unfilled places in the colour of the lines', () => {
    const picture = mosaic(atoms([3, 4], 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), {
      columns: 2,
      scale: 1,
      gap: 0,
      border: 7,
    })
    expect(picture).toMatchObject({ width: 4, height: 4 })
    expect(picture.pixels[15]).toBe(7)
  })

  it('chooses columns that leave no row unfilled where it can', () => {
    const wide = (count: number) => mosaic(tensor([count, 1, 1], new Float32Array(count)), { scale: 1, gap: 0 }).width
    expect([256, 200, 192, 7, 1].map(wide)).toEqual([16, 20, 16, 3, 1])
  })

  it('refuses what cannot be drawn, in a sentence that says what is wrong', () => {
    const one = atoms([1, 1, 1], 1)
    expect(() => mosaic(atoms([2, 1, 2], 0, 1, Number.NaN, 1))).toThrow(/Atom 1 holds NaN at element 0/)
    expect(() => mosaic(atoms([1, 1, 1], Number.POSITIVE_INFINITY))).toThrow(DataError)
    expect(() => mosaic(atoms([0, 2, 2]))).toThrow(/no atoms/)
    expect(() => mosaic(atoms([1, 0, 2]))).toThrow(ShapeError)
    expect(() => mosaic(atoms([1, 3], 1, 2, 3))).toThrow(/perfect square/)
    expect(() => mosaic(atoms([1, 1, 1, 2], 1, 2))).toThrow(ShapeError)
    expect(() => mosaic(atoms([]))).toThrow(ShapeError)
    expect(() => mosaic(one, { usage: [1, 2] })).toThrow(/usage of 2 atoms.*dictionary of 1/)
    expect(() => mosaic(one, { usage: [Number.NaN] })).toThrow(ConfigurationError)
    expect(() => mosaic(one, { scale: 0 })).toThrow(/scale must be a whole number/)
    expect(() => mosaic(one, { columns: 1.5 })).toThrow(ConfigurationError)
    expect(() => mosaic(one, { border: 256 })).toThrow(/border/)
    expect(() => mosaic(tensor([400, 40, 40], new Float32Array(640_000)), { scale: 1000 })).toThrow(/smaller scale/)
  })
})
