import { describe, expect, it } from 'vitest'
import { filterShape, filterShapes } from '../../src/diagnostics/filterShape.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'

const SIDE = 9
const picture = (of: (x: number, y: number) => number): Tensor => ({
  shape: [SIDE, SIDE],
  data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => of((i % SIDE) - 4, Math.floor(i / SIDE) - 4)),
})
const gauss = (x: number, y: number, s: number) => Math.exp(-(x * x + y * y) / (2 * s * s))

describe('names of filters', () => {
  it.each([
    ['centre-surround', picture((x, y) => gauss(x, y, 1) - 0.4 * gauss(x, y, 2.2))],
    ['centre-surround', picture((x, y) => -gauss(x - 1, y, 1.4) + 0.5 * gauss(x - 1, y, 3))],
    ['edge', picture((x, y) => Math.sin(0.9 * x) * gauss(x, y, 2))],
    ['edge', picture((x, y) => Math.cos(1.1 * (x + y) * Math.SQRT1_2) * gauss(x + y, 0.5 * (x - y), 2))],
    ['grating', picture((x, y) => Math.cos(2 * x + y) * gauss(x, y, 4))],
    ['dead', picture(() => 0)],
  ] as const)('%s', (name, filter) => {
    expect(filterShape(filter).name).toBe(name)
  })

  it('noise is odd', () => {
    const random = rng(3)
    expect(filterShape(picture(() => random.normal())).name).toBe('odd')
  })

  it('a vertical edge has vertical stripes', () => {
    const { orientation } = filterShape(picture((x, y) => Math.sin(0.9 * x) * gauss(x, y, 2)))
    expect(Math.abs(orientation - Math.PI / 2)).toBeLessThan(0.05)
  })

  it('what is no picture is refused in a sentence', () => {
    expect(() => filterShapes({ shape: [2, 9], data: new Float32Array(18) })).toThrow('[k, height, width]')
    expect(() => filterShape(picture(() => Number.NaN))).toThrow('has no shape')
  })
})
