import { ConfigurationError } from '../tensor/errors.js'
import { rng } from '../tensor/random.js'
import { type Tensor, zeros } from '../tensor/tensor.js'
import type { Observations } from './observations.js'
import { indexedObservations } from './passes.js'

export interface PlantedOptions {
  /** Atoms k of the dictionary. */
  readonly atoms: number
  /** Numbers m in an observation. */
  readonly dimension: number
  /** Atoms in each code. */
  readonly active: number
  /** Observations n. */
  readonly count: number
  /** Standard deviation of the noise on each number: 0 by default. */
  readonly noise?: number
  readonly seed?: number
}

/** Observations whose dictionary and codes are known, so that recovery can be measured. */
export interface Planted {
  /** y = Wz + noise, [m] each. */
  readonly observations: Observations
  /** Atoms [k, m] of unit norm, directions uniform on the sphere. */
  readonly dictionary: Tensor
  /** The codes of observations `begin` to `end` (exclusive), dense: [end − begin, k]. */
  codes(begin?: number, end?: number): Tensor
}

/**
 * Sparse codes planted in noise: each observation is the sum of `active` different atoms, chosen uniformly, with
 * coefficients of random sign and size uniform on [0.5, 1.5]. Observation i depends on the seed and i alone and is made
 * when it is asked for. Throws {@link ConfigurationError} where a number is out of range.
 */
export function plantedCodes(options: PlantedOptions): Planted {
  const { atoms, dimension, active, count, noise = 0, seed = 0 } = options
  for (const [name, value] of Object.entries({ atoms, dimension, active, count })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigurationError(`Planted codes need a whole number of ${name}, 1 or more; got ${value}.`)
    }
  }
  if (active > atoms) throw new ConfigurationError(`Codes cannot have ${active} active atoms of ${atoms}.`)
  if (!(noise >= 0 && Number.isFinite(noise)))
    throw new ConfigurationError(`The noise must be a number, 0 or more; got ${noise}.`)
  if (atoms * dimension > 1 << 28)
    throw new ConfigurationError(`A dictionary of ${atoms} atoms of ${dimension} numbers is too large.`)
  const dictionary = unitAtoms(atoms, dimension, seed)

  /** Draws code i: calls back for each active atom. The generator goes on to the noise. */
  const draw = (index: number, put: (atom: number, value: number) => void) => {
    const random = rng(seed, 1, index)
    const chosen = new Set<number>()
    // Floyd's sampling: `active` different atoms, all sets equally likely.
    for (let last = atoms - active; last < atoms; last++) {
      const drawn = random.integer(last + 1)
      chosen.add(chosen.has(drawn) ? last : drawn)
    }
    for (const atom of chosen) put(atom, (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform()))
    return random
  }

  const observations = indexedObservations({
    name: `planted codes (${active} of ${atoms} atoms)`,
    shape: [dimension],
    count,
    open: async () => ({
      async take(indices) {
        const out = new Float32Array(indices.length * dimension)
        const sum = new Float64Array(dimension)
        for (const [row, index] of indices.entries()) {
          sum.fill(0)
          const random = draw(index, (atom, value) => {
            for (let i = 0; i < dimension; i++) sum[i] += value * dictionary.data[atom * dimension + i]
          })
          if (noise > 0) for (let i = 0; i < dimension; i++) sum[i] += noise * random.normal()
          out.set(sum, row * dimension)
        }
        return out
      },
      close: async () => {},
    }),
  })

  return {
    observations,
    dictionary,
    codes(begin = 0, end = count) {
      if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= count)) {
        throw new ConfigurationError(`Codes ${begin} to ${end} were asked of ${count}.`)
      }
      const dense = zeros([end - begin, atoms])
      for (let index = begin; index < end; index++) {
        draw(index, (atom, value) => {
          dense.data[(index - begin) * atoms + atom] = value
        })
      }
      return dense
    },
  }
}

function unitAtoms(atoms: number, dimension: number, seed: number): Tensor {
  const random = rng(seed, 0)
  const dictionary = zeros([atoms, dimension])
  for (let atom = 0; atom < atoms; atom++) {
    const values = Float64Array.from({ length: dimension }, () => random.normal())
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0)) || 1
    for (let i = 0; i < dimension; i++) dictionary.data[atom * dimension + i] = values[i] / norm
  }
  return dictionary
}
