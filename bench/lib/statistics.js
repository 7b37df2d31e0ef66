/** @param {readonly number[]} values @returns {number} the median; NaN of nothing */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @typedef {{ seconds: number, min: number, max: number, repeats: number }} Timing the median of repeated runs and their spread */

/** @param {readonly number[]} seconds @returns {Timing} */
export function timing(seconds) {
  return {
    seconds: median(seconds),
    min: Math.min(...seconds),
    max: Math.max(...seconds),
    repeats: seconds.length,
  }
}

/** @param {number} milliseconds */
export function rest(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
