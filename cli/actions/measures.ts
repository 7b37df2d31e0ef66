import { formatNumber } from '../../src/index.js'

/** Seconds after which no more of a sample is coded: codes of images that were not centred can take minutes each. */
export const MEASURING_SECONDS = 30

/** The largest gap / energy; 0 where the energy is 0, which leaves nothing to gain. */
export function worstRelativeGap(energy: Float64Array, gap: Float64Array): number {
  return energy.reduce((worst, value, i) => (value > 0 ? Math.max(worst, gap[i] / value) : worst), 0)
}

/**
 * What people should know of a sample that was coded with what was learned: how many of `count` observations did not converge, or that
 * nothing was learned, because no `unused` part (an atom, a kernel) ever had a coefficient. `spent`: the time for measuring ended first.
 */
export function noteOf(
  unsolved: number,
  count: number,
  unused: 'atom' | 'kernel' | undefined,
  spent = false,
): { note?: string } {
  if (unused !== undefined) {
    return {
      note: `Nothing was learned, for no ${unused} was used: every code is 0. Either λ is above λmax of all data (lower --lambda, or give --lambda-ratio), or the data is 0 everywhere, perhaps after preprocessing.`,
    }
  }
  if (unsolved === 0) return {}
  const why = spent
    ? `in the ${MEASURING_SECONDS} seconds that measuring takes at most; energia encode takes the time that it needs`
    : 'and energia encode says why'
  return {
    note: `${formatNumber(unsolved)} of ${formatNumber(count)} observations of the sample did not converge ${why}.`,
  }
}
