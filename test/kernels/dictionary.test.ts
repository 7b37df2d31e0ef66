import { describe, expect, it } from 'vitest'
import { KernelDictionary } from '../../src/kernels/dictionary.js'
import { type Engine, sharedEngine } from '../../src/kernels/engine.js'
import { Job } from '../../src/kernels/jobs.js'
import { problemLayout } from '../../src/kernels/structs.js'
import { rng } from '../../src/tensor/random.js'
import { normalBatch } from '../inference/problems.js'
import { dot, norm, rowsOf } from '../reference/linearAlgebra.js'

type Field = keyof typeof problemLayout.offsets

/** A field of the dictionary's problem, as the kernels see it. */
function field(dictionary: KernelDictionary, name: Field): number {
  const view = new DataView(dictionary.engine.buffer)
  const { offset, type } = problemLayout.offsets[name]
  const at = dictionary.problem + offset
  return type === 'f64' ? view.getFloat64(at, true) : view.getUint32(at, true)
}

const lengths = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1023]
const counts = [1, 2, 5, 6, 7, 15, 16, 17, 33]

async function withDictionary(
  [k, m]: readonly [number, number],
  precision: 'exact' | 'single',
  threads: number,
  use: (dictionary: KernelDictionary, engine: Engine, atoms: number[][]) => void,
): Promise<void> {
  const engine = await sharedEngine(threads)
  const before = engine.allocator.used
  const atoms = normalBatch(rng(k, m), k, m)
  const dictionary = new KernelDictionary(engine, k, m, precision)
  dictionary.load(atoms.data)
  use(dictionary, engine, rowsOf(atoms.data, k, m))
  dictionary.dispose()
  dictionary.dispose()
  expect(engine.allocator.used).toBe(before)
}

const shapes = lengths.flatMap((m) => counts.filter((k) => m < 1000 || k === 17 || k === 1).map((k) => [k, m] as const))

describe('the Gram matrix', () => {
  it('is exact to double precision in its two parts, for lengths around every width', async () => {
    for (const shape of shapes) {
      await withDictionary(shape, 'exact', 2, (dictionary, engine, atoms) => {
        const stride = dictionary.paddedCount
        const high = engine.f32(field(dictionary, 'gramHigh'), shape[0] * stride)
        const low = engine.f32(field(dictionary, 'gramLow'), shape[0] * stride)
        for (const [i, a] of atoms.entries()) {
          for (const [j, b] of atoms.entries()) {
            const error = Math.abs(high[i * stride + j] + low[i * stride + j] - dot(a, b))
            expect(error, `${shape}`).toBeLessThanOrEqual(1e-13 * norm(a) * norm(b))
          }
          for (let j = atoms.length; j < stride; j++) expect(high[i * stride + j] + low[i * stride + j]).toBe(0)
        }
        expect(Math.abs(field(dictionary, 'atomNorm') - Math.max(...atoms.map(norm)))).toBeLessThanOrEqual(
          1e-6 * shape[1],
        )
      })
    }
  })

  it('is good to single precision where it need not be better', async () => {
    for (const shape of shapes) {
      await withDictionary(shape, 'single', 2, (dictionary, engine, atoms) => {
        const stride = dictionary.paddedCount
        const high = engine.f32(field(dictionary, 'gramHigh'), shape[0] * stride)
        for (const [i, a] of atoms.entries()) {
          for (const [j, b] of atoms.entries()) {
            const error = Math.abs(high[i * stride + j] - dot(a, b))
            expect(error, `${shape}`).toBeLessThanOrEqual(6e-8 * (shape[1] + 2) * norm(a) * norm(b))
          }
        }
      })
    }
  })
})

it('panels and transpose hold the atoms, and zeros around them', async () => {
  for (const shape of shapes) {
    await withDictionary(shape, 'exact', 2, (dictionary, engine, atoms) => {
      const { paddedCount: kp, paddedSize: m } = dictionary
      const panels = engine.f32(field(dictionary, 'panels'), kp * m)
      const transposed = engine.f32(field(dictionary, 'transposed'), kp * m)
      let wrong = 0
      for (let j = 0; j < kp; j++) {
        for (let p = 0; p < m; p++) {
          const value = atoms[j]?.[p] ?? 0
          if (panels[Math.floor(j / 8) * m * 8 + p * 8 + (j % 8)] !== value) wrong++
          if (transposed[p * kp + j] !== value) wrong++
        }
      }
      expect(wrong, `${shape}`).toBe(0)
      expect([...dictionary.read()]).toEqual(atoms.flat())
    })
  }
})

it('is the same bits for any number of threads', async () => {
  const images: Float32Array[] = []
  for (const threads of [1, 2, 3, 4]) {
    await withDictionary([49, 37], 'exact', threads, (dictionary, engine) => {
      const length = 49 * dictionary.paddedCount
      const both = new Float32Array(2 * length)
      both.set(engine.f32(field(dictionary, 'gramHigh'), length))
      both.set(engine.f32(field(dictionary, 'gramLow'), length), length)
      images.push(both)
    })
  }
  for (const image of images) expect(image).toEqual(images[0])
})

describe('the parallel loop', () => {
  for (const threads of [1, 2, 3, 4]) {
    it(`does every piece of thousands of tiny jobs on ${threads} threads`, async () => {
      await withDictionary([40, 9], 'exact', threads, (dictionary, engine) => {
        const stride = dictionary.paddedCount
        const high = engine.f32(field(dictionary, 'gramHigh'), 40 * stride)
        const expected = high.slice()
        let wrong = 0
        for (let round = 0; round < 2500; round++) {
          // The sizes of jobs and chunks change, so that a piece of an old job would show.
          const items = 1 + (round % 40)
          high.fill(-1, 0, items * stride)
          engine.parallelFor(Job.gram, items, 1 + (round % 5), dictionary.problem)
          for (let i = 0; i < items; i++)
            for (let j = 0; j <= i; j++) if (high[i * stride + j] !== expected[i * stride + j]) wrong++
          if (round % 500 === 0) {
            engine.parallelFor(Job.gram, 0, 4, dictionary.problem)
            high.fill(0)
            engine.parallelFor(Job.gram, 40, 6, dictionary.problem)
          }
        }
        expect(wrong).toBe(0)
      })
    })
  }
})
