import { describe, expect, it } from 'vitest'
import { fromDense } from '../../src/inference/codes.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { codeRegions, piecesOf } from '../../src/views/codeRegions.js'
import { codesAlongPath } from '../../src/views/codesAlongPath.js'

const codes = (shape: number[], ...values: number[]) => fromDense(tensor(shape, Float32Array.from(values)))

describe('pieces of codes', () => {
  it('are the active atoms with their signs', () => {
    expect(piecesOf(codes([3, 3], 0, 0, 0, 1, 0, -2, 5, 0, -1))).toEqual(['', '+0-2', '+0-2'])
  })

  it('are drawn by how many atoms are active, with lines between them', () => {
    const picture = codeRegions(codes([4, 2], 0, 0, 0, 0, 1, 0, 1, 1), { scale: 1 })
    const at = (i: number) => Array.from(picture.pixels.subarray(3 * i, 3 * i + 3))
    const line = [28, 36, 48]
    expect([picture.width, picture.height]).toEqual([2, 2])
    expect([at(0), at(1), at(2)]).toEqual([line, line, line]) // each differs from what is right of it or below
    expect(at(3)).toEqual([120, 169, 220]) // two atoms
  })

  it('need a square of codes', () => {
    expect(() => codeRegions(codes([3, 1], 1, 1, 1))).toThrow(ShapeError)
  })
})

describe('codes along a path', () => {
  it('tell how many atoms and pieces there are', async () => {
    const svg = await codesAlongPath(codes([4, 3], 0, 0, 0, 1, 0, 0, 2, -1, 0, 3, -2, 0))
    expect(svg).toContain('2 of 3 coefficients are not zero somewhere on the path; atoms join or leave at 2 places')
    expect(svg).toContain('atom 0')
    expect(svg).not.toContain('atom 2')
  })

  it('refuses what is no path', async () => {
    await expect(codesAlongPath(codes([1, 1], 1))).rejects.toThrow(ConfigurationError)
    await expect(codesAlongPath(codes([2, 1], 1, Number.NaN))).rejects.toThrow(DataError)
  })
})
