import { ConfigurationError } from '../tensor/errors.js'
import { rng } from '../tensor/random.js'
import type { Images } from './observations.js'

export interface DeadLeavesOptions {
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Images. */
  readonly count: number
  readonly seed?: number
  /** Leaves of random colours; otherwise of random greys. */
  readonly colour?: boolean
  /** Radius of the smallest leaf in pixels: 1 by default. */
  readonly smallest?: number
  /** Radius of the largest leaf in pixels: by default half of the longer side. */
  readonly largest?: number
}

/**
 * Dead leaves: opaque disks that fall on each other until the picture is covered. Radii follow p(r) ∝ r⁻³ between the
 * smallest and the largest, which makes the pictures look alike at every scale, as natural ones do; places and tones
 * are uniform. Image i depends on the seed and i alone. Throws {@link ConfigurationError} where a number is out of range.
 *
 * Source: Lee, Mumford and Huang, "Occlusion models for natural images", IJCV 41, 2001.
 */
export function deadLeaves(options: DeadLeavesOptions): Images {
  const { width, height, count, seed = 0, colour = false, smallest = 1 } = options
  const longer = Math.max(width, height)
  const largest = options.largest ?? Math.max(smallest, longer / 2)
  for (const [name, value] of Object.entries({ width, height, count })) {
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigurationError(`The ${name} of dead leaves must be a whole number, 1 or more; got ${value}.`)
  }
  if (width * height > 100_000_000)
    throw new ConfigurationError(`Dead leaves of ${width}×${height} pixels are too large; at most 100000000 pixels.`)
  if (!(smallest >= 0.5 && largest >= smallest && largest <= Math.max(1, longer))) {
    throw new ConfigurationError(
      `The radii of dead leaves go from 0.5 to ${Math.max(1, longer)}, the longer side; got ${smallest} to ${largest}.`,
    )
  }
  rng(seed)
  const channels = colour ? 3 : 1

  return {
    name: `dead leaves ${width}×${height}`,
    count,
    channels,
    label: (index) => `dead leaves ${index + 1}`,
    async image(index) {
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new ConfigurationError(`Image ${index} was asked of dead leaves, which has ${count} (0 to ${count - 1}).`)
      }
      const data = new Float32Array(width * height * channels)
      fall(data, channels, index)
      return { shape: colour ? [height, width, 3] : [height, width], data }
    },
  }

  /** Drops leaves from the top one down: a leaf shows only where nothing lies yet. */
  function fall(data: Float32Array, channels: number, index: number): void {
    const random = rng(seed, index)
    const covered = new Uint8Array(width * height)
    let bare = covered.length
    const tone = new Float32Array(channels)
    const [small, large] = [smallest ** -2, largest ** -2]
    while (bare > 0) {
      const radius = (small - random.uniform() * (small - large)) ** -0.5
      const x = random.uniform() * (width + 2 * largest) - largest
      const y = random.uniform() * (height + 2 * largest) - largest
      for (let channel = 0; channel < channels; channel++) tone[channel] = random.uniform()
      const bottom = Math.min(height - 1, Math.floor(y + radius))
      for (let row = Math.max(0, Math.ceil(y - radius)); row <= bottom; row++) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (row - y) ** 2))
        const right = Math.min(width - 1, Math.floor(x + half))
        for (let column = Math.max(0, Math.ceil(x - half)); column <= right; column++) {
          const at = row * width + column
          if (covered[at]) continue
          covered[at] = 1
          bare--
          data.set(tone, at * channels)
        }
      }
    }
  }
}
