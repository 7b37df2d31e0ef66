/** The word among `choices` that was probably meant: at most a third of its letters differ. */
export function suggest(word: string, choices: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Infinity
  for (const choice of choices) {
    const distance = editDistance(word.toLowerCase(), choice.toLowerCase())
    if (distance < fewest) {
      fewest = distance
      best = choice
    }
  }
  return best !== undefined && fewest <= Math.max(1, best.length / 3) ? best : undefined
}

/** Letters to insert, remove, exchange or swap with their neighbour (Damerau; optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1)
    }
    before = last
    last = row
  }
  return last[b.length]
}
