import { checkedStrength, PLAIN, type Regularizer, shrink } from '../regularizer.js'

/** λ‖z‖₁, the lasso's penalty (Tibshirani 1996). λmax = ‖Wᵀy‖∞. */
export function l1(options: { lambda?: number; lambdaRatio?: number }): Regularizer<'l1'> {
  const strength = checkedStrength('l1', options)
  return {
    kind: 'l1',
    strength,
    penalty: PLAIN,
    value: (code, lambda) => lambda * Array.from(code).reduce((sum, z) => sum + Math.abs(z), 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = shrink(v[j], step * lambda)
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, Math.abs(c)), 0),
    describe: () => ({ kind: 'l1', ...strength }),
  }
}
