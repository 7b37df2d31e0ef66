/** A quarter of the values lies below `lower`, half below `median`, a quarter above `upper`. */
export interface Quartiles {
  readonly lower: number
  readonly median: number
  readonly upper: number
}

/** Quartiles with linear interpolation between neighbours; 0 where there are no values. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    if (sorted.length === 0) return 0
    const position = share * (sorted.length - 1)
    const below = sorted[Math.floor(position)]
    const above = sorted[Math.ceil(position)]
    // Equal neighbours may both be infinite, where interpolation would give NaN.
    return below === above ? below : below + (position % 1) * (above - below)
  }
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) }
}
