import { checkedCount, checkedStrength, PLAIN, type Regularizer } from '../regularizer.js'

/**
 * λ Σ_g ‖z_g‖₂ over groups of `groupSize` neighbouring atoms (Yuan, Lin 2006), the last group being what is left.
 * λmax = max_g ‖(Wᵀy)_g‖₂.
 */
export function group(options: { lambda?: number; lambdaRatio?: number; groupSize: number }): Regularizer<'group'> {
  const strength = checkedStrength('group', options)
  const groupSize = checkedCount('groupSize', options.groupSize)
  const norms = (values: ArrayLike<number>): number[] => {
    const sums = new Array<number>(Math.ceil(values.length / groupSize)).fill(0)
    for (let j = 0; j < values.length; j++) sums[Math.floor(j / groupSize)] += values[j] * values[j]
    return sums.map(Math.sqrt)
  }
  return {
    kind: 'group',
    strength,
    penalty: { ...PLAIN, family: 'group', groupSize },
    value: (code, lambda) => lambda * norms(code).reduce((sum, norm) => sum + norm, 0),
    prox(v, step, lambda, out) {
      const lengths = norms(v)
      for (let j = 0; j < v.length; j++) {
        const length = lengths[Math.floor(j / groupSize)]
        out[j] = length > step * lambda ? v[j] * (1 - (step * lambda) / length) : 0
      }
    },
    lambdaMax: (correlations) => norms(correlations).reduce((most, norm) => Math.max(most, norm), 0),
    describe: () => ({ kind: 'group', ...strength, groupSize }),
  }
}
