import { describe, expect, it } from 'vitest'
import type { Picture } from '../../src/data/picture.js'
import { fromDense } from '../../src/inference/codes.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { beforeAfter } from '../../src/views/beforeAfter.js'
import { codesBesideKernels } from '../../src/views/codesBesideKernels.js'
import { encoderBesideDecoder } from '../../src/views/encoderBesideDecoder.js'
import { waveforms } from '../../src/views/waveforms.js'

const values = (shape: number[], ...data: number[]) => tensor(shape, Float32Array.from(data))
const inked = ({ width, height, pixels }: Picture, test: (rgb: number[]) => boolean) =>
  Array.from({ length: width * height }, (_, at) => at).filter((at) => test([...pixels.subarray(3 * at, 3 * at + 3)]))

describe('codesBesideKernels', () => {
  const kernels = values([2, 2, 2], 1, 0, 0, -1, 0, 1, -1, 0)
  const maps = new Float32Array(2 * 3 * 5)
  maps[7] = 2 // map 0, row 1, column 2
  maps[15 + 14] = -2 // map 1, row 2, column 4
  const code = fromDense({ shape: [1, 30], data: maps })

  it('draws each map at the place of its kernel, what is active in black or white', () => {
    const picture = codesBesideKernels(code, [2, 3, 5], kernels, { tile: 20, columns: 2 })
    // Titles are 26 pixels high below a margin of 12; a map is 4 pixels a coefficient and its grid has lines of 1.
    const grid = inked(picture, ([r, g, b]) => r === 128 && g === 128 && b === 128)
    const left = Math.min(...grid.map((at) => at % picture.width))
    const at = (x: number, y: number) => picture.pixels[((12 + 26 + 1 + y) * picture.width + left + x) * 3]
    expect(at(2 * 4 + 1, 1 * 4 + 1)).toBe(255)
    expect(at(1 * 4 + 1, 1 * 4 + 1)).toBe(128)
    expect(at(21 + 4 * 4 + 1, 2 * 4 + 1)).toBe(1)
  })

  it('follows the usage in both grids, and pools large maps by the largest size', () => {
    const ordered = codesBesideKernels(code, [2, 3, 5], kernels, { tile: 20, columns: 2, usage: [1, 2] })
    expect(ordered.pixels).not.toEqual(codesBesideKernels(code, [2, 3, 5], kernels, { tile: 20, columns: 2 }).pixels)
    const large = new Float32Array(2 * 90 * 90)
    large[40 * 90 + 41] = 0.5
    large[40 * 90 + 42] = -3
    const pooled = codesBesideKernels(fromDense({ shape: [1, large.length], data: large }), [2, 90, 90], kernels, {
      tile: 30,
    })
    expect(pooled.height).toBeLessThan(120)
    expect(inked(pooled, ([r, g, b]) => r === 1 && g === 1 && b === 1).length).toBeGreaterThan(0)
  })

  it('refuses what does not fit together', () => {
    expect(() => codesBesideKernels(code, [2, 3, 4], kernels)).toThrow(ShapeError)
    expect(() => codesBesideKernels(code, [1, 6, 5], kernels)).toThrow(/1 maps.*2 kernels/)
    expect(() => codesBesideKernels(code, [2, 3, 5], kernels, { tile: 1 })).toThrow(ConfigurationError)
    const broken = fromDense({ shape: [1, 30], data: maps.map((value) => (value > 0 ? Number.NaN : value)) })
    expect(() => codesBesideKernels(broken, [2, 3, 5], kernels)).toThrow(DataError)
  })
})

describe('encoderBesideDecoder', () => {
  // Filters of 1×2, the first pixel of each 0.1 times its strength.
  const filters = (strengths: number[]) =>
    values([strengths.length, 1, 2], ...strengths.flatMap((s) => [0.1 * s, -0.1 * s]))
  const whites = (strengths: number[]) => {
    const drawn = filters(strengths)
    const picture = encoderBesideDecoder([{ filters: drawn, kernels: drawn }], { columns: strengths.length })
    const at = inked(picture, ([r, g, b]) =>
      r === 255 && g === 255 && b === 255 ? false : r === g && g === b && r > 128,
    )
    return Math.max(...at.map((p) => picture.pixels[3 * p]).filter((_, i) => at[i] % picture.width < picture.width / 2))
  }

  it('shows the strength of an encoder’s filters by one scale', () => {
    // White itself is the page's, so the second filter, half as strong, is the brightest grey.
    expect(whites([1, 0.5])).toBe(128 + 127 / 2 + 0.5)
  })

  it('cuts off one filter of many that is far stronger', () => {
    const many = [...Array.from({ length: 19 }, () => 1), 0.5]
    expect(whites(many)).toBe(192)
    expect(whites([100, ...many])).toBe(192)
  })

  it('refuses filters that do not go with kernels, and none', () => {
    expect(() => encoderBesideDecoder([])).toThrow(ConfigurationError)
    expect(() => encoderBesideDecoder([{ filters: filters([1]), kernels: filters([1, 1]) }])).toThrow(ShapeError)
  })
})

describe('waveforms', () => {
  it('draws a line through every chart, up for what is above zero', () => {
    const picture = waveforms(values([1, 4], 1, 1, -1, -1), { width: 40, height: 40 })
    const dark = inked(picture, ([r, , b]) => r < 80 && b > 150)
    const columns = (from: number, to: number) =>
      dark.filter((at) => at % picture.width >= 6 + from && at % picture.width < 6 + to)
    const middle = 6 + 20
    expect(columns(5, 12).every((at) => Math.floor(at / picture.width) < middle)).toBe(true)
    expect(columns(28, 35).every((at) => Math.floor(at / picture.width) > middle)).toBe(true)
    expect(new Set(dark.map((at) => at % picture.width)).size).toBeGreaterThan(28)
  })

  it('puts the most used first, and gives channels colours of their own', () => {
    const two = values([2, 3], 1, 0, 0, 0, 0, 1)
    const ordered = waveforms(two, { usage: [1, 2] })
    expect(ordered.pixels).toEqual(waveforms(values([2, 3], 0, 0, 1, 1, 0, 0)).pixels)
    const channels = waveforms(values([1, 2, 2], 1, -1, 1, -1))
    const blue = inked(channels, ([r, g, b]) => r === 29 && g === 95 && b === 184)
    const orange = inked(channels, ([r, g, b]) => r === 180 && g === 83 && b === 9)
    expect(Math.max(...blue)).toBeLessThan(Math.min(...orange))
  })

  it('draws a silent signal and one of a single sample, and refuses the rest', () => {
    expect(waveforms(values([2, 1], 0, 3)).channels).toBe(3)
    expect(() => waveforms(values([2, 0]))).toThrow(ShapeError)
    expect(() => waveforms(values([4], 1, 2, 3, 4))).toThrow(/\[n, length\]/)
    expect(() => waveforms(values([1, 2], 1, Number.NaN))).toThrow(DataError)
    expect(() => waveforms(values([1, 2], 1, 2), { width: 2 })).toThrow(ConfigurationError)
  })
})

describe('beforeAfter', () => {
  const image = values([2, 3], 0, 0.5, 1, 2, -1, 0.25)

  it('draws images side by side, cut off at black and white, with their labels below', () => {
    const picture = beforeAfter(
      [
        { image, label: '' },
        { image, label: '', detail: '' },
      ],
      { scale: 1 },
    )
    expect([picture.width, picture.channels]).toEqual([12 + 3 + 12 + 3 + 12, 3])
    const row = (y: number) => [12, 13, 14, 27, 28, 29].map((x) => picture.pixels[((12 + y) * picture.width + x) * 3])
    expect(row(0)).toEqual([0, 128, 255, 0, 128, 255])
    expect(row(1)).toEqual([255, 0, 64, 255, 0, 64])
    const labelled = beforeAfter([{ image, label: 'noisy', detail: '20.17 dB' }])
    expect(inked(labelled, ([r, g, b]) => r === 28 && g === 36 && b === 48).length).toBeGreaterThan(30)
    expect(labelled.width).toBeGreaterThanOrEqual(200)
  })

  it('takes colour beside grey', () => {
    const colour = values([2, 1, 3], 1, 0, 0, 0, 0, 1)
    const picture = beforeAfter(
      [
        { image: colour, label: '' },
        { image, label: '' },
      ],
      { scale: 1 },
    )
    expect([...picture.pixels.subarray((12 * picture.width + 12) * 3, (12 * picture.width + 12) * 3 + 3)]).toEqual([
      255, 0, 0,
    ])
  })

  it('refuses images of different heights, none, and NaN', () => {
    expect(() => beforeAfter([])).toThrow(ConfigurationError)
    expect(() =>
      beforeAfter([
        { image, label: 'a' },
        { image: values([1, 3], 0, 0, 0), label: 'b' },
      ]),
    ).toThrow(/"b" 1/)
    expect(() => beforeAfter([{ image: values([1, 1], Number.NaN), label: 'noisy' }])).toThrow(/"noisy"/)
    expect(() => beforeAfter([{ image: values([3], 1, 2, 3), label: 'noisy' }])).toThrow(ShapeError)
  })
})
