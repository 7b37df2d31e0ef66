import { describe, expect, it } from 'vitest'
import { deadLeaves } from '../../src/data/deadLeaves.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rowsOf } from './support.js'

describe('dead leaves', () => {
  const small = { width: 40, height: 30, count: 3, seed: 2 }

  it('cover the picture in tones from 0 to 1; image i depends on the seed and i alone', async () => {
    const images = deadLeaves(small)
    expect(images).toMatchObject({ count: 3, channels: 1 })
    const image = await images.image(1)
    expect(image.shape).toEqual([30, 40])
    expect(image.data.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(new Set(image.data).size).toBeGreaterThan(50)
    expect(await deadLeaves({ ...small, count: 2 }).image(1)).toEqual(image)
    expect(await images.image(0)).not.toEqual(image)
    expect(await deadLeaves({ ...small, seed: 3 }).image(1)).not.toEqual(image)
    expect((await deadLeaves({ ...small, colour: true }).image(0)).shape).toEqual([30, 40, 3])
    expect((await deadLeaves({ width: 1, height: 1, count: 1 }).image(0)).data.length).toBe(1)
  })

  it('look alike at every scale: halving a picture keeps how its neighbours differ', async () => {
    // E|I(x) − I(x + d)|² of p(r) ∝ r⁻³ depends on d through its ratio to the largest leaf, and slowly: 2 at full size is about 1 at half.
    const images = deadLeaves({ width: 256, height: 256, count: 6, seed: 1, largest: 128 })
    let [near, far] = [0, 0]
    for (let i = 0; i < images.count; i++) {
      const { data } = await images.image(i)
      for (let y = 0; y < 256; y++) {
        for (let x = 0; x < 248; x++) {
          near += (data[y * 256 + x] - data[y * 256 + x + 4]) ** 2
          far += (data[y * 256 + x] - data[y * 256 + x + 8]) ** 2
        }
      }
    }
    // Disks of one size would make differences grow in proportion to the distance (ratio 2); noise would keep them equal (1).
    expect(far / near).toBeGreaterThan(1.1)
    expect(far / near).toBeLessThan(1.7)
  })

  it('have radii that follow r⁻³: where a leaf shows a whole run of pixels, long runs are rarer', async () => {
    const { data } = await deadLeaves({ width: 512, height: 64, count: 1, seed: 5 }).image(0)
    const runs: number[] = []
    for (let y = 0; y < 64; y++) {
      for (let x = 0, length = 1; x < 511; x++, length++) {
        if (data[y * 512 + x] === data[y * 512 + x + 1]) continue
        runs.push(length)
        length = 0
      }
    }
    const longer = (least: number) => runs.filter((run) => run >= least).length
    expect(longer(1)).toBeGreaterThan(longer(4))
    expect(longer(4)).toBeGreaterThan(longer(16))
    expect(longer(16)).toBeGreaterThan(0)
  })

  it('refuse sizes that make no sense', async () => {
    for (const wrong of [
      { width: 0 },
      { height: 1.5 },
      { count: 0 },
      { seed: -1 },
      { smallest: 0 },
      { largest: 0.5 },
      { largest: 1e9 },
      { width: 1e9 },
    ]) {
      expect(() => deadLeaves({ ...small, ...wrong })).toThrow(ConfigurationError)
    }
    await expect(deadLeaves(small).image(3)).rejects.toThrow(/0 to 2/)
  })
})

describe('planted codes', () => {
  const options = { atoms: 12, dimension: 7, active: 3, count: 40, seed: 1 }

  it('are the sum of their atoms: y = Wz', async () => {
    const { observations, dictionary, codes } = plantedCodes(options)
    const z = codes()
    expect(z.shape).toEqual([40, 12])
    for (const [i, row] of (await rowsOf(observations)).entries()) {
      for (let j = 0; j < 7; j++) {
        let sum = 0
        for (let atom = 0; atom < 12; atom++) sum += z.data[i * 12 + atom] * dictionary.data[atom * 7 + j]
        expect(row[j]).toBeCloseTo(sum, 5)
      }
    }
    expect(codes(5, 8).data).toEqual(z.data.subarray(60, 96))
  })

  it('have exactly the stated number of active atoms, of size 0.5 to 1.5 and either sign, all used alike', () => {
    const z = plantedCodes({ ...options, count: 2000 }).codes()
    const uses = new Float64Array(12)
    let positive = 0
    for (let i = 0; i < 2000; i++) {
      const row = z.data.subarray(12 * i, 12 * i + 12)
      expect(row.filter((value) => value !== 0).length).toBe(3)
      for (const [atom, value] of row.entries()) {
        if (value === 0) continue
        uses[atom]++
        if (value > 0) positive++
        expect(Math.abs(value)).toBeGreaterThanOrEqual(0.5)
        expect(Math.abs(value)).toBeLessThanOrEqual(1.5)
      }
    }
    // 500 expected with standard deviation 19; 3000 with 39.
    for (const use of uses) expect(Math.abs(use - 500)).toBeLessThan(100)
    expect(Math.abs(positive - 3000)).toBeLessThan(200)
  })

  it('have unit atoms and noise of the stated size', async () => {
    const { dictionary } = plantedCodes(options)
    for (let atom = 0; atom < 12; atom++) {
      expect(dictionary.data.subarray(7 * atom, 7 * atom + 7).reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(
        1,
        5,
      )
    }
    const clean = (await rowsOf(plantedCodes({ ...options, count: 500 }).observations)).flat()
    const noisy = (await rowsOf(plantedCodes({ ...options, count: 500, noise: 0.2 }).observations)).flat()
    const variance = noisy.reduce((sum, value, i) => sum + (value - clean[i]) ** 2, 0) / noisy.length
    expect(Math.sqrt(variance)).toBeGreaterThan(0.19)
    expect(Math.sqrt(variance)).toBeLessThan(0.21)
  })

  it('of any number cost no memory', async () => {
    const { observations } = plantedCodes({ ...options, count: 2 ** 31 })
    for await (const batch of observations.batches({ batchSize: 10, seed: 1, skip: 1000 })) {
      expect(batch.shape).toEqual([10, 7])
      break
    }
  })

  it('refuse numbers that make no sense', () => {
    for (const wrong of [
      { atoms: 0 },
      { active: 13 },
      { active: 0 },
      { count: 0 },
      { noise: -1 },
      { noise: Number.NaN },
      { seed: 0.5 },
      { atoms: 2 ** 20, dimension: 2 ** 20 },
    ]) {
      expect(() => plantedCodes({ ...options, ...wrong })).toThrow(ConfigurationError)
    }
    expect(() => plantedCodes(options).codes(5, 41)).toThrow(/of 40/)
  })
})
