import { DataError } from '../tensor/errors.js'
import type { ObservationMasks } from './convolutionalData.js'

/*
 * An observation of which nothing was observed, as a window that lies in a gap: whatever λ > 0, ½‖0‖² + λR(z) is least at z = 0, with energy 0.
 * So it is coded as 0, and learning, which it tells nothing, leaves it out.
 */

/** Whether masks leave anything of the observation of a number; where there are none, all was observed. */
export function isObserved(masks: ObservationMasks | undefined, index = 0): boolean {
  const mask = typeof masks === 'function' ? masks(index) : masks
  return mask === undefined || mask.data.some((value) => value !== 0)
}

/** Throws {@link DataError} for a mask, of one observation or of all, that leaves nothing anywhere. */
export function checkObserved(masks: ObservationMasks | undefined, name: string): void {
  if (masks === undefined || typeof masks === 'function' || isObserved(masks)) return
  throw nothingObserved(name)
}

export const nothingObserved = (name: string): DataError =>
  new DataError(
    `The mask says that nothing was observed of ${name}; a mask is 1 where a number was observed and 0 where it is missing.`,
  )
