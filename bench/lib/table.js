/**
 * Rows as aligned text: the first two columns left, the others right.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} body
 */
export function table(head, body) {
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((row) => row[column].length)))
  /** @param {readonly string[]} row */
  const line = (row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n')
}

/** Seconds in the unit that reads best; a dash where there are none. @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds >= 1) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  if (seconds >= 1e-3) return `${(seconds * 1e3).toFixed(seconds < 1e-2 ? 2 : 1)} ms`
  return `${(seconds * 1e6).toFixed(seconds < 1e-5 ? 2 : 1)} µs`
}
