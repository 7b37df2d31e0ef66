import { describe, expect, it } from 'vitest'
import type { Codes } from '../../src/inference/codes.js'
import { geometry } from '../../src/inference/convolutional/geometry.js'
import { drift, shiftKernel, shiftStatistics } from '../../src/learning/convolutional/centring.js'
import { KeptCodes } from '../../src/learning/convolutional/keptCodes.js'
import { likeKernels } from '../../src/learning/convolutional/likeKernels.js'
import { placedCodes } from '../../src/learning/convolutional/placedCodes.js'
import { residualWindows } from '../../src/learning/convolutional/residualWindows.js'
import { ConvolutionalStatistics } from '../../src/learning/convolutional/statistics.js'
import { rng } from '../../src/tensor/random.js'
import { kernelsOf, randomCode, randomKernels } from './convolutionalProblems.js'

describe('alike kernels', () => {
  it('are those whose largest cross-correlation over all shifts is high', () => {
    const shape = kernelsOf(3, 4, 5, 2)
    const random = rng(1)
    const kernels = randomKernels(random, shape)
    const at = (k: number, c: number, y: number, x: number): number =>
      y >= 0 && y < 4 && x >= 0 && x < 5 ? kernels[((k * 2 + c) * 4 + y) * 5 + x] : 0
    const naive = (k: number, l: number, signed: boolean): number => {
      let largest = 0
      for (let dy = -3; dy <= 3; dy++) {
        for (let dx = -4; dx <= 4; dx++) {
          let sum = 0
          for (let c = 0; c < 2; c++) {
            for (let y = 0; y < 4; y++) for (let x = 0; x < 5; x++) sum += at(k, c, y, x) * at(l, c, y - dy, x - dx)
          }
          largest = Math.max(largest, signed ? sum : Math.abs(sum))
        }
      }
      return largest
    }
    for (const signed of [false, true]) {
      const found = likeKernels(kernels, shape, 0, signed)
      expect(found.length).toBe(3)
      for (const { k, l, cosine } of found) expect(cosine).toBeCloseTo(naive(k, l, signed), 12)
      expect(found.map(({ cosine }) => cosine)).toEqual(found.map(({ cosine }) => cosine).sort((a, b) => b - a))
      expect(likeKernels(kernels, shape, 0.999, signed)).toEqual([])
    }
  })
})

describe('drift', () => {
  const shape = { height: 5, width: 7, channels: 1 }
  const dot = (y: number, x: number) => Float64Array.from({ length: 35 }, (_, i) => (i === y * 7 + x ? 1 : 0))

  it('is how far the energy lies from the middle', () => {
    expect(drift(dot(2, 3), shape)).toBeUndefined()
    expect(drift(dot(0, 6), shape)).toEqual({ dy: -2, dx: 3 })
    expect(drift(dot(4, 3), shape)).toEqual({ dy: 2, dx: 0 })
    expect(drift(new Float64Array(35), shape)).toBeUndefined()
  })

  it('never cuts off more than 1 % of the energy', () => {
    const random = rng(2)
    for (let time = 0; time < 50; time++) {
      const kernel = Float64Array.from({ length: 35 }, () => random.normal() * Math.exp(-4 * random.uniform()))
      const shift = drift(kernel, shape)
      if (!shift) continue
      const moved = kernel.slice()
      shiftKernel(moved, shift, shape)
      const cosine = kernel.reduce((sum, value, i) => {
        const [y, x] = [Math.floor(i / 7) - shift.dy, (i % 7) - shift.dx]
        return sum + (y >= 0 && y < 5 && x >= 0 && x < 7 ? value * moved[y * 7 + x] : 0)
      }, 0)
      expect(cosine / Math.hypot(...kernel)).toBeGreaterThan(Math.sqrt(0.98) - 1e-9)
    }
  })

  it('moves statistics as the map of a kernel moves', () => {
    const shape = kernelsOf(3, 3, 4, 2)
    const random = rng(3)
    const place = geometry(shape, 'circular', [12, 13, 2])
    const kernels = randomKernels(random, shape)
    const codes = randomCode(random, place, 0.1)
    const canvas = Float32Array.from({ length: 2 * place.canvasHeight * place.canvasWidth }, () => random.normal())
    // The canvas of a circular boundary repeats itself.
    for (let c = 0; c < 2; c++) {
      for (let y = 0; y < place.canvasHeight; y++) {
        for (let x = 0; x < place.canvasWidth; x++) {
          const at = (row: number, column: number) => (c * place.canvasHeight + row) * place.canvasWidth + column
          canvas[at(y, x)] = canvas[at(y % 12, x % 13)]
        }
      }
    }
    const shift = { dy: 1, dx: -2 }
    const statistics = new ConvolutionalStatistics(shape)
    statistics.add(placedCodes(codes, place), canvas)
    shiftStatistics(statistics, kernels, 1, shift)

    const kept = new KeptCodes(3, true, 1e6)
    kept.keep(0, codes, place)
    kept.shift(1, shift)
    const moved = kept.get(0) as Codes
    const expected = new ConvolutionalStatistics(shape)
    expected.add(placedCodes(moved, place), canvas)
    for (let k = 0; k < 3; k++) {
      for (let l = 0; l < 3; l++) {
        for (let dy = -2; dy <= 2; dy++) {
          for (let dx = -3; dx <= 3; dx++) {
            const sign = k === l ? 0 : k === 1 ? 1 : l === 1 ? -1 : 0
            const known = Math.abs(dy + sign * shift.dy) < 3 && Math.abs(dx + sign * shift.dx) < 4
            const found = statistics.codeProducts[statistics.indexOf(k, l, dy, dx)]
            expect(found).toBeCloseTo(known ? expected.codeProducts[expected.indexOf(k, l, dy, dx)] : 0, 9)
            if (dy === 0 && dx === 0) {
              expect(found).toBe(statistics.codeProducts[statistics.indexOf(l, k, 0, 0)])
            }
          }
        }
      }
      for (let c = 0; c < 2; c++) {
        for (let y = 0; y < 3; y++) {
          for (let x = 0; x < 4; x++) {
            if (k === 1 && !(y + shift.dy < 3 && x + shift.dx >= 0)) continue
            const at = ((k * 2 + c) * 3 + y) * 4 + x
            expect(statistics.dataProducts[at]).toBeCloseTo(expected.dataProducts[at], 9)
          }
        }
      }
    }
  })
})

describe('residual windows', () => {
  it('are where the energy is, the largest first, and do not overlap', () => {
    const shape = kernelsOf(2, 3, 2, 1)
    const place = geometry(shape, 'valid', [9, 8])
    const residual = new Float32Array(72)
    residual[2 * 8 + 3] = 2
    residual[7 * 8 + 6] = -3
    residual[7 * 8 + 5] = 1
    const [first, second, ...others] = residualWindows(residual, place, 5)
    expect(others).toEqual([])
    expect(first.energy).toBe(10)
    expect(second.energy).toBe(4)
    expect(first.window.reduce((sum, v) => sum + v, 0)).toBe(-2)
    expect(residualWindows(new Float32Array(72), place, 3)).toEqual([])
  })
})

describe('kept codes', () => {
  const shape = kernelsOf(3, 3, 3, 1)

  it('stay within their bytes, and come back as they were', () => {
    const random = rng(5)
    const place = geometry(shape, 'same', [10, 11])
    const codes = [0, 1, 2].map(() => randomCode(random, place, 0.1))
    const room = 8 * (codes[0].indices.length + codes[1].indices.length)
    const kept = new KeptCodes(3, false, room)
    for (const [i, code] of codes.entries()) kept.keep(i, code, place)
    expect(kept.get(2)).toBeUndefined()
    expect(kept.get(1)).toEqual(codes[1])
    const again = new KeptCodes(3, false, room)
    again.restore(kept.state())
    expect(again.state()).toEqual(kept.state())
    expect(again.get(0)).toEqual(codes[0])
  })

  it('lose the map of a kernel that is replaced, and what is moved over the border', () => {
    const random = rng(6)
    const place = geometry(shape, 'same', [10, 11])
    const code = randomCode(random, place, 0.2)
    const kept = new KeptCodes(3, false, 1e6)
    kept.keep(0, code, place)
    kept.shift(2, { dy: -1, dx: 2 })
    const shifted = kept.get(0) as Codes
    const entries = ({ indices, values }: Codes) =>
      Array.from(indices, (index, i) => ({
        k: Math.floor(index / 110),
        y: Math.floor((index % 110) / 11),
        x: index % 11,
        value: values[i],
      }))
    const expected = entries(code)
      .map((entry) => (entry.k === 2 ? { ...entry, y: entry.y - 1, x: entry.x + 2 } : entry))
      .filter(({ y, x }) => y >= 0 && x < 11)
    expect(entries(shifted)).toEqual(expected)
    kept.clear(1)
    expect(entries(kept.get(0) as Codes)).toEqual(expected.filter(({ k }) => k !== 1))
  })
})
