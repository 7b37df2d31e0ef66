import { rng } from '../tensor/random.js'

/**
 * A random order of the numbers 0 … count − 1 that needs no memory: position ↦ number, one to one. A Feistel network on
 * the smallest even number of bits that holds `count`, walked until it lands below `count` again. The same seed and
 * streams give the same order.
 *
 * Source: Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002, sections 3 (cycle walking) and 5.
 */
export function permutation(count: number, seed: number, ...stream: number[]): (position: number) => number {
  const random = rng(seed, ...stream)
  const keys = Uint32Array.from({ length: 8 }, () => random.integer(0x100000000))
  let side = 2
  while (side * side < count) side *= 2

  return (position) => {
    let number = position
    do {
      let left = Math.floor(number / side)
      let right = number % side
      for (const key of keys) {
        const mixed = (left ^ (scramble(right ^ key, key) & (side - 1))) >>> 0
        left = right
        right = mixed
      }
      number = left * side + right
    } while (number >= count)
    return number
  }
}

/** Spreads every bit of a word over all of its bits (two rounds of multiply and shift). */
function scramble(word: number, key: number): number {
  let mixed = Math.imul(word ^ (word >>> 16) ^ key, 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
