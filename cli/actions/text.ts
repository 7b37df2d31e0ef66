import { oneLine } from '../../src/index.js'
import type { Row } from '../models/model.js'

/** Rows of label, number and an optional remark, in columns. */
export function numberTable(given: readonly Row[]): string {
  const rows = given.map((row) => row.map((cell) => cell && oneLine(cell)) as unknown as Row)
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => [...row[column]].length))
  const [labels, values] = [width(0), width(1)]
  const lines = rows.map(([label, value, remark]) => {
    const padded = ' '.repeat(values - [...value].length) + value
    return `${label}${' '.repeat(labels - [...label].length)}  ${padded}${remark === undefined ? '' : `  ${remark}`}`
  })
  return `${lines.join('\n')}\n`
}

/** Rows of label and text, in columns. */
export function textTable(given: readonly (readonly [label: string, text: string])[]): string {
  const rows = given.map((row) => row.map(oneLine) as [string, string])
  const width = Math.max(...rows.map(([label]) => [...label].length))
  return `${rows.map(([label, text]) => `${label}${' '.repeat(width - [...label].length)}  ${text}`).join('\n')}\n`
}

/** Seconds as people say them: "8 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Counts by kind as words: "980 converged, 20 maxSteps". */
export function tally(kinds: ReadonlyMap<string, number>): string {
  return [...kinds].map(([kind, times]) => `${times} ${kind}`).join(', ')
}
