import { equal, greater, mul, square, where, zerosLike } from '../../graph/index.js'
import { checkedStrength, PLAIN, type Regularizer } from '../regularizer.js'
import { largestMagnitude, strengthened } from '../symbolicForms.js'

/**
 * λ‖z‖₀, λ for every active atom. Not convex: solvers return a point that no single coordinate improves, without a duality
 * gap. The prox is the hard threshold at √(2·step·λ). λmax = ½‖Wᵀy‖∞² for unit-norm atoms is the smallest λ at which no
 * single atom lowers the energy of z = 0.
 */
export function l0(options: { lambda?: number; lambdaRatio?: number }): Regularizer<'l0'> {
  const strength = checkedStrength('l0', options)
  return {
    kind: 'l0',
    strength,
    penalty: { ...PLAIN, family: 'l0' },
    symbolic: {
      value: (z, lambda) => strengthened(lambda, where(equal(z, 0), zerosLike(z), 1)),
      prox: (v, step, lambda) => where(greater(mul(0.5, square(v)), mul(step, lambda)), v, 0),
      lambdaMax: (c) => mul(0.5, square(largestMagnitude(c))),
      smooth: false,
    },
    value: (code, lambda) => lambda * Array.from(code).filter((z) => z !== 0).length,
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = 0.5 * v[j] * v[j] > step * lambda ? v[j] : 0
    },
    lambdaMax: (correlations) => Array.from(correlations).reduce((most, c) => Math.max(most, 0.5 * c * c), 0),
    describe: () => ({ kind: 'l0', ...strength }),
  }
}
