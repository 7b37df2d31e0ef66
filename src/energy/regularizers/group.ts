import { constant, div, greater, matmul, maximum, mul, sqrt, square, sub, transpose, where } from '../../graph/index.js'
import type { Sym } from '../../graph/sym.js'
import { checkedCount, checkedStrength, PLAIN, type Regularizer } from '../regularizer.js'
import { largest, scaleWithin, strengthened, TINY, zeroConjugate } from '../symbolicForms.js'

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
  /** Which atoms are in which group, [k, groups]. */
  const members = (z: Sym): Sym => {
    const atoms = Number(z.shape[1])
    const groups = Math.ceil(atoms / groupSize)
    const data = new Float32Array(atoms * groups)
    for (let j = 0; j < atoms; j++) data[j * groups + Math.floor(j / groupSize)] = 1
    return constant({ shape: [atoms, groups], data }, z.type)
  }
  /** ‖z_g‖₂, [n, groups]; the derivative at 0 is 0. */
  const lengths = (z: Sym): Sym => {
    const squares = matmul(square(z), members(z))
    return where(greater(squares, TINY), sqrt(maximum(squares, TINY)), 0)
  }
  return {
    kind: 'group',
    strength,
    penalty: { ...PLAIN, family: 'group', groupSize },
    symbolic: {
      value: (z, lambda) => strengthened(lambda, lengths(z)),
      prox(v, step, lambda) {
        const kept = maximum(sub(1, div(mul(step, lambda), maximum(lengths(v), TINY))), 0)
        return mul(v, matmul(kept, transpose(members(v))))
      },
      lambdaMax: (c) => largest(lengths(c)),
      smooth: false,
      dual: { ridge: 0, scale: (c, lambda) => scaleWithin(lambda, largest(lengths(c))), conjugate: zeroConjugate },
    },
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
