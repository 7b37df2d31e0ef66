import { abs, add, div, mul, shrink as softThreshold } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { checkedStrength, LARGEST, PLAIN, type Regularizer, shrink } from '../regularizer.js'
import { halfSquares, largestMagnitude, scaleWithin, strengthened, zeroConjugate } from '../symbolicForms.js'

/**
 * λ‖z‖₁ + ½μ‖z‖² (Zou, Hastie 2005); `ridge` is μ ≥ 0 and does not scale with λ. λmax = ‖Wᵀy‖∞.
 * The prox is that of the sum: shrink(v, step·λ) / (1 + step·μ).
 */
export function elasticNet(options: {
  lambda?: number
  lambdaRatio?: number
  ridge: number
}): Regularizer<'elastic-net'> {
  const strength = checkedStrength('elastic-net', options)
  const { ridge } = options
  if (!(typeof ridge === 'number' && ridge >= 0)) {
    throw new ConfigurationError(`ridge must be a finite number, 0 or more; got ${ridge}.`)
  }
  if (ridge > LARGEST) {
    throw new ConfigurationError(
      `ridge must be at most ${LARGEST}, which single precision can hold; got ${ridge}. Scale the data.`,
    )
  }
  return {
    kind: 'elastic-net',
    strength,
    penalty: { ...PLAIN, ridge },
    symbolic: {
      value: (z, lambda) => add(strengthened(lambda, abs(z)), halfSquares(ridge, z)),
      prox: (v, step, lambda) => div(softThreshold(v, mul(step, lambda)), add(mul(step, ridge), 1)),
      lambdaMax: largestMagnitude,
      smooth: false,
      dual: { ridge, scale: (c, lambda) => scaleWithin(lambda, largestMagnitude(c)), conjugate: zeroConjugate },
    },
    value: (code, lambda) => Array.from(code).reduce((sum, z) => sum + lambda * Math.abs(z) + 0.5 * ridge * z * z, 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = shrink(v[j], step * lambda) / (1 + step * ridge)
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, Math.abs(c)), 0),
    describe: () => ({ kind: 'elastic-net', ...strength, ridge }),
  }
}
