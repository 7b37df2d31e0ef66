import type { Codes } from '../inference/codes.js'
import { ConfigurationError } from '../tensor/errors.js'

/** How many coefficients codes use. Zeros that are stored do not count as active. */
export interface Sparsity {
  /** Active coefficients a code, mean; 0 where there are no codes. */
  readonly meanActive: number
  /** The same as a share of the atoms, in [0, 1]. */
  readonly shareActive: number
  readonly fewestActive: number
  readonly mostActive: number
  /** Codes with no active coefficient. */
  readonly empty: number
}

/** Counts of active coefficients over codes [n, k]. */
export function sparsity(codes: Codes): Sparsity {
  const [count, atoms] = codes.shape
  let [total, most, empty] = [0, 0, 0]
  let fewest = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i++) {
    let active = 0
    for (let at = codes.indptr[i]; at < codes.indptr[i + 1]; at++) if (codes.values[at] !== 0) active++
    total += active
    most = Math.max(most, active)
    fewest = Math.min(fewest, active)
    if (active === 0) empty++
  }
  const meanActive = count === 0 ? 0 : total / count
  return {
    meanActive,
    shareActive: atoms === 0 ? 0 : meanActive / atoms,
    fewestActive: count === 0 ? 0 : fewest,
    mostActive: most,
    empty,
  }
}

/** Bin i holds the values from `edges[i]` up to `edges[i + 1]`; the last bin holds its upper edge too. */
export interface Histogram {
  readonly edges: Float64Array
  readonly counts: Uint32Array
}

/**
 * A histogram of the active values of codes, in `bins` (40 by default) equal bins over their range, or over `range`; values outside
 * `range` are left out. Without values, the range is [0, 1] and all counts are 0.
 * Throws {@link ConfigurationError} unless `bins` is a whole number from 1 to a million and the range is finite and increasing.
 */
export function valueHistogram(
  codes: Codes,
  options: { readonly bins?: number; readonly range?: readonly [number, number] } = {},
): Histogram {
  const { bins = 40 } = options
  if (!Number.isInteger(bins) || bins < 1 || bins > 1e6) {
    throw new ConfigurationError(`A histogram needs a whole number of bins from 1 to a million; got ${bins}.`)
  }
  const [low, high] = options.range ?? activeRange(codes.values)
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new ConfigurationError(`A histogram needs a finite range from low to high; got [${low}, ${high}].`)
  }
  const counts = new Uint32Array(bins)
  for (const value of codes.values) {
    if (value === 0 || !(value >= low && value <= high)) continue
    counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++
  }
  return { edges: Float64Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins), counts }
}

function activeRange(values: Float32Array): [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value === 0) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return [0, 1]
  // One value only: a bin around it.
  return low === high ? [low - Math.abs(low) / 2, high + Math.abs(high) / 2] : [low, high]
}
