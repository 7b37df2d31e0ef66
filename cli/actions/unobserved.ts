import { formatNumber, isObserved, type ObservationMasks } from '../../src/index.js'
import type { MaskedData } from './readMasks.js'

/** How many of so many observations nothing was observed of. */
export function unobservedOf(masks: ObservationMasks | undefined, count: number | undefined): number {
  let unobserved = 0
  for (let index = 0; index < (count ?? 0); index++) if (!isObserved(masks, index)) unobserved++
  return unobserved
}

/** Says on standard error of how many observations nothing was observed, and what becomes of them. */
export function noteUnobserved(
  note: (text: string) => void,
  masks: ObservationMasks | undefined,
  { count, cut }: Pick<MaskedData, 'count' | 'cut'>,
  what: string,
): void {
  const unobserved = unobservedOf(masks, count)
  if (unobserved === 0) return
  note(
    `Nothing was observed of ${formatNumber(unobserved)} of ${formatNumber(count ?? 0)} ${cut ? 'windows' : 'observations'}: ${what}.`,
  )
}
