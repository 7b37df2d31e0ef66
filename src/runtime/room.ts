import { hostMemory } from '#kernels/host'
import { ConfigurationError } from '../tensor/errors.js'

/** Less than this is not worth asking the system about. */
const SMALL = 64 * 2 ** 20
/** The share of what can be had that is given out: a run was measured to take up to 1.25 times its count. */
const SHARE = 0.8

/** A number of bytes as people read it: 3.42 GiB. */
export function formatBytes(bytes: number): string {
  const [size, unit] = bytes < 2 ** 30 ? [bytes / 2 ** 20, 'MiB'] : [bytes / 2 ** 30, 'GiB']
  return size >= 1000 ? `${Math.round(size)} ${unit}` : `${Number(size.toPrecision(3))} ${unit}`
}

/**
 * Throws {@link ConfigurationError} where `bytes` more of memory are more than can be had: `what` would take them, and `advice` says what
 * to do. `room` is what there is, by default of this machine or its container.
 */
export function checkRoom(bytes: number, what: string, advice: string, room: () => number = hostMemory): void {
  if (bytes < SMALL) return
  const there = Math.max(0, SHARE * room())
  if (bytes <= there) return
  throw new ConfigurationError(
    `${what} would take about ${formatBytes(bytes)} of memory, and ${formatBytes(there)} can be had here. ${advice}`,
  )
}
