import { ConfigurationError } from './errors.js'

/** Seeded random numbers: the same seed gives the same stream on every machine and engine. */
export interface Rng {
  /** Uniform on [0, 1), 32 random bits. */
  uniform(): number
  /** Normal, mean 0 and variance 1. */
  normal(): number
  /** A whole number, uniform on [0, n). */
  integer(n: number): number
  /** Shuffles in place (Fisher and Yates). */
  shuffle<A extends { length: number; [i: number]: number }>(items: A): A
  /** The whole state, so that a stream can be continued exactly. */
  state(): RngState
}

/** Four words of xoshiro128**, and the spare normal of the polar method (or null). */
export interface RngState {
  readonly words: readonly [number, number, number, number]
  readonly spare: number | null
}

/** SplitMix32: spreads a seed over the words of a state. */
function splitMix(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let word = state
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
}

/**
 * A generator (xoshiro128**, Blackman and Vigna 2018). `stream` numbers independent streams of one seed, for example
 * one an epoch or a shard. Throws {@link ConfigurationError} unless both are whole numbers in [0, 2³²).
 */
export function rng(seed: number, ...stream: number[]): Rng {
  for (const number of [seed, ...stream]) {
    if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) {
      throw new ConfigurationError(`A seed must be a whole number from 0 to 4294967295; got ${number}.`)
    }
  }
  let next = splitMix(seed)
  for (const number of stream) next = splitMix((next() ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0)
  return rngFromState({ words: [next(), next(), next(), next()], spare: null })
}

/** Continues a stream from a saved state. */
export function rngFromState(saved: RngState): Rng {
  const words = Uint32Array.from(saved.words)
  if (words.every((word) => word === 0)) words[0] = 1
  let spare = saved.spare

  const word = (): number => {
    const scrambled = Math.imul(words[1], 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = words[1] << 9
    words[2] ^= words[0]
    words[3] ^= words[1]
    words[1] ^= words[2]
    words[0] ^= words[3]
    words[2] ^= shifted
    words[3] = (words[3] << 11) | (words[3] >>> 21)
    return result
  }
  const uniform = (): number => word() / 0x100000000
  const integer = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
      throw new ConfigurationError(`A random whole number below ${n} was asked for; the bound must be 1 to 2³².`)
    }
    const limit = Math.floor(0x100000000 / n) * n
    for (;;) {
      const drawn = word()
      if (drawn < limit) return drawn % n
    }
  }

  return {
    uniform,
    integer,
    normal() {
      if (spare !== null) {
        const kept = spare
        spare = null
        return kept
      }
      for (;;) {
        const u = 2 * uniform() - 1
        const v = 2 * uniform() - 1
        const radius = u * u + v * v
        if (radius > 0 && radius < 1) {
          const scale = Math.sqrt((-2 * Math.log(radius)) / radius)
          spare = v * scale
          return u * scale
        }
      }
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const kept = items[i]
        items[i] = items[j]
        items[j] = kept
      }
      return items
    },
    state: () => ({ words: [words[0], words[1], words[2], words[3]], spare }),
  }
}
