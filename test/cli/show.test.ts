import { describe, expect, it } from 'vitest'
import { fitted } from '../../cli/actions/show.js'
import { mosaic, tensor, terminalPreview } from '../../src/index.js'

const picture = mosaic(
  tensor(
    [64, 8, 8],
    Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i)),
  ),
)
const TABLES = 14

/** Lines of the preview in a terminal of this size. */
function linesIn(terminal: { columns?: number; rows?: number }): { lines: number; widest: number; last: boolean } {
  const { columns, last } = fitted(picture, terminal, TABLES)
  const lines = terminalPreview(picture, { columns, colour: 'none' }).trimEnd().split('\n')
  return { lines: lines.length, widest: Math.max(...lines.map((line) => line.length)), last }
}

describe('the picture in a terminal', () => {
  it.each([
    [24, 80],
    [30, 200],
    [50, 60],
    [22, 10],
  ])('of %i lines and %i columns stands above its tables without scrolling', (rows, columns) => {
    const { lines, widest, last } = linesIn({ rows, columns })
    expect(last).toBe(false)
    expect(lines + TABLES).toBeLessThanOrEqual(rows)
    expect(widest).toBeLessThanOrEqual(columns)
    // As large as fits: one way or the other it fills the room.
    expect(lines + TABLES >= rows - 1 || widest >= columns - 1).toBe(true)
  })

  it.each([
    [12, 80],
    [5, 20],
    [2, 80],
    [1, 1],
  ])('of %i lines and %i columns comes last and is seen whole', (rows, columns) => {
    const { lines, widest, last } = linesIn({ rows, columns })
    expect(last).toBe(true)
    expect(lines).toBeLessThanOrEqual(Math.max(1, rows - 1))
    expect(widest).toBeLessThanOrEqual(columns)
  })

  it('is as wide as 80 characters where there is no terminal', () => {
    expect(fitted(picture, {}, TABLES)).toEqual({ columns: 80, last: false })
    expect(fitted(picture, { columns: 0, rows: 0 }, TABLES)).toEqual({ columns: 80, last: false })
    expect(linesIn({}).lines).toBeGreaterThan(24)
  })
})
