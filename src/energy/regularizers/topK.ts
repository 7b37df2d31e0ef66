import {
  abs,
  add,
  cast,
  constant,
  equal,
  greater,
  loop,
  maxOver,
  mul,
  neg,
  reshape,
  stopGradient,
  sum,
  where,
  zerosLike,
} from '../../graph/index.js'
import type { Sym } from '../../graph/sym.js'
import { checkedCount, checkWithin, PLAIN, type Regularizer } from '../regularizer.js'
import { row } from '../symbolicForms.js'

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
    symbolic: {
      value(z) {
        checkWithin('active', active, Number(z.shape[1]))
        const count = sum(where(equal(z, 0), zerosLike(z), 1), [1], true)
        return reshape(where(greater(count, active), Number.POSITIVE_INFINITY, zerosLike(count)), ['n'])
      },
      prox: (v) => (active >= Number(v.shape[1]) ? v : mul(v, stopGradient(largestEntries(v, active)))),
      smooth: false,
    },
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

/** 1 at the `active` entries of largest magnitude in each row, the first of equals, and 0 elsewhere: [n, k]. */
function largestEntries(v: Sym, active: number): Sym {
  const size = Number(v.shape[1])
  const places = row(
    Array.from({ length: size }, (_, j) => j),
    v,
  )
  const magnitude = abs(v)
  const [taken] = loop({
    state: [zerosLike(magnitude)],
    maxSteps: active,
    body([before]) {
      const left = where(greater(before, 0), -1, magnitude)
      const candidates = equal(left, maxOver(left, [1], true))
      const first = neg(maxOver(where(candidates, neg(places), -size), [1], true))
      return {
        state: [add(before, cast(equal(places, first), v.type))],
        keepGoing: constant(1, 'bool'),
      }
    },
  })
  return taken
}
