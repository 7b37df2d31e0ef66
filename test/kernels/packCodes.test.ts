import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedEngine } from '../../src/kernels/engine.js'
import { problemLayout, writeFields } from '../../src/kernels/structs.js'

/** Packs rows of `capacity` words, of which the first `counts[i]` are used; what is left of them, and where each row starts. */
async function pack(counts: readonly number[], capacity: number) {
  const engine = await sharedEngine(1)
  const rows = counts.length
  const own = [problemLayout.bytes, rows * 4, (rows + 1) * 4, rows * capacity * 4, rows * capacity * 4].map((bytes) =>
    engine.allocator.allocate(bytes, 'test'),
  )
  const [problem, outCounts, outStarts, outIndices, outValues] = own
  writeFields(engine.buffer, problem, problemLayout.offsets, { outCounts, outStarts, outIndices, outValues, capacity })
  engine.i32(outCounts, rows).set(counts)
  engine.i32(outIndices, rows * capacity).set(Array.from({ length: rows * capacity }, (_, at) => at))
  engine.f32(outValues, rows * capacity).set(Array.from({ length: rows * capacity }, (_, at) => -at - 0.5))
  const total = engine.kernels.packCodes(problem, rows)
  const result = {
    total,
    starts: [...engine.i32(outStarts, rows + 1)],
    indices: [...engine.i32(outIndices, total)],
    values: [...engine.f32(outValues, total)],
  }
  for (const at of own) engine.allocator.free(at)
  return result
}

describe('packing codes', () => {
  it('moves every row to the end of the one before, whatever is used of it', async () => {
    const batch = fc
      .integer({ min: 1, max: 40 })
      .chain((capacity) =>
        fc.tuple(fc.array(fc.integer({ min: 0, max: capacity }), { maxLength: 30 }), fc.constant(capacity)),
      )
    await fc.assert(
      fc.asyncProperty(batch, async ([counts, capacity]) => {
        const kept = counts.flatMap((count, i) => Array.from({ length: count }, (_, at) => i * capacity + at))
        const starts = [0]
        for (const count of counts) starts.push(starts[starts.length - 1] + count)
        expect(await pack(counts, capacity)).toEqual({
          total: kept.length,
          starts,
          indices: kept,
          values: kept.map((at) => -at - 0.5),
        })
      }),
    )
  })

  it('leaves rows that are full where they are', async () => {
    expect((await pack([5, 5, 5], 5)).indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
  })
})
