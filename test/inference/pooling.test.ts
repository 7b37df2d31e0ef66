import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromDense } from '../../src/inference/codes.js'
import { checkedPooling, type Pooling, pooledLength, poolMaps, poolPatches } from '../../src/inference/pooling.js'
import { rng } from '../../src/tensor/random.js'

function sparseMaps(shape: readonly number[], seed: number): Float32Array {
  const random = rng(seed)
  const size = shape.reduce((product, extent) => product * extent, 1)
  return Float32Array.from({ length: size }, () => (random.uniform() < 0.3 ? random.normal() : 0))
}

/** The definition: for each level, cell, sign and kernel, all positions of the cell one after another. */
function slowly(
  maps: Float32Array,
  [kernels, height, width]: readonly number[],
  pooling: Pooling,
  signal = false,
): number[] {
  const { pool, cells, signs } = pooling
  const out: number[] = []
  for (const level of cells) {
    for (let a = 0; a < (signal ? 1 : level); a++) {
      for (let b = 0; b < level; b++) {
        for (const sign of signs === 'split' ? [1, -1] : [0]) {
          for (let i = 0; i < kernels; i++) {
            const inside: number[] = []
            for (let y = 0; y < height; y++) {
              for (let x = 0; x < width; x++) {
                if (!signal && Math.floor((y * level) / height) !== a) continue
                if (Math.floor((x * level) / width) !== b) continue
                const value = maps[(i * height + y) * width + x]
                inside.push(sign === 0 ? Math.abs(value) : Math.max(0, sign * value))
              }
            }
            const sum = inside.reduce((total, value) => total + value, 0)
            out.push(pool === 'max' ? Math.max(...inside) : pool === 'sum' ? sum : sum / inside.length)
          }
        }
      }
    }
  }
  return out
}

const close = (found: ArrayLike<number>, expected: readonly number[]) => {
  expect(found.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-5)
}

describe('pooling', () => {
  it('agrees with its definition for maps of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 3, max: 11 }),
        fc.integer({ min: 3, max: 11 }),
        fc.constantFrom('sum' as const, 'mean' as const, 'max' as const),
        fc.constantFrom('absolute' as const, 'split' as const),
        fc.constantFrom(1, 3, [1, 2], [2, 3, 1]),
        (kernels, height, width, pool, signs, cells) => {
          const shape = [kernels, height, width]
          const maps = sparseMaps(shape, height * 100 + width)
          const pooling = checkedPooling({ pool, signs, cells })
          const found = poolMaps(fromDense({ shape: [1, maps.length], data: maps }), shape, pooling)
          expect(found.length).toBe(pooledLength(pooling, kernels, 2))
          close(found, slowly(maps, shape, pooling))
        },
      ),
    )
  })

  it('pools signals along their one axis', () => {
    const maps = sparseMaps([3, 17], 2)
    const pooling = checkedPooling({ pool: 'sum', cells: [1, 4] })
    const found = poolMaps(fromDense({ shape: [1, 51], data: maps }), [3, 17], pooling)
    expect(found.length).toBe(pooledLength(pooling, 3, 1))
    close(found, slowly(maps, [3, 1, 17], pooling, true))
  })

  it('takes patches by where their middles lie', () => {
    const codes = fromDense({ shape: [6, 2], data: Float32Array.of(1, 0, 0, -2, 3, 0, 0, 0, 5, 0, 0, 7) })
    const grid = { rows: [0.2, 0.7], columns: [0.1, 0.4, 0.9] }
    close(poolPatches(codes, grid, checkedPooling({ pool: 'sum', cells: 2 })), [1, 2, 3, 0, 5, 0, 0, 7])
    close(poolPatches(codes, grid, checkedPooling({ pool: 'mean', cells: 1 })), [1.5, 1.5])
    close(poolPatches(codes, grid, checkedPooling({ pool: 'max', cells: 1, signs: 'split' })), [5, 7, 0, 2])
    expect(() => poolPatches(codes, { rows: [0.5], columns: [0.5] }, checkedPooling({}))).toThrow(/6 codes.*1×1/)
  })

  it('refuses options and shapes that cannot be', () => {
    expect(() => checkedPooling({ cells: 0 })).toThrow(/cells/)
    expect(() => checkedPooling({ cells: [] })).toThrow(/cells/)
    expect(() => checkedPooling({ pool: 'median' as 'max' })).toThrow(/sum, mean, max/)
    const code = fromDense({ shape: [1, 8], data: new Float32Array(8) })
    expect(() => poolMaps(code, [2, 2, 2], checkedPooling({ cells: 3 }))).toThrow(/2×2 positions.*3×3 cells/)
    expect(() => poolMaps(code, [2, 2, 3], checkedPooling({ cells: 1 }))).toThrow(/2×2×3/)
  })
})
