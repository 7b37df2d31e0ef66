import {
  activeSet,
  coordinateDescent,
  defaultSolver,
  elasticNet,
  fista,
  group,
  ista,
  l0,
  l1,
  linearEncoder,
  nonNegative,
  orthogonalMatchingPursuit,
  type Tensor,
  topK,
  weightedL1,
} from 'energia'
import { describe, expect, it } from 'vitest'

const atoms: Tensor = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }
const observations: Tensor = { shape: [1, 2], data: Float32Array.of(1, 2) }

describe('pairs of solver and regularizer', () => {
  it('that go together compile and work', async () => {
    const plain = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.5 }), threads: 1 })
    for (const solver of [activeSet(), coordinateDescent(), fista(), ista()]) {
      expect([...(await plain.encode(observations, { solver })).codes.values]).toEqual([0.5, 1.5])
    }
    const grouped = await linearEncoder({ atoms, regularizer: group({ lambda: 0.1, groupSize: 2 }), threads: 1 })
    for (const solver of [coordinateDescent(), fista(), ista()]) await grouped.encode(observations, { solver })
    const counted = await linearEncoder({ atoms, regularizer: topK({ active: 1 }), threads: 1 })
    for (const solver of [orthogonalMatchingPursuit(), ista()]) {
      expect([...(await counted.encode(observations, { solver })).codes.values]).toEqual([2])
    }
    const l0Encoder = await linearEncoder({ atoms, regularizer: l0({ lambda: 1 }), threads: 1 })
    for (const solver of [coordinateDescent(), ista()]) await l0Encoder.encode(observations, { solver })
    for (const encoder of [plain, grouped, counted, l0Encoder]) encoder.dispose()
  })

  it('that do not go together do not compile, and fail in a sentence where types were lost', async () => {
    const plain = await linearEncoder({ atoms, regularizer: l1({ lambda: 0.5 }), threads: 1 })
    const grouped = await linearEncoder({ atoms, regularizer: group({ lambda: 1, groupSize: 2 }), threads: 1 })
    const counted = await linearEncoder({ atoms, regularizer: topK({ active: 1 }), threads: 1 })
    const l0Encoder = await linearEncoder({ atoms, regularizer: l0({ lambda: 1 }), threads: 1 })
    const failures = [
      // @ts-expect-error matching pursuit does not serve L1
      plain.encode(observations, { solver: orthogonalMatchingPursuit() }),
      // @ts-expect-error the active-set solver does not serve groups
      grouped.encode(observations, { solver: activeSet() }),
      // @ts-expect-error matching pursuit does not serve groups
      grouped.encode(observations, { solver: orthogonalMatchingPursuit() }),
      // @ts-expect-error the active-set solver does not serve top-k
      counted.encode(observations, { solver: activeSet() }),
      // @ts-expect-error coordinate descent does not serve top-k
      counted.encode(observations, { solver: coordinateDescent() }),
      // @ts-expect-error FISTA does not serve top-k
      counted.encode(observations, { solver: fista() }),
      // @ts-expect-error the active-set solver does not serve L0
      l0Encoder.encode(observations, { solver: activeSet() }),
      // @ts-expect-error FISTA does not serve L0
      l0Encoder.encode(observations, { solver: fista() }),
    ]
    for (const failure of failures) await expect(failure).rejects.toThrow(/cannot serve the regularizer .*; .* can/)
    for (const encoder of [plain, grouped, counted, l0Encoder]) encoder.dispose()
  })

  it('keep the kind of a regularizer in its type', () => {
    const kinds: ['l1', 'weighted-l1', 'nonnegative', 'elastic-net'] = [
      l1({ lambda: 1 }).kind,
      weightedL1({ lambda: 1, weights: [1] }).kind,
      nonNegative({ lambda: 1 }).kind,
      elasticNet({ lambda: 1, ridge: 1 }).kind,
    ]
    expect(kinds.map((kind) => defaultSolver(kind).name)).toEqual(Array(4).fill('active-set'))
    // @ts-expect-error a strength is a number
    expect(() => l1({ lambda: '1' })).toThrow(/lambda/)
    // @ts-expect-error top-k has no strength
    expect(topK({ active: 2, lambda: 1 }).strength).toBeUndefined()
  })
})
