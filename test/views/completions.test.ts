import { describe, expect, it } from 'vitest'
import { DataError, ShapeError } from '../../src/tensor/errors.js'
import { zeros } from '../../src/tensor/tensor.js'
import { completions } from '../../src/views/completions.js'

describe('completions', () => {
  it('are x, a line and y, one beside the other, a row for each x', () => {
    const x = { shape: [2, 1, 2], data: Float32Array.of(1, 0, 0, 1) }
    const y = { shape: [2, 3, 1, 2], data: Float32Array.of(0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0) }
    const { width, height, channels, pixels } = completions(x, y, { scale: 1 })
    expect([width, height, channels]).toEqual([3 * 3 + 1, 2 * 4 + 1, 1])
    const at = (row: number, column: number) => pixels[row * width + column]
    // The first x stands above each of its three y.
    for (const column of [1, 4, 7]) expect([at(1, column), at(1, column + 1)]).toEqual([255, 0])
    expect(at(2, 1)).toBe(Math.round(255 * 0.4))
    expect([at(3, 1), at(3, 2)]).toEqual([0, 0])
    expect([at(3, 4), at(3, 5)]).toEqual([0, 255])
    expect([at(3, 7), at(3, 8)]).toEqual([255, 255])
    expect([at(5, 1), at(5, 2)]).toEqual([0, 255])
  })

  it('refuse what does not fit together', () => {
    expect(() => completions(zeros([2, 1, 2]), zeros([3, 1, 1, 2]))).toThrow(ShapeError)
    expect(() => completions(zeros([2, 1, 2]), zeros([2, 1, 1, 3]))).toThrow(/one n and width/)
    expect(() => completions(zeros([2, 1, 2]), zeros([2, 0, 1, 2]))).toThrow(ShapeError)
    expect(() => completions(zeros([2, 2]), zeros([2, 1, 1, 2]))).toThrow(ShapeError)
    const broken = { shape: [1, 1, 1, 2], data: Float32Array.of(0, Number.NaN) }
    expect(() => completions(zeros([1, 1, 2]), broken)).toThrow(DataError)
  })
})
