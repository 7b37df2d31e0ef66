/** Transforms two lines of equal length in place. */
export type LinePair = (a: Float64Array, b: Float64Array) => void

/**
 * Transforms all rows of a plane [height, width], then all its columns, in place. Lines go two at a time, because two real
 * lines make one complex one; `transformOf` gives the transform of a length.
 */
export function alongLines(
  plane: Float64Array,
  height: number,
  width: number,
  transformOf: (length: number) => LinePair,
): void {
  const axes = [
    { lines: height, lineStep: width, length: width, step: 1 },
    { lines: width, lineStep: 1, length: height, step: width },
  ]
  for (const { lines, lineStep, length, step } of axes) {
    const transform = transformOf(length)
    const [a, b] = [new Float64Array(length), new Float64Array(length)]
    for (let line = 0; line < lines; line += 2) {
      const first = line * lineStep
      // An odd last line is its own partner.
      const second = Math.min(line + 1, lines - 1) * lineStep
      for (let i = 0; i < length; i++) {
        a[i] = plane[first + i * step]
        b[i] = plane[second + i * step]
      }
      transform(a, b)
      for (let i = 0; i < length; i++) {
        plane[first + i * step] = a[i]
        plane[second + i * step] = b[i]
      }
    }
  }
}

/** Where position `i` of an endless row of mirror images lies in the first: … 1 0 | 0 1 2 | 2 1 … */
export function mirror(i: number, length: number): number {
  const period = 2 * length
  const at = ((i % period) + period) % period
  return at < length ? at : period - 1 - at
}
