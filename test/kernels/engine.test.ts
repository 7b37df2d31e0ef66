import { describe, expect, it } from 'vitest'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { KernelDictionary } from '../../src/kernels/dictionary.js'
import { Engine, sharedEngine } from '../../src/kernels/engine.js'
import { turn } from '../../src/kernels/turn.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { mixedObservations, normalBatch, rng } from '../inference/problems.js'

describe('an engine', () => {
  it('works with far more threads than there are cores', async () => {
    const atoms = normalBatch(rng(1), 24, 10)
    const observations = mixedObservations(rng(2), atoms, 400)
    const results: Float32Array[] = []
    for (const threads of [1, 9]) {
      const encoder = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.3 }), threads })
      expect(encoder.threads).toBe(threads)
      results.push((await encoder.encode(observations)).codes.values)
      encoder.dispose()
    }
    expect(results[1]).toEqual(results[0])
  })

  it('has at least one thread by default, and no reason to have fewer here', async () => {
    const engine = await Engine.start()
    expect(engine.threads).toBeGreaterThanOrEqual(1)
    expect(engine.limitation).toBeUndefined()
    engine.dispose()
  })

  it('is shared by all who ask for the same threads', async () => {
    expect(await sharedEngine(2)).toBe(await sharedEngine(2))
    expect(await sharedEngine(2)).not.toBe(await sharedEngine(1))
  })

  it('is refused for numbers of threads that are none, and is asked again afterwards', async () => {
    for (const threads of [0, -2, 0.5, 257, Number.NaN]) {
      await expect(sharedEngine(threads)).rejects.toThrow(ConfigurationError)
      await expect(sharedEngine(threads)).rejects.toThrow(/whole number from 1 to 256/)
    }
  })

  it('gives all memory back when dictionaries and batches go, those that did not fit included', async () => {
    const engine = await sharedEngine(2)
    const before = engine.allocator.used
    const atoms = normalBatch(rng(3), 20, 30)
    const encoder = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.1 }), threads: 2 })
    const held = engine.allocator.used
    expect(held).toBeGreaterThan(before)
    await encoder.encode(normalBatch(rng(4), 300, 30))
    await encoder.encode(normalBatch(rng(4), 300, 30), { signal: AbortSignal.abort() }).catch(() => {})
    await encoder
      .encode(normalBatch(rng(4), 300, 30), {
        onProgress: () => {
          throw new Error('a caller that fails')
        },
      })
      .catch(() => {})
    expect(engine.allocator.used).toBe(held)
    encoder.dispose()
    expect(engine.allocator.used).toBe(before)
    expect(() => new KernelDictionary(engine, 200_000, 10, 'exact')).toThrow(
      /200000 atoms of 10 numbers.*use fewer atoms/,
    )
    expect(engine.allocator.used).toBe(before)
  })

  it('starts and stops many times', async () => {
    for (let round = 0; round < 6; round++) {
      const engine = await Engine.start(3)
      const dictionary = new KernelDictionary(engine, 17, 5, 'exact')
      dictionary.load(normalBatch(rng(round), 17, 5).data)
      expect(dictionary.lipschitz()).toBeGreaterThan(0)
      engine.dispose()
    }
  })
})

it('a turn lets what waits go first', async () => {
  const order: string[] = []
  setImmediate(() => order.push('waiting'))
  await turn()
  await turn()
  order.push('on')
  expect(order).toEqual(['waiting', 'on'])
})
