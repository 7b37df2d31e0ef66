import { describe, expect, it } from 'vitest'
import type { Images } from '../../src/data/observations.js'
import { convolutionalSparseCoding } from '../../src/models/convolutionalSparseCoding.js'
import { type FeatureModel, type FeatureOptions, featureLength, features } from '../../src/models/features.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { highPass } from '../../src/preprocess/highPass.js'
import { cutGrid, patchGrid } from '../../src/preprocess/patchGrid.js'
import { rng } from '../../src/tensor/random.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'

const random = rng(5)
const picture = (height: number, width: number): Tensor => ({
  shape: [height, width],
  data: Float32Array.from({ length: height * width }, () => random.normal()),
})
const list = [picture(12, 10), picture(9, 14)]
const images: Images = {
  name: 'pictures',
  count: 2,
  channels: 1,
  label: (index) => `picture-${index}.png`,
  image: async (index) => list[index],
}

async function all(model: FeatureModel, data: Parameters<typeof features>[1], options: FeatureOptions) {
  const found: { name: string; values: number[] }[] = []
  for await (const { name, values } of features(model, data, options)) {
    expect(values.length).toBe(featureLength(model, options))
    found.push({ name, values: [...values] })
  }
  return found
}

describe('features of a dictionary of patches', () => {
  const transform = highPass({ kind: 'gaussian', sigma: 3 })
  const learned = sparseCoding({ atoms: 5, lambda: 0.2, patch: 4, patchesPerEpoch: 60, transform: [transform] }).fit(
    images,
    { epochs: 1 },
  )

  it('are the largest coefficients of the patches whose middles lie in a cell', async () => {
    const model = await learned
    const found = await all(model, images, { cells: 2, stride: 3 })
    expect(found.map(({ name }) => name)).toEqual(['picture-0.png', 'picture-1.png'])
    for (const [i, image] of list.entries()) {
      const grid = patchGrid(image.shape, { size: 4, stride: 3 })
      const { codes } = await model.encode(cutGrid(transform.apply(image).output, grid))
      const expected = new Array(20).fill(0)
      for (let patch = 0; patch < grid.count; patch++) {
        const row = grid.rows[Math.floor(patch / grid.columns.length)] + 2
        const column = grid.columns[patch % grid.columns.length] + 2
        const cell = 2 * Math.floor((2 * row) / image.shape[0]) + Math.floor((2 * column) / image.shape[1])
        for (let at = codes.indptr[patch]; at < codes.indptr[patch + 1]; at++) {
          const place = cell * 5 + codes.indices[at]
          expected[place] = Math.max(expected[place], Math.abs(codes.values[at]))
        }
      }
      expect(found[i].values).toEqual(expected)
    }
  })

  it('are made of observations of one size too, and of nothing smaller than a patch', async () => {
    const model = await learned
    const stack = { shape: [2, 8, 8], data: Float32Array.from({ length: 128 }, () => random.normal()) }
    const found = await all(model, stack, { cells: 1 })
    expect(found.map(({ name }) => name)).toEqual(['0', '1'])
    const alone = await all(model, rows(stack, 1, 2), { cells: 1 })
    expect(alone[0].values).toEqual(found[1].values)
    const small = { shape: [1, 3, 8], data: new Float32Array(24) }
    await expect(all(model, small, { cells: 1 })).rejects.toThrow(
      /Image 0 is 3×8, smaller than the model's patches of 4×4/,
    )
  })

  it('stop where the signal says so', async () => {
    const abort = new AbortController()
    const model = await learned
    const walked = async () => {
      for await (const _ of features(model, images, { signal: abort.signal })) abort.abort()
    }
    await expect(walked()).rejects.toMatchObject({ name: 'CancelledError' })
  })
})

describe('features of kernels', () => {
  it('are as many for images of any sizes, and for signals', async () => {
    const model = await convolutionalSparseCoding({ kernels: 3, size: 3, lambda: 0.5, transform: [highPass()] }).fit(
      images,
      { epochs: 1 },
    )
    const found = await all(model, images, { cells: [1, 3], pool: 'mean', signs: 'split' })
    expect(found.map(({ values }) => values.length)).toEqual([60, 60])
    // The mean of a map is that of its cells of equal size.
    const nine = found[0].values.slice(6)
    for (let i = 0; i < 6; i++) {
      const cells = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((cell) => nine[6 * cell + i])
      const weights = [4, 3, 3].flatMap((w) => [w]) // columns of 10 in three cells
      const mean = cells.reduce((sum, value, cell) => sum + (value * 4 * weights[cell % 3]) / 120, 0)
      expect(mean).toBeCloseTo(found[0].values[i], 5)
    }
    await expect(all(model, images, { stride: 2 })).rejects.toThrow(/stride goes with models of patches/)
    model.dispose()

    const waves = { shape: [2, 30], data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i / 2)) }
    const heard = await convolutionalSparseCoding({ kernels: 2, size: [5], lambda: 0.1 }).fit(waves, { epochs: 1 })
    expect((await all(heard, waves, { cells: 4 })).map(({ values }) => values.length)).toEqual([8, 8])
    heard.dispose()
  })

  it('are refused of a dictionary of whole observations', async () => {
    const whole = await sparseCoding({ atoms: 2, lambda: 1 }).fit({ shape: [9, 4], data: new Float32Array(36).fill(1) })
    expect(() => featureLength(whole)).toThrow(/whole observations/)
  })
})
