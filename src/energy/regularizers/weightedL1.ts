import { abs, div, mul, shrink as softThreshold } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { checkedStrength, LARGEST, PLAIN, type Regularizer, SMALLEST, shrink } from '../regularizer.js'
import { largestMagnitude, row, scaleWithin, strengthened, zeroConjugate } from '../symbolicForms.js'

/**
 * λ Σ wⱼ|zⱼ| with one weight wⱼ > 0 an atom, as in the adaptive lasso (Zou 2006). λmax = max |Wᵀy|ⱼ / wⱼ.
 * Throws ConfigurationError for weights that are not finite and above 0.
 */
export function weightedL1(options: {
  lambda?: number
  lambdaRatio?: number
  weights: ArrayLike<number>
}): Regularizer<'weighted-l1'> {
  const strength = checkedStrength('weighted-l1', options)
  const weights = Float32Array.from(options.weights)
  const bad = weights.findIndex((weight) => !(weight >= SMALLEST && weight <= LARGEST))
  if (bad >= 0) {
    throw new ConfigurationError(
      `Every weight must lie between ${SMALLEST} and ${LARGEST}; weight ${bad} is ${options.weights[bad]}.`,
    )
  }
  return {
    kind: 'weighted-l1',
    strength,
    penalty: { ...PLAIN, weights },
    symbolic: {
      value: (z, lambda) => strengthened(lambda, mul(row(weights, z), abs(z))),
      prox: (v, step, lambda) => softThreshold(v, mul(mul(step, lambda), row(weights, v))),
      lambdaMax: (c) => largestMagnitude(div(c, row(weights, c))),
      smooth: false,
      dual: {
        ridge: 0,
        scale: (c, lambda) => scaleWithin(lambda, largestMagnitude(div(c, row(weights, c)))),
        conjugate: zeroConjugate,
      },
    },
    value: (code, lambda) => lambda * Array.from(code).reduce((sum, z, j) => sum + weights[j] * Math.abs(z), 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = shrink(v[j], step * lambda * weights[j])
    },
    lambdaMax: (correlations) =>
      Array.from(correlations).reduce((most, c, j) => Math.max(most, Math.abs(c) / weights[j]), 0),
    describe: () => ({ kind: 'weighted-l1', ...strength, weights: Array.from(weights) }),
  }
}
