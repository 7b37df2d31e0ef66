import { ConfigurationError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import { formatShape } from '../tensor/tensor.js'

/**
 * What first atoms are made of: whole observations, parts of them (an observation under a Gaussian window around one of its
 * strong pixels, which leads to local atoms), or noise. Learning descends to different minima from each.
 */
export type Start = 'observations' | 'parts' | 'noise'

export const starts = ['observations', 'parts', 'noise'] as const

/** A window's standard deviation, as a share of the shorter side. */
const WINDOW = 0.1

/**
 * First atoms [atoms, size], each of norm 1, from the rows of `sample` [rows, size] in a random order, without repetition
 * while they last; noise where they do not suffice (too few, or zero).
 * Throws {@link ConfigurationError} for parts of observations that are not pictures.
 */
export function firstAtoms(
  settings: {
    atoms: number
    shape: readonly number[]
    size: number
    seed: number
    start: Start
    nonNegativeAtoms: boolean
  },
  sample: Float32Array,
  rows: number,
): Float32Array {
  const { atoms: count, size, shape, seed, start, nonNegativeAtoms } = settings
  if (start === 'parts' && shape.length < 2) {
    throw new ConfigurationError(
      `Atoms can start from parts of pictures only; observations of ${formatShape(shape)} have no neighbourhood (start: observations).`,
    )
  }
  const random = rng(seed, 1)
  const order = start === 'noise' ? [] : random.shuffle(Array.from({ length: rows }, (_, i) => i))
  const atoms = new Float32Array(count * size)
  let next = 0
  for (let j = 0; j < count; j++) {
    const atom = atoms.subarray(j * size, (j + 1) * size)
    let found = false
    while (!found && next < order.length) {
      const row = order[next++]
      const observation = sample.subarray(row * size, (row + 1) * size)
      found = normalizeInto(atom, start === 'parts' ? part(observation, shape, random) : observation, nonNegativeAtoms)
    }
    while (!found)
      found = normalizeInto(
        atom,
        Float32Array.from(atom, () => random.normal()),
        nonNegativeAtoms,
      )
  }
  return atoms
}

/** An observation under a Gaussian window, centred at a pixel drawn with a probability proportional to its square. */
function part(observation: Float32Array, shape: readonly number[], random: Rng): Float32Array {
  const [height, width, channels = 1] = shape
  let total = 0
  for (const value of observation) total += value * value
  let left = random.uniform() * total
  let at = 0
  for (; at < observation.length - 1; at++) {
    left -= observation[at] * observation[at]
    if (left <= 0) break
  }
  const pixel = Math.floor(at / channels)
  const row = Math.floor(pixel / width)
  const column = pixel % width
  const scale = 1 / (2 * (WINDOW * Math.min(height, width)) ** 2)
  return observation.map((value, place) => {
    const y = Math.floor(place / channels / width) - row
    const x = (Math.floor(place / channels) % width) - column
    return value * Math.exp(-(x * x + y * y) * scale)
  })
}

/** target ← source / ‖source‖ (negative parts cut first where asked); false, with zeros, where there is nothing left. */
export function normalizeInto(target: Float32Array, source: Float32Array, nonNegative: boolean): boolean {
  let squares = 0
  for (const value of source) if (!nonNegative || value > 0) squares += value * value
  if (!(squares > 1e-20)) {
    target.fill(0)
    return false
  }
  const scale = 1 / Math.sqrt(squares)
  for (let p = 0; p < target.length; p++) target[p] = nonNegative && source[p] < 0 ? 0 : source[p] * scale
  return true
}
