/** The largest gap / energy; 0 where the energy is 0, which leaves nothing to gain. */
export function worstRelativeGap(energy: Float64Array, gap: Float64Array): number {
  return energy.reduce((worst, value, i) => (value > 0 ? Math.max(worst, gap[i] / value) : worst), 0)
}
