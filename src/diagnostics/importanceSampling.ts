import { ConfigurationError, ShapeError } from '../tensor/errors.js'

/**
 * log (1/K) Σᵢ wᵢ for each observation, an estimate of log p(y) from below (Burda, Grosse and Salakhutdinov 2016, equation 8):
 * `logWeights` hold log w = log p(y, z) − log q(z | y) of S samples each, [n, S] by rows. Where S is more than K, the mean over as
 * many disjoint groups of K as there are, so that all samples serve. Throws {@link ConfigurationError} unless 1 ≤ K ≤ S, and
 * {@link ShapeError} unless rows are of S. A row with a weight that is no number gives NaN.
 */
export function importanceSampled(logWeights: ArrayLike<number>, samples: number, k: number): Float64Array {
  if (!(Number.isInteger(k) && k >= 1 && k <= samples)) {
    throw new ConfigurationError(`K must be a whole number from 1 to ${samples}, the samples drawn; got ${k}.`)
  }
  if (logWeights.length % samples !== 0) {
    throw new ShapeError(`${logWeights.length} weights are not whole rows of ${samples}.`)
  }
  const groups = Math.floor(samples / k)
  return Float64Array.from({ length: logWeights.length / samples }, (_, row) => {
    let sum = 0
    for (let group = 0; group < groups; group++) sum += logMeanExp(logWeights, row * samples + group * k, k)
    return sum / groups
  })
}

/** log of the mean of eᵃ over `count` numbers from `from` on, without overflow. */
function logMeanExp(values: ArrayLike<number>, from: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let i = from; i < from + count; i++) largest = Math.max(largest, values[i])
  if (!Number.isFinite(largest)) return largest
  let sum = 0
  for (let i = from; i < from + count; i++) sum += Math.exp(values[i] - largest)
  return largest + Math.log(sum / count)
}
