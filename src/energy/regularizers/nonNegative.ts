import { checkedStrength, PLAIN, type Regularizer } from '../regularizer.js'

/** λ Σ zⱼ with z ≥ 0. λmax = max (Wᵀy)ⱼ, or 0 where no correlation is positive. */
export function nonNegative(options: { lambda?: number; lambdaRatio?: number }): Regularizer<'nonnegative'> {
  const strength = checkedStrength('nonnegative', options)
  return {
    kind: 'nonnegative',
    strength,
    penalty: { ...PLAIN, nonNegative: true },
    value: (code, lambda) =>
      Array.from(code).reduce((sum, z) => (z < 0 ? Number.POSITIVE_INFINITY : sum + lambda * z), 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = Math.max(0, v[j] - step * lambda)
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, c), 0),
    describe: () => ({ kind: 'nonnegative', ...strength }),
  }
}
