import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pass } from '../../src/data/observations.js'
import { centre } from '../../src/preprocess/centre.js'
import { contrastNormalize } from '../../src/preprocess/contrastNormalize.js'
import { pipeline } from '../../src/preprocess/pipeline.js'
import type { ObservationStep } from '../../src/preprocess/preprocessor.js'
import { restore } from '../../src/preprocess/restore.js'
import { unitVariance } from '../../src/preprocess/unitVariance.js'
import { zca } from '../../src/preprocess/zca.js'
import { sizeOf } from '../../src/tensor/tensor.js'
import { distance, inMemory, noise } from './samples.js'

/** Every observation step; a new one needs a row here. */
const steps: [string, () => ObservationStep][] = [
  ['centre', () => centre()],
  ['centre per channel', () => centre({ perChannel: true })],
  ['contrastNormalize', () => contrastNormalize()],
  ['zca', () => zca()],
  ['unitVariance', () => unitVariance()],
  ['unitVariance per feature', () => unitVariance({ per: 'feature' })],
  ['pipeline', () => pipeline([centre({ perChannel: true }), contrastNormalize(), zca(), unitVariance()])],
  ['empty pipeline', () => pipeline([])],
]

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })

describe.each(steps)('%s', (_, make) => {
  it('invert ∘ apply is the identity, inputs stay as they are, and results are finite', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        shapes,
        fc.constantFrom(0.1, 1, 100),
        fc.nat(99),
        async (count, shape, scale, seed) => {
          const batch = noise([count, ...shape], seed, scale, scale / 2)
          const kept = batch.data.slice()
          const fitted = await make().fit(inMemory(batch), { batchSize: 4 })
          const { output, context } = fitted.apply(batch)
          expect(distance(fitted.invert(output, context), batch)).toBeLessThan(1e-4 * scale)
          expect(output.data).not.toBe(batch.data)
          expect(batch.data).toEqual(kept)
          for (const removed of Object.values(context)) expect(removed.shape[0]).toBe(count)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is restored to the same bits from its config as JSON and its tensors', async () => {
    const batch = noise([20, 4, 3, 3], 4, 0.2, 0.5)
    const fitted = await make().fit(inMemory(batch))
    const again = restore(JSON.parse(JSON.stringify(fitted.config)), fitted.tensors)
    expect(again.apply(batch)).toEqual(fitted.apply(batch))
    expect(again.invert(batch)).toEqual(fitted.invert(batch))
    expect(again.config).toEqual(fitted.config)
    expect(again.shape).toEqual(fitted.shape)
  })

  it('gives the same rows whatever the batch', async () => {
    const batch = noise([7, 2, 3], 4)
    const fitted = await make().fit(inMemory(batch))
    const whole = fitted.apply(batch).output.data
    for (let row = 0; row < 7; row++) {
      const single = { shape: [1, 2, 3], data: batch.data.slice(row * 6, row * 6 + 6) }
      expect(fitted.apply(single).output.data).toEqual(whole.slice(row * 6, row * 6 + 6))
    }
  })

  it('takes an empty batch, and constant data without a NaN', async () => {
    const flat = { shape: [3, 4], data: new Float32Array(12).fill(0.1) }
    const fitted = await make().fit(inMemory(flat))
    expect(fitted.apply(flat).output.data.every(Number.isFinite)).toBe(true)
    expect(fitted.apply({ shape: [0, 4], data: new Float32Array(0) }).output.shape).toEqual([0, 4])
    expect(fitted.invert({ shape: [0, 4], data: new Float32Array(0) }).data).toHaveLength(0)
  })
})

describe('constant observations', () => {
  it.each([
    ['centre', centre()],
    ['contrastNormalize', contrastNormalize()],
  ])('are exactly 0 after %s', (_, step) => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -1000, max: 1000 }), fc.integer({ min: 1, max: 50 }), (value, width) => {
        const flat = { shape: [1, width], data: new Float32Array(width).fill(value) }
        expect(step.apply(flat).output.data.every((result) => result === 0)).toBe(true)
      }),
    )
  })
})

describe('what steps promise', () => {
  const batch = noise([30, 3, 2, 3], 8, 0.3, 0.5)

  const meansOf = (data: Float32Array, width: number, pick: (i: number) => boolean) =>
    Array.from({ length: data.length / width }, (_, row) => {
      const chosen = Array.from(data.subarray(row * width, (row + 1) * width)).filter((_, i) => pick(i))
      return chosen.reduce((sum, value) => sum + value, 0) / chosen.length
    })

  it('centre leaves means 0, per channel where asked', () => {
    for (const mean of meansOf(centre().apply(batch).output.data, 18, () => true))
      expect(Math.abs(mean)).toBeLessThan(1e-7)
    const perChannel = centre({ perChannel: true }).apply(batch)
    expect(perChannel.context.mean.shape).toEqual([30, 3])
    for (const channel of [0, 1, 2]) {
      for (const mean of meansOf(perChannel.output.data, 18, (i) => i % 3 === channel))
        expect(Math.abs(mean)).toBeLessThan(1e-7)
    }
  })

  it('contrastNormalize leaves deviation 1 above the floor, deviation/floor below', () => {
    const { output } = contrastNormalize().apply(batch)
    const squares = meansOf(
      output.data.map((value) => value * value),
      18,
      () => true,
    )
    for (const square of squares) expect(square).toBeCloseTo(1, 5)
    const faint = contrastNormalize({ floor: 10 }).apply(batch)
    expect(Array.from(faint.context.scale.data)).toEqual(Array(30).fill(10))
  })

  it('without context, invert gives mean 0 and scale 1', () => {
    const { output } = contrastNormalize().apply(batch)
    expect(distance(contrastNormalize().invert(output), output)).toBe(0)
    expect(distance(centre().invert(output), output)).toBe(0)
  })

  it('unitVariance gives variance 1, and leaves dead features finite', async () => {
    const data = noise([500, 4], 1, 3, 7)
    for (let row = 0; row < 500; row++) data.data[row * 4 + 2] = 5
    const all = (await unitVariance().fit(inMemory(data))).apply(data).output
    const each = await unitVariance({ per: 'feature', floor: 0.1 }).fit(inMemory(data))
    const scaled = each.apply(data).output
    const variance = (values: Float32Array, j: number) => {
      const column = Array.from({ length: 500 }, (_, i) => values[i * 4 + j])
      const mean = column.reduce((sum, value) => sum + value, 0) / 500
      return column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 500
    }
    expect([0, 1, 2, 3].reduce((sum, j) => sum + variance(all.data, j), 0) / 4).toBeCloseTo(1, 5)
    for (const j of [0, 1, 3]) expect(variance(scaled.data, j)).toBeCloseTo(1, 5)
    expect(each.tensors.scale.data[2]).toBeCloseTo(0.1 * Math.max(...each.tensors.scale.data), 6)
  })

  it('fits on the first observations where a limit is set', async () => {
    const data = noise([100, 3], 2)
    const head = { shape: [30, 3], data: data.data.slice(0, 90) }
    const limited = await unitVariance().fit(inMemory(data), { batchSize: 8, limit: 30 })
    const read: number[] = []
    const counted = {
      ...inMemory(data),
      async *batches(pass: Pass) {
        for await (const batch of inMemory(data).batches(pass)) {
          read.push(batch.shape[0])
          yield batch
        }
      },
    }
    await unitVariance().fit(counted, { batchSize: 10, limit: 30 })
    expect(read).toEqual([10, 10, 10])
    const direct = await unitVariance().fit(inMemory(head))
    expect(limited.tensors).toEqual(direct.tensors)
  })

  it('refuses shapes, options and empty data in words that help', async () => {
    const nothing = inMemory({ shape: [0, 4], data: new Float32Array(0) })
    await expect(zca().fit(nothing)).rejects.toThrow(/no observations/)
    const fitted = await zca().fit(inMemory(noise([9, 2, 2], 1)))
    expect(() => fitted.apply(noise([3, 5], 1))).toThrow(/2×2 were expected.*3×5/)
    expect(() => fitted.invert(noise([3, 5], 1))).toThrow(/2×2 were expected.*3×5/)
    expect(() => centre().invert(noise([3, 5], 1), { mean: noise([4], 1) })).toThrow(/is 4.*need 3/)
    expect(() => centre().apply({ shape: [], data: new Float32Array(1) })).toThrow(/scalar/)
    expect(() => contrastNormalize({ floor: 0 })).toThrow(/above 0; got 0/)
    for (const floor of [0, 2, Number.NaN]) {
      expect(() => zca({ floor })).toThrow(/fraction/)
      expect(() => unitVariance({ floor })).toThrow(/fraction/)
    }
  })
})

describe('zca', () => {
  it('makes the covariance the identity above the floor and e/e′ below', async () => {
    const m = 8
    const mixed = noise([4000, m], 6)
    for (let row = 0; row < 4000; row++) {
      for (let j = 0; j < m; j++) mixed.data[row * m + j] *= 3 * 0.3 ** j
      for (let j = 1; j < m; j++) mixed.data[row * m + j] += 0.5 * mixed.data[row * m + j - 1] + 2
    }
    const floor = 1e-3
    const fitted = await zca({ floor }).fit(inMemory(mixed), { batchSize: 333 })
    const { output } = fitted.apply(mixed)
    const covariance = (i: number, j: number) => {
      let [sum, left, right] = [0, 0, 0]
      for (let row = 0; row < 4000; row++) {
        const [a, b] = [output.data[row * m + i], output.data[row * m + j]]
        sum += a * b
        left += a
        right += b
      }
      return sum / 4000 - (left * right) / 4000 ** 2
    }
    // In the data's own directions the covariance of the output must be diag(e/e′): trace and squared norm tell.
    const e = Array.from(fitted.tensors.eigenvalues.data)
    const shares = e.map((value) => value / Math.max(value, floor * e[0]))
    expect(shares.filter((share) => share < 1).length).toBeGreaterThan(0)
    let [trace, squares] = [0, 0]
    for (let i = 0; i < m; i++) {
      trace += covariance(i, i)
      for (let j = 0; j < m; j++) squares += covariance(i, j) ** 2
    }
    expect(trace).toBeCloseTo(
      shares.reduce((sum, share) => sum + share, 0),
      3,
    )
    expect(squares).toBeCloseTo(
      shares.reduce((sum, share) => sum + share ** 2, 0),
      3,
    )

    const gentle = await zca({ floor: 1e-9 }).fit(inMemory(mixed))
    output.data.set(gentle.apply(mixed).output.data)
    for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) expect(covariance(i, j)).toBeCloseTo(i === j ? 1 : 0, 2)
  })

  it('is symmetric: it rotates nothing', async () => {
    const fitted = await zca().fit(inMemory(noise([50, sizeOf([3, 3])], 1)))
    const { data } = fitted.tensors.whitening
    for (let i = 0; i < 9; i++) for (let j = 0; j < 9; j++) expect(data[i * 9 + j]).toBe(data[j * 9 + i])
  })
})
