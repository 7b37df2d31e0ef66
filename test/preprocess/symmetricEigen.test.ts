import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { symmetricEigen } from '../../src/preprocess/symmetricEigen.js'
import { rng } from '../../src/tensor/random.js'

/** Largest error of A V = V diag(e) and of V Vᵀ = I. */
function residuals(matrix: Float64Array, n: number) {
  const { values, vectors } = symmetricEigen(matrix, n)
  let equation = 0
  let orthogonality = 0
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      let product = 0
      let inner = 0
      for (let j = 0; j < n; j++) {
        product += matrix[i * n + j] * vectors[k * n + j]
        inner += vectors[k * n + j] * vectors[i * n + j]
      }
      equation = Math.max(equation, Math.abs(product - values[k] * vectors[k * n + i]))
      orthogonality = Math.max(orthogonality, Math.abs(inner - (i === k ? 1 : 0)))
    }
  }
  return { values, equation, orthogonality }
}

function gram(n: number, rank: number, seed: number): Float64Array {
  const random = rng(seed)
  const factor = Float64Array.from({ length: n * rank }, () => random.normal())
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0
    for (let k = 0; k < rank; k++) sum += factor[Math.floor(at / n) * rank + k] * factor[(at % n) * rank + k]
    return sum
  })
}

describe('symmetricEigen', () => {
  it('decomposes random matrices of any size and rank', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 30 }), fc.nat(1000), (n, rank, seed) => {
        const { values, equation, orthogonality } = residuals(gram(n, rank, seed), n)
        expect(equation).toBeLessThan(1e-11)
        expect(orthogonality).toBeLessThan(1e-12)
        for (let i = 1; i < n; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1])
        for (let i = rank; i < n; i++) expect(Math.abs(values[i])).toBeLessThan(1e-11)
      }),
    )
  })

  it('knows the eigenvalues of the second difference, 2 − 2 cos(kπ/(n + 1))', () => {
    const n = 100
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2
      if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1
    }
    const { values } = symmetricEigen(matrix, n)
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1)), 12)
    })
  })

  it('handles the zero matrix, the identity, equal eigenvalues and extreme scales', () => {
    expect(residuals(new Float64Array(16), 4).orthogonality).toBe(0)
    const ones = residuals(new Float64Array(25).fill(1), 5)
    expect(ones.values[0]).toBeCloseTo(5, 12)
    for (const scale of [1e-30, 1e30]) {
      const { equation, orthogonality } = residuals(
        gram(8, 8, 5).map((value) => value * scale),
        8,
      )
      expect(equation / scale).toBeLessThan(1e-12)
      expect(orthogonality).toBeLessThan(1e-12)
    }
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0)
  })

  it('refuses what is not a finite square matrix', () => {
    expect(() => symmetricEigen(new Float64Array(5), 2)).toThrow(/4 elements; 5/)
    expect(() => symmetricEigen(Float64Array.of(1, Number.NaN, 0, 1), 2)).toThrow(/NaN or infinite/)
  })
})
