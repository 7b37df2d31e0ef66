import type { GraphRegularizer, PlainRegularizer } from '../../src/energy/graphRegularizer.js'
import type { Regularizer, RegularizerKind } from '../../src/energy/regularizer.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l0 } from '../../src/energy/regularizers/l0.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { weightedL1 } from '../../src/energy/regularizers/weightedL1.js'

/** A regularizer in the contract: one row makes it pass every test of `regularizers.test.ts` and of its solvers. */
export interface RegularizerRow {
  readonly kind: RegularizerKind
  /** For codes over `atoms` atoms. */
  make(strength: { lambda: number } | { lambdaRatio: number }, atoms: number): Regularizer
  /** Where the prox goes for λ → 0. */
  limit(v: readonly number[], step: number): number[]
  /** λmax holds for atoms at right angles only. */
  readonly orthogonalOnly?: true
  /** There is no λ: R is 0 or infinite. */
  readonly constraint?: true
}

/** Weights from 0.5 to 2, by atom. */
export const weightsFor = (atoms: number): number[] =>
  Array.from({ length: atoms }, (_, j) => 0.5 + ((j * 7) % 11) / 7.5)

const same = (v: readonly number[]) => [...v]

export const regularizerTable: readonly RegularizerRow[] = [
  { kind: 'l1', make: l1, limit: same },
  {
    kind: 'weighted-l1',
    make: (strength, atoms) => weightedL1({ ...strength, weights: weightsFor(atoms) }),
    limit: same,
  },
  { kind: 'nonnegative', make: nonNegative, limit: (v) => v.map((value) => Math.max(0, value)) },
  {
    kind: 'elastic-net',
    make: (strength) => elasticNet({ ...strength, ridge: 0.3 }),
    limit: (v, step) => v.map((value) => value / (1 + 0.3 * step)),
  },
  { kind: 'group', make: (strength) => group({ ...strength, groupSize: 2 }), limit: same },
  { kind: 'l0', make: l0, limit: same, orthogonalOnly: true },
  {
    kind: 'top-k',
    make: () => topK({ active: 2 }),
    limit(v) {
      const kept = [...v.keys()].sort((a, b) => Math.abs(v[b]) - Math.abs(v[a]) || a - b).slice(0, 2)
      return v.map((value, j) => (kept.includes(j) ? value : 0))
    },
    constraint: true,
  },
]

/** A regularizer that graphs can hold: one row makes it pass every test of `graphRegularizers.test.ts`. */
export interface GraphRegularizerRow {
  readonly kind: string
  make(lambda: number, atoms: number): GraphRegularizer & PlainRegularizer
}

export const graphRegularizerTable: readonly GraphRegularizerRow[] = [
  ...regularizerTable.map(({ kind, make }) => ({
    kind,
    make: (lambda: number, atoms: number) => make({ lambda }, atoms),
  })),
  { kind: 'l2', make: (lambda) => l2({ lambda }) },
  { kind: 'limited-noise', make: () => limitedNoise({ radius: 1.5, deviation: 0.1 }) },
]
