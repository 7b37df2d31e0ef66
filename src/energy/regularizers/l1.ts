import { abs, mul, shrink as softThreshold } from '../../graph/index.js'
import type { Rng } from '../../tensor/random.js'
import { checkedStrength, PLAIN, type Regularizer, shrink } from '../regularizer.js'
import { largestMagnitude, scaleWithin, strengthened, zeroConjugate } from '../symbolicForms.js'

/** Numbers of the density ½λ exp(−λ|z|). */
const laplace = (lambda: number) => (random: Rng, size: number) =>
  new Float64Array(size).map(() => (Math.sign(random.uniform() - 0.5) * -Math.log(1 - random.uniform())) / lambda)

/** λ‖z‖₁, the lasso's penalty (Tibshirani 1996). λmax = ‖Wᵀy‖∞. */
export function l1(options: { lambda?: number; lambdaRatio?: number }): Regularizer<'l1'> {
  const strength = checkedStrength('l1', options)
  return {
    kind: 'l1',
    strength,
    penalty: PLAIN,
    symbolic: {
      value: (z, lambda) => strengthened(lambda, abs(z)),
      prox: (v, step, lambda) => softThreshold(v, mul(step, lambda)),
      lambdaMax: largestMagnitude,
      smooth: false,
      dual: { ridge: 0, scale: (c, lambda) => scaleWithin(lambda, largestMagnitude(c)), conjugate: zeroConjugate },
    },
    ...('lambda' in strength ? { draw: laplace(strength.lambda) } : {}),
    value: (code, lambda) => lambda * Array.from(code).reduce((sum, z) => sum + Math.abs(z), 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = shrink(v[j], step * lambda)
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, Math.abs(c)), 0),
    describe: () => ({ kind: 'l1', ...strength }),
  }
}
