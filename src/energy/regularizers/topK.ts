import { checkedCount, PLAIN, type Regularizer } from '../regularizer.js'

/**
 * The constraint ‖z‖₀ ≤ `active`: R is 0 within and infinite outside; there is no λ. Its prox keeps the entries of
 * largest magnitude, the first of equals.
 */
export function topK(options: { active: number }): Regularizer<'top-k'> {
  const active = checkedCount('active', options.active)
  return {
    kind: 'top-k',
    strength: undefined,
    penalty: { ...PLAIN, family: 'top-k', topK: active },
    value: (code) => (Array.from(code).filter((z) => z !== 0).length > active ? Number.POSITIVE_INFINITY : 0),
    prox(v, _step, _lambda, out) {
      const order = Array.from(v, (_, j) => j).sort((a, b) => Math.abs(v[b]) - Math.abs(v[a]) || a - b)
      out.fill(0)
      for (const j of order.slice(0, active)) out[j] = v[j]
    },
    lambdaMax: () => Number.POSITIVE_INFINITY,
    describe: () => ({ kind: 'top-k', active }),
  }
}
