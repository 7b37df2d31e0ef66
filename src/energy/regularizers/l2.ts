import { add, div, mul } from '../../graph/index.js'
import type { GraphRegularizer, PlainRegularizer } from '../graphRegularizer.js'
import { checkedStrength } from '../regularizer.js'
import { fullScale, halfSquares, squaredNorm } from '../symbolicForms.js'

/**
 * ½λ‖z‖²: a spring that pulls codes to 0 (the negative log of a normal prior of variance 1/λ). Smooth, and for graphs alone: with a
 * linear decoder it is ridge regression, for which no solver is needed. There is no λmax: no finite λ makes z = 0 the minimum.
 */
export function l2(options: { lambda: number }): GraphRegularizer<'l2'> & PlainRegularizer {
  const strength = checkedStrength('l2', options)
  return {
    kind: 'l2',
    strength,
    symbolic: {
      value: (z, lambda) => halfSquares(lambda, z),
      prox: (v, step, lambda) => div(v, add(mul(step, lambda), 1)),
      smooth: true,
      dual: {
        ridge: 0,
        scale: fullScale,
        conjugate: (c, lambda) => div(mul(0.5, squaredNorm(c)), lambda),
      },
    },
    draw: (random, size) => new Float64Array(size).map(() => random.normal() / Math.sqrt(options.lambda)),
    value: (code, lambda) => Array.from(code).reduce((sum, z) => sum + 0.5 * lambda * z * z, 0),
    prox(v, step, lambda, out) {
      for (let j = 0; j < v.length; j++) out[j] = v[j] / (1 + step * lambda)
    },
    describe: () => ({ kind: 'l2', ...strength }),
  }
}
