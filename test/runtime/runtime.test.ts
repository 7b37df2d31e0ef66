import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Program, type Runtime, runtime, type Value } from '../../src/runtime/runtime.js'
import { ConfigurationError, DataError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { bytesModel, everyType, lateShape, products, sumAndProduct, unknownOperation } from './smallModels.js'

const floats = (shape: readonly number[], ...numbers: number[]): Value => ({ shape, data: Float32Array.from(numbers) })
const space = (...shape: number[]): Value => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) })

function normal(seed: number, ...shape: number[]): Value {
  const random = rng(seed)
  const value = space(...shape)
  for (let i = 0; i < value.data.length; i++) value.data[i] = random.normal()
  return value
}

async function withProgram<R>(on: Runtime, graph: Uint8Array, work: (program: Program) => Promise<R>): Promise<R> {
  const program = await on.compile(graph)
  try {
    return await work(program)
  } finally {
    program.dispose()
  }
}

describe.each(['node', 'web'] as const)('the runtime on onnxruntime-%s', (backend) => {
  const x = floats([2, 3], 1, 2, 3, 4, 5, 6)
  const y = floats([2, 3], 10, 20, 30, 40, 50, 60)

  it('says what it is', async () => {
    const here = await runtime({ backend })
    expect(here.name).toBe(`onnxruntime-${backend}`)
    expect(here.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(here.device).toBe('cpu')
    expect(here.threads).toBeGreaterThanOrEqual(1)
    expect(here.note).toBeUndefined()
    expect(await runtime({ backend })).toBe(here)
  })

  it('runs a graph, with fresh results for any batch', async () => {
    await withProgram(await runtime({ backend }), sumAndProduct, async (program) => {
      expect(program.inputs).toEqual(['x', 'y'])
      expect(program.outputs).toEqual(['sum', 'product'])
      const first = await program.run({ x, y })
      expect(first.sum).toEqual(floats([2, 3], 11, 22, 33, 44, 55, 66))
      expect(first.product).toEqual(floats([2, 3], 10, 40, 90, 160, 250, 360))
      const second = await program.run({ x: floats([1, 3], 0, 0, 1), y: floats([1, 3], 1, 1, 1) })
      expect(second.sum).toEqual(floats([1, 3], 1, 1, 2))
      expect(first.sum.data[0]).toBe(11)
      const none = await program.run({ x: space(0, 3), y: space(0, 3) })
      expect(none.sum).toEqual(space(0, 3))
      expect(x.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
    })
  })

  it('leaves no copies of large outputs that it has filled to the collector', async () => {
    await withProgram(await runtime({ backend }), sumAndProduct, async (program) => {
      const a = { shape: [2 ** 18, 3], data: new Float32Array(3 * 2 ** 18).fill(2) }
      const [sum, product] = [space(2 ** 18, 3), space(2 ** 18, 3)]
      await program.run({ x: a, y: a }, { sum, product })
      const before = process.memoryUsage().arrayBuffers
      for (let i = 0; i < 4; i++) await program.run({ x: a, y: a }, { sum, product })
      expect(Array.from(sum.data, Number).every((each) => each === 4)).toBe(true)
      if (backend === 'node') expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
    })
  })

  it('fills the outputs that it is given, and only those', async () => {
    await withProgram(await runtime({ backend }), sumAndProduct, async (program) => {
      const sum = space(2, 3)
      const memory = sum.data
      const results = await program.run({ x, y }, { sum })
      expect(results.sum).toBe(sum)
      expect(sum.data).toBe(memory)
      expect(Array.from(sum.data as Float32Array)).toEqual([11, 22, 33, 44, 55, 66])
      expect(Array.from(results.product.data as Float32Array)).toEqual([10, 40, 90, 160, 250, 360])
    })
  })

  it('takes and fills parts of larger arrays, and arrays on shared memory', async () => {
    await withProgram(await runtime({ backend }), sumAndProduct, async (program) => {
      const store = new Float32Array(40)
      const part = (at: number): Value => ({ shape: [2, 3], data: store.subarray(at, at + 6) })
      part(1).data.set(x.data as never)
      part(9).data.set(y.data as never)
      await program.run({ x: part(1), y: part(9) }, { sum: part(17), product: part(25) })
      expect(Array.from(store.subarray(16, 24))).toEqual([0, 11, 22, 33, 44, 55, 66, 0])
      expect(Array.from(store.subarray(24, 32))).toEqual([0, 10, 40, 90, 160, 250, 360, 0])

      const shared = (): Value => ({ shape: [2, 3], data: new Float32Array(new SharedArrayBuffer(24)) })
      const [sharedX, sharedSum] = [shared(), shared()]
      sharedX.data.set(x.data as never)
      await program.run({ x: sharedX, y }, { sum: sharedSum })
      expect(Array.from(sharedSum.data as Float32Array)).toEqual([11, 22, 33, 44, 55, 66])
    })
  })

  it('knows every type', async () => {
    await withProgram(await runtime({ backend }), everyType, async (program) => {
      const feeds = {
        a: { shape: [2], data: Float64Array.of(0.1, -3) },
        b: { shape: [2], data: BigInt64Array.of(2n ** 40n, -7n) },
        c: { shape: [2], data: Uint8Array.of(1, 0) },
        s: floats([], 4),
      }
      const { twiceA, twiceB, notC, minusS } = await program.run(feeds, {
        twiceB: { shape: [2], data: new BigInt64Array(2) },
      })
      expect(twiceA).toEqual({ shape: [2], data: Float64Array.of(0.2, -6) })
      expect(twiceB).toEqual({ shape: [2], data: BigInt64Array.of(2n ** 41n, -14n) })
      expect(notC).toEqual({ shape: [2], data: Uint8Array.of(0, 1) })
      expect(minusS).toEqual(floats([], -4))
    })
  })

  it('gives the same bits every time, in several sessions', async () => {
    const on = await runtime({ backend })
    const feeds = { x: normal(1, 65, 300), w: normal(2, 300, 200), v: normal(3, 200, 50) }
    const bits = async () => {
      return withProgram(on, products, async (program) => {
        const once = await program.run(feeds)
        const again = await program.run(feeds, { y: space(65, 50) })
        expect(again).toEqual(once)
        return once
      })
    }
    expect(await bits()).toEqual(await bits())
  })

  it('agrees with plain arithmetic', async () => {
    await withProgram(await runtime({ backend }), products, async (program) => {
      const feeds = { x: normal(4, 3, 300), w: normal(5, 300, 200), v: normal(6, 200, 50) }
      const { y: given } = await program.run(feeds)
      const number = (name: keyof typeof feeds, i: number) => feeds[name].data[i] as number
      for (const [row, column] of [
        [0, 0],
        [2, 49],
      ]) {
        let sum = 0
        for (let j = 0; j < 200; j++) {
          let h = 0
          for (let i = 0; i < 300; i++) h += number('x', row * 300 + i) * number('w', i * 200 + j)
          sum += Math.tanh(h) * number('v', j * 50 + column)
        }
        expect(given.data[row * 50 + column]).toBeCloseTo(sum, 3)
      }
    })
  })

  it('keeps runs that overlap apart, and ends them before it is disposed of', async () => {
    const program = await (await runtime({ backend })).compile(sumAndProduct)
    const runs = Array.from({ length: 20 }, (_, i) => program.run({ x, y: floats([2, 3], i, i, i, i, i, i) }))
    program.dispose()
    program.dispose()
    for (const [i, { sum }] of (await Promise.all(runs)).entries()) {
      expect(Array.from(sum.data as Float32Array)).toEqual([1, 2, 3, 4, 5, 6].map((one) => one + i))
    }
    await expect(program.run({ x, y })).rejects.toThrow(/disposed/)
  })

  it('says what is wrong with what it is fed', async () => {
    await withProgram(await runtime({ backend }), sumAndProduct, async (program) => {
      const refused = async (feeds: Record<string, Value>, into?: Record<string, Value>) =>
        program.run(feeds, into).then(
          () => expect.fail('it was not refused'),
          (error: Error) => error,
        )
      const missing = await refused({ x })
      expect(missing).toBeInstanceOf(ConfigurationError)
      expect(missing.message).toContain('"y" (n×3) was not fed; this graph takes "x", "y"')
      expect((await refused({ x, y: null as never })).message).toContain('"y" (n×3) was not fed')
      const bare = await refused({ x, y: y.data as never })
      expect(bare).toBeInstanceOf(DataError)
      expect(bare.message).toContain('"y" must be { shape, data } with the shape n×3; got Float32Array')
      const wide = await refused({ x, y: space(2, 4) })
      expect(wide).toBeInstanceOf(ShapeError)
      expect(wide.message).toContain('"y" must have the shape n×3; got 2×4')
      expect((await refused({ x, y: space(6) })).message).toContain('n×3; got 6')
      const uneven = await refused({ x, y: space(3, 3) })
      expect(uneven).toBeInstanceOf(ShapeError)
      expect(uneven.message).toMatch(/"y" has 3 where "n" is 2/)
      const short = await refused({ x, y: { shape: [2, 3], data: new Float32Array(5) } })
      expect(short.message).toContain('2×3, which is 6 numbers, and holds 5')
      const doubles = await refused({ x, y: { shape: [2, 3], data: new Float64Array(6) } })
      expect(doubles).toBeInstanceOf(DataError)
      expect(doubles.message).toContain('"y" takes float32 in a Float32Array; got Float64Array')
      expect((await refused({ x, y }, { sum: space(3, 3) })).message).toMatch(
        /preallocated output "sum" has 3 where "n" is 2/,
      )
      expect((await refused({ x, y }, { other: space(2, 3) })).message).toContain('no output "other"')
      expect((await refused({ x, y }, { sum: x })).message).toContain('"sum" would overwrite the input "x"')
    })
  })

  it('says where a preallocated output turns out to be of another size', async () => {
    await withProgram(await runtime({ backend }), lateShape, async (program) => {
      const feeds = { x: space(4, 3), shape: { shape: [2], data: BigInt64Array.of(2n, 6n) } }
      expect((await program.run(feeds)).y.shape).toEqual([2, 6])
      await expect(program.run(feeds, { y: space(5, 2) })).rejects.toThrow(/output/)
      const wrong = { ...feeds, shape: { shape: [2], data: BigInt64Array.of(5n, 5n) } }
      await expect(program.run(wrong)).rejects.toThrow(/could not be run by onnxruntime/)
    })
  })

  it('refuses bytes that are no graph', async () => {
    const here = await runtime({ backend })
    for (const bytes of [new Uint8Array(0), new Uint8Array(64), new TextEncoder().encode('not a model')]) {
      await expect(here.compile(bytes)).rejects.toThrow(FileFormatError)
    }
    await expect(here.compile(unknownOperation)).rejects.toThrow(/Frobnicate/)
    await expect(here.compile(bytesModel)).rejects.toThrow(/"x" is of type uint8/)
  })

  it('refuses damaged graphs, or runs what they have become', async () => {
    const here = await runtime({ backend })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sumAndProduct.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (at, byte, cut) => {
          const damaged = cut ? sumAndProduct.slice(0, at) : sumAndProduct.with(at, byte)
          const program = await here.compile(damaged).catch((error) => {
            expect(error).toBeInstanceOf(FileFormatError)
          })
          program?.dispose()
        },
      ),
      { numRuns: 150 },
    )
  })

  it('refuses numbers of threads that make no sense', async () => {
    await expect(runtime({ backend, threads: 0 })).rejects.toThrow(/threads must be a whole number/)
    await expect(runtime({ backend, threads: Number.NaN })).rejects.toThrow(ConfigurationError)
    const here = await runtime({ backend })
    await expect(here.compile(sumAndProduct, { threads: 1.5 })).rejects.toThrow(/threads must be/)
  })
})

describe('the choice of a runtime', () => {
  it('is the native one in Node', async () => {
    const here = await runtime()
    expect(here).toMatchObject({ name: 'onnxruntime-node', device: 'cpu' })
  })

  it('refuses devices and packages that it does not know', async () => {
    await expect(runtime({ device: 'abacus' as never })).rejects.toThrow(
      /no device "abacus"; the devices are cpu, cuda/,
    )
    await expect(runtime({ backend: 'deno' as never })).rejects.toThrow(/backend must be "node" or "web"; got "deno"/)
  })

  it('lists what is there where a device is not', async () => {
    const refused = await runtime({ device: 'cuda', backend: 'web' }).catch((error) => error)
    expect(refused).toBeInstanceOf(ConfigurationError)
    expect(refused.message).toMatch(/"cuda" is not available.*Available: cpu\./)
  })

  it.runIf(process.platform === 'linux')('asks the native library for no webgpu where Vulkan is missing', async () => {
    const asked: unknown[] = []
    const create = async (_: unknown, { executionProviders }: { executionProviders: unknown[] }): Promise<never> => {
      asked.push(...executionProviders)
      throw new Error('no such provider')
    }
    vi.resetModules()
    vi.doMock('onnxruntime-node', () => ({ default: { env: { versions: {} }, InferenceSession: { create } } }))
    vi.doMock('node:fs', async (original) => ({
      ...(await original<typeof import('node:fs')>()),
      existsSync: () => false,
      readFileSync: () => Buffer.from('libm.so.6\0'),
    }))
    try {
      const { openBackend } = await import('../../src/runtime/backend.node.js')
      await expect(openBackend({ device: 'webgpu' })).rejects.toThrow(
        /"webgpu" is not available \(libvulkan\.so\.1 is not there\).*Available: cpu\./,
      )
      await expect(openBackend({ device: 'cuda' })).rejects.toThrow(/"cuda" is not available \(no such provider\)/)
      expect(asked).toEqual(['cuda', 'cuda'])
    } finally {
      vi.doUnmock('onnxruntime-node')
      vi.doUnmock('node:fs')
      vi.resetModules()
    }
  })

  it('has one number of threads for onnxruntime-web', async () => {
    const { threads } = await runtime({ backend: 'web' })
    await expect(runtime({ backend: 'web', threads: threads + 1 })).rejects.toThrow(/its first use fixes/)
    await expect(runtime({ backend: 'web', wasmPaths: '/elsewhere/' })).rejects.toThrow(/too late/)
  })

  it('falls back to onnxruntime-web where the native package does not load, and says so', async () => {
    vi.resetModules()
    vi.doMock('onnxruntime-node', () => {
      throw new Error('the binding is missing')
    })
    try {
      const { runtime: afresh } = await import('../../src/runtime/runtime.js')
      const here = await afresh()
      expect(here.name).toBe('onnxruntime-web')
      expect(here.note).toMatch(/onnxruntime-node does not load here \(.+\); graphs run on onnxruntime-web/)
      await withProgram(here, sumAndProduct, async (program) => {
        expect((await program.run({ x: space(1, 3), y: floats([1, 3], 1, 2, 3) })).sum.data[2]).toBe(3)
      })
      await expect(afresh({ backend: 'node' })).rejects.toThrow(/Install it \(npm install onnxruntime-node\)/)
      await expect(afresh({ device: 'cuda' })).rejects.toThrow(/needs onnxruntime-node.*Available: cpu/)
    } finally {
      vi.doUnmock('onnxruntime-node')
      vi.resetModules()
    }
  })
})
