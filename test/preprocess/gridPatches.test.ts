import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gridPatches } from '../../src/preprocess/gridPatches.js'
import { assemble, cutGrid, patchGrid } from '../../src/preprocess/patchGrid.js'
import { takeRows } from '../../src/tensor/tensor.js'
import { collect, distance, imagesOf, noise } from './samples.js'

describe('patchGrid', () => {
  it('covers every pixel, and assemble undoes cutGrid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom([], [3]),
        (height, width, wantedSize, wantedStride, channels) => {
          const size = Math.min(height, width, wantedSize)
          const image = noise([height, width, ...channels], 5)
          const grid = patchGrid(image.shape, { size, stride: Math.min(size, wantedStride) })
          expect(grid.rows.at(-1)).toBe(height - size)
          expect(grid.columns.at(-1)).toBe(width - size)
          expect(distance(assemble(cutGrid(image, grid), grid), image)).toBeLessThan(1e-6)
        },
      ),
    )
  })

  it('averages where patches overlap', () => {
    const grid = patchGrid([1, 3], { size: [1, 2], stride: 1 })
    const image = assemble({ shape: [2, 1, 2], data: Float32Array.of(1, 2, 4, 8) }, grid)
    expect([...image.data]).toEqual([1, 3, 8])
  })

  it('refuses gaps, small images and patches of another grid', () => {
    expect(() => patchGrid([9, 9], { size: 4, stride: 5 })).toThrow(/gaps/)
    expect(() => patchGrid([3, 9], { size: 4 })).toThrow(/3×9.*4×4/)
    expect(() => patchGrid([9, 9], { size: 4, stride: 0 })).toThrow(/whole sizes/)
    const grid = patchGrid([4, 4], { size: 2 })
    expect(() => assemble(noise([3, 2, 2], 1), grid)).toThrow(/4×2×2.*got 3×2×2/)
    expect(() => cutGrid(noise([5, 4], 1), grid)).toThrow(/4×4.*5×4/)
  })
})

describe('gridPatches', () => {
  const list = [noise([9, 7], 1), noise([5, 12], 2), noise([4, 4], 3)]
  const source = gridPatches(imagesOf(list), { size: 4, stride: 3 })
  const all = list.map((image) => cutGrid(image, patchGrid(image.shape, { size: 4, stride: 3 })))
  const whole = all.flatMap((part) => Array.from({ length: part.shape[0] }, (_, i) => takeRows(part, [i]).data.join()))
  const rowsOf = async (pass: Parameters<typeof source.batches>[0]) => {
    const batches = await collect(source.batches(pass))
    return batches.flatMap((part) => Array.from({ length: part.shape[0] }, (_, i) => takeRows(part, [i]).data.join()))
  }

  it('delivers the images one after another, in batches of one size', async () => {
    expect(source.shape).toEqual([4, 4])
    expect(await rowsOf({ batchSize: 5 })).toEqual(whole)
    // The first image has nine patches: this leaves it out, and one of the second.
    expect(await rowsOf({ batchSize: 5, skip: 2 })).toEqual(whole.slice(10))
    const sizes = (await collect(source.batches({ batchSize: 5 }))).map((batch) => batch.shape[0])
    expect(sizes.slice(0, -1).every((size) => size === 5)).toBe(true)
  })

  it('shuffles with a seed, continues with skip, and keeps every patch', async () => {
    const shuffled = await rowsOf({ batchSize: 5, seed: 4 })
    expect(shuffled).not.toEqual(whole)
    expect([...shuffled].sort()).toEqual([...whole].sort())
    expect(await rowsOf({ batchSize: 5, seed: 4, skip: 2 })).toEqual(shuffled.slice(10))
    expect(await rowsOf({ batchSize: 5, seed: 4, epoch: 1 })).not.toEqual(shuffled)
    const tight = gridPatches(imagesOf(list), { size: 4, stride: 3, cacheBytes: 0 })
    const batches = await collect(tight.batches({ batchSize: 100, seed: 4 }))
    expect(batches.reduce((sum, batch) => sum + batch.shape[0], 0)).toBe(whole.length)
  })

  it('names the image that is too small', async () => {
    const small = gridPatches(imagesOf([noise([9, 9], 1), noise([3, 9], 1)]), { size: 4 })
    await expect(collect(small.batches({ batchSize: 5 }))).rejects.toThrow(/picture-1\.png is 3×9/)
    expect(() => gridPatches(imagesOf(list), { size: 4, stride: 9 })).toThrow(/gaps/)
    expect(() => gridPatches(imagesOf([]), { size: 4 })).toThrow(/no images/)
  })
})
