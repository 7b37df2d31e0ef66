import { less, maximum, mul, sub, where } from '../../graph/index.js'
import { checkedStrength, PLAIN, type Regularizer } from '../regularizer.js'
import { largest, scaleWithin, strengthened, zeroConjugate } from '../symbolicForms.js'

/** λ Σ zⱼ with z ≥ 0. λmax = max (Wᵀy)ⱼ, or 0 where no correlation is positive. */
export function nonNegative(options: { lambda?: number; lambdaRatio?: number }): Regularizer<'nonnegative'> {
  const strength = checkedStrength('nonnegative', options)
  return {
    kind: 'nonnegative',
    strength,
    penalty: { ...PLAIN, nonNegative: true },
    symbolic: {
      value: (z, lambda) => strengthened(lambda, where(less(z, 0), Number.POSITIVE_INFINITY, z)),
      prox: (v, step, lambda) => maximum(sub(v, mul(step, lambda)), 0),
      lambdaMax: (c) => maximum(largest(c), 0),
      smooth: false,
      dual: { ridge: 0, scale: (c, lambda) => scaleWithin(lambda, largest(c)), conjugate: zeroConjugate },
    },
    value: (code, lambda) =>
      Array.from(code).reduce((sum, z) => (z < 0 ? Number.POSITIVE_INFINITY : sum + lambda * z), 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = Math.max(0, v[j] - step * lambda)
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, c), 0),
    describe: () => ({ kind: 'nonnegative', ...strength }),
  }
}
