import { describe, expect, it } from 'vitest'
import { firstAtoms, type Start, starts } from '../../src/learning/firstAtoms.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { normalBatch, rng } from '../inference/problems.js'
import { norm, rowsOf } from '../reference/linearAlgebra.js'

const first = (sample: Float32Array, rows: number, shape: number[], start: Start, nonNegativeAtoms = false) => {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return rowsOf(firstAtoms({ atoms: 9, shape, size, seed: 3, start, nonNegativeAtoms }, sample, rows), 9, size)
}

describe('first atoms', () => {
  for (const start of starts) {
    for (const positive of [false, true]) {
      it(`have norm 1 and differ, even where there are too few observations: ${start}${positive ? ', none below 0' : ''}`, () => {
        for (const shape of [
          [4, 5],
          [3, 4, 3],
        ]) {
          const size = shape.reduce((product, extent) => product * extent, 1)
          const sample = normalBatch(rng(14), 6, size)
          sample.data.fill(0, size, 2 * size)
          const atoms = first(sample.data, 6, shape, start, positive)
          for (const atom of atoms) {
            expect(Math.abs(norm(atom) - 1)).toBeLessThanOrEqual(1e-6)
            if (positive) expect(Math.min(...atom)).toBeGreaterThanOrEqual(0)
          }
          expect(new Set(atoms.map(String)).size).toBe(9)
          expect(first(sample.data, 6, shape, start, positive)).toEqual(atoms)
        }
      })
    }
  }

  it('are observations, each once', () => {
    const sample = normalBatch(rng(2), 40, 6)
    const unit = rowsOf(sample.data, 40, 6).map((row) => row.map((value) => value / norm(row)))
    const chosen = first(sample.data, 40, [6], 'observations').map((atom) =>
      unit.findIndex((row) => norm(row.map((value, p) => value - atom[p])) < 1e-6),
    )
    expect(chosen).not.toContain(-1)
    expect(new Set(chosen).size).toBe(9)
  })

  it('that are parts fall off around one place of the picture', () => {
    const side = 20
    const atoms = first(new Float32Array(30 * side * side).fill(1), 30, [side, side], 'parts')
    for (const atom of atoms) {
      const peak = atom.indexOf(Math.max(...atom))
      const far = atom.filter((_, at) => {
        const distance = Math.hypot(Math.floor(at / side) - Math.floor(peak / side), (at % side) - (peak % side))
        return distance > 0.5 * side
      })
      expect(Math.max(...far)).toBeLessThanOrEqual(1e-4 * atom[peak])
    }
  })

  it('cannot be parts of what is no picture', () => {
    const sample = normalBatch(rng(2), 4, 6)
    expect(() => first(sample.data, 4, [6], 'parts')).toThrow(ConfigurationError)
    expect(() => first(sample.data, 4, [6], 'parts')).toThrow(/neighbourhood/)
  })

  it('are noise where all observations are zero', () => {
    const atoms = first(new Float32Array(60), 10, [6], 'observations')
    for (const atom of atoms) expect(Math.abs(norm(atom) - 1)).toBeLessThanOrEqual(1e-6)
  })
})
