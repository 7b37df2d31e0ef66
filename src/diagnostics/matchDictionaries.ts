import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import { assign } from './assignment.js'
import { innerProduct, unitAtoms } from './cosines.js'

export interface DictionaryMatch {
  /** For each planted atom the learned atom that stands for it, no atom twice; −1 where there are too few. */
  readonly partner: Int32Array
  /** |cos| between each planted atom and its partner, in [0, 1]; 0 without one. */
  readonly cosine: Float64Array
  /** 1 or −1: the sign that turns the partner towards the planted atom. */
  readonly sign: Int8Array
}

/**
 * Pairs the atoms of a planted dictionary [k, …shape] with those of a learned one [l, …shape], whatever their order, sign and norm:
 * of all pairings the one with the largest sum of |cos| (Hungarian method). Throws {@link ShapeError} where the atoms'
 * shapes differ, DataError where they are not finite.
 */
export function matchDictionaries(planted: Tensor, learned: Tensor): DictionaryMatch {
  const shape = planted.shape.slice(1)
  if (planted.shape.length < 2 || !sameShape(shape, learned.shape.slice(1))) {
    throw new ShapeError(
      `Dictionaries [k, …shape] to be matched need atoms of one shape; ` +
        `got ${formatShape(planted.shape)} and ${formatShape(learned.shape)}.`,
    )
  }
  const [k, l] = [planted.shape[0], learned.shape[0]]
  const m = sizeOf(shape)
  const a = unitAtoms(planted)
  const b = unitAtoms(learned)
  const cosines = Float64Array.from({ length: k * l }, (_, at) => innerProduct(a, Math.floor(at / l), b, at % l, m))
  const partner = assign(cosines.map(Math.abs), k, l)
  const paired = (i: number): number => (partner[i] < 0 ? 0 : cosines[i * l + partner[i]])
  return {
    partner,
    cosine: Float64Array.from(partner, (_, i) => Math.min(1, Math.abs(paired(i)))),
    sign: Int8Array.from(partner, (_, i) => (paired(i) < 0 ? -1 : 1)),
  }
}

/**
 * The share of planted atoms that were recovered: those matched ({@link matchDictionaries}) at |cos| ≥ `threshold`, 0.99 by default. In
 * [0, 1]; 1 where nothing was planted. Throws {@link ConfigurationError} for a threshold outside [0, 1].
 */
export function recovered(planted: Tensor, learned: Tensor, threshold = 0.99): number {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ConfigurationError(`An atom counts as recovered from a cosine in [0, 1]; got ${threshold}.`)
  }
  const { cosine } = matchDictionaries(planted, learned)
  return cosine.length === 0 ? 1 : cosine.filter((value) => value >= threshold).length / cosine.length
}
