import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localContrast } from '../../src/preprocess/localContrast.js'
import { olshausen } from '../../src/preprocess/olshausen.js'
import { patches } from '../../src/preprocess/patches.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { collect, imagesOf, noise } from './samples.js'

/** Each pixel says where it is: image, row and column. */
function addressed(index: number, height: number, width: number): Tensor {
  const data = Float32Array.from(
    { length: height * width },
    (_, at) => index * 10_000 + Math.floor(at / width) * 100 + (at % width),
  )
  return { shape: [height, width], data }
}

const joined = (batches: Tensor[]) => Float32Array.from(batches.flatMap((batch) => [...batch.data]))

describe('patches', () => {
  const pictures = imagesOf([addressed(0, 12, 20), addressed(1, 15, 9), addressed(2, 9, 9)])
  const source = patches(pictures, { size: [4, 3], count: 1000, seed: 7 })

  it('are pieces of the images, mixed in every batch', async () => {
    const batches = await collect(source.batches({ batchSize: 300, seed: 1 }))
    expect(batches.map((batch) => batch.shape)).toEqual([300, 300, 300, 100].map((n) => [n, 4, 3]))
    for (const { data, shape } of batches) {
      const from = new Set<number>()
      for (let i = 0; i < shape[0]; i++) {
        const corner = data[i * 12]
        from.add(Math.floor(corner / 10_000))
        for (let at = 0; at < 12; at++) expect(data[i * 12 + at]).toBe(corner + Math.floor(at / 3) * 100 + (at % 3))
      }
      expect(from.size).toBe(3)
    }
  })

  it('are the same for the same seed and epoch, others otherwise, and skip continues exactly', async () => {
    const whole = joined(await collect(source.batches({ batchSize: 100, seed: 1 })))
    const fresh = patches(pictures, { size: [4, 3], count: 1000, seed: 7, cacheBytes: 0 })
    expect(joined(await collect(fresh.batches({ batchSize: 250, seed: 1 })))).toEqual(whole)
    const rest = await collect(source.batches({ batchSize: 100, seed: 1, skip: 7 }))
    expect(joined(rest)).toEqual(whole.slice(700 * 12))
    for (const pass of [{ epoch: 1, seed: 1 }, { seed: 2 }]) {
      expect(joined(await collect(source.batches({ batchSize: 100, ...pass })))).not.toEqual(whole)
    }
    expect(await collect(source.batches({ batchSize: 100, skip: 10 }))).toEqual([])
  })

  it('continue exactly over the end of a chapter', async () => {
    const long = patches(pictures, { size: 2, count: 9000 })
    const whole = joined(await collect(long.batches({ batchSize: 500 })))
    const rest = joined(await collect(long.batches({ batchSize: 500, skip: 9 })))
    expect(rest).toEqual(whole.slice(9 * 500 * 4))
    expect(whole.slice(0, 4096 * 4)).not.toEqual(whole.slice(4096 * 4, 2 * 4096 * 4))
  })

  it('are uniform over images and positions (chi-square)', async () => {
    const uniform = patches(imagesOf([addressed(0, 6, 5), addressed(1, 6, 5)]), {
      size: [3, 3],
      count: 24_000,
      seed: 3,
    })
    const counts = new Map<number, number>()
    for (const { data, shape } of await collect(uniform.batches({ batchSize: 4000 }))) {
      for (let i = 0; i < shape[0]; i++) counts.set(data[i * 9], (counts.get(data[i * 9]) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(50) // 23 degrees of freedom: exceeded once in a thousand seeds
  })

  it('open each image once while the cache holds it, and few times where it holds nothing', async () => {
    const list = Array.from({ length: 5 }, (_, i) => addressed(i, 10, 10))
    const cached = imagesOf(list)
    await collect(patches(cached, { size: 3, count: 10_000 }).batches({ batchSize: 1000 }))
    expect(cached.opened).toEqual([1, 1, 1, 1, 1])
    const uncached = imagesOf(list)
    await collect(patches(uncached, { size: 3, count: 10_000, cacheBytes: 0 }).batches({ batchSize: 1000 }))
    expect(uncached.opened).toEqual([3, 3, 3, 3, 3])
  })

  it('take turns over a large collection, a few images at a time', async () => {
    const many = imagesOf(Array.from({ length: 200 }, (_, i) => addressed(i, 4, 4)))
    const first = patches(many, { size: 2, count: 20_000, cacheBytes: 0 }).batches({ batchSize: 100 })
    for await (const batch of first) {
      expect(batch.shape[0]).toBe(100)
      break
    }
    expect(many.opened.filter((n) => n > 0)).toHaveLength(64)
    await collect(patches(many, { size: 2, count: 20_000, cacheBytes: 0 }).batches({ batchSize: 100 }))
    expect(many.opened.every((n) => n > 0)).toBe(true)
  })

  it('are cut after the transform of the whole image', async () => {
    const picture = noise([16, 16], 4, 0.2, 0.5)
    const steps = [olshausen(), localContrast()]
    const whole = patches(imagesOf([picture]), { size: 16, count: 1, transform: steps })
    const expected = steps[1].apply(steps[0].apply(picture).output).output
    expect((await collect(whole.batches({ batchSize: 1 })))[0].data).toEqual(expected.data)
  })

  it('come in colour', async () => {
    const source = patches(imagesOf([noise([8, 8, 3], 1)], 3), { size: 4, count: 10 })
    expect(source.shape).toEqual([4, 4, 3])
    expect((await collect(source.batches({ batchSize: 10 })))[0].shape).toEqual([10, 4, 4, 3])
  })

  it('reach the minimum deviation, leaving flat images alone', async () => {
    const half = noise([20, 20], 2)
    for (let i = 0; i < 200; i++) half.data[i] = 0
    const flat = { shape: [20, 20], data: new Float32Array(400) }
    const options = { size: 4, count: 500, minimumDeviation: 0.3 }
    const batches = await collect(patches(imagesOf([flat, half]), options).batches({ batchSize: 500 }))
    for (let i = 0; i < 500; i++) {
      const patch = batches[0].data.subarray(i * 16, (i + 1) * 16)
      const mean = patch.reduce((sum, value) => sum + value, 0) / 16
      expect(patch.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 16).toBeGreaterThanOrEqual(0.09)
    }
    await expect(collect(patches(imagesOf([flat]), options).batches({ batchSize: 5 }))).rejects.toThrow(
      /minimum deviation/,
    )
  })

  it('hold for any sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        async (height, width, count, batchSize) => {
          const options = { size: [height, width] as const, count }
          const batches = await collect(patches(imagesOf([addressed(0, 6, 6)]), options).batches({ batchSize }))
          expect(batches.reduce((sum, batch) => sum + batch.shape[0], 0)).toBe(count)
          expect(batches.every((batch) => batch.data.every(Number.isFinite))).toBe(true)
        },
      ),
    )
  })

  it('fail with the name and sizes of what is wrong', async () => {
    const read = (list: Tensor[], size: number) =>
      collect(patches(imagesOf(list), { size, count: 9 }).batches({ batchSize: 9 }))
    await expect(read([addressed(0, 8, 5)], 6)).rejects.toThrow(/picture-0\.png is 8×5.*6×6/)
    const broken = addressed(0, 8, 8)
    broken.data[5] = Number.NaN
    await expect(read([broken], 4)).rejects.toThrow(/picture-0\.png holds NaN/)
    await expect(read([noise([8, 8, 3], 1)], 4)).rejects.toThrow(/8×8×3.*1 channel/)
    expect(() => patches(imagesOf([]), { size: 4 })).toThrow(/no images/)
    for (const size of [0, 1.5, -3, Number.NaN]) expect(() => patches(pictures, { size })).toThrow(/whole sizes/)
    expect(() => patches(pictures, { size: 4, count: 0 })).toThrow(/number of patches/)
    expect(() => patches(pictures, { size: 4, seed: -1 })).toThrow(/seed/)
    expect(() => patches(pictures, { size: 4, minimumDeviation: Number.NaN })).toThrow(/minimum deviation/)
    await expect(collect(source.batches({ batchSize: 0 }))).rejects.toThrow(/batch/)
    const stopped = source.batches({ batchSize: 10, signal: AbortSignal.abort() })
    await expect(collect(stopped)).rejects.toThrow(/cancelled/)
  })
})
