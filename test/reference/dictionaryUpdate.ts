import { dot, norm } from './linearAlgebra.js'

/** A = Σ zzᵀ and B = Σ zyᵀ. */
export function statistics(codes: readonly number[][], observations: readonly number[][]) {
  const k = codes[0].length
  const m = observations[0].length
  const a = Array.from({ length: k }, () => new Array<number>(k).fill(0))
  const b = Array.from({ length: k }, () => new Array<number>(m).fill(0))
  for (const [i, z] of codes.entries()) {
    for (let j = 0; j < k; j++) {
      for (let l = 0; l < k; l++) a[j][l] += z[j] * z[l]
      for (let p = 0; p < m; p++) b[j][p] += z[j] * observations[i][p]
    }
  }
  return { a, b }
}

/** Block-coordinate descent, one atom at a time: wⱼ ← normalize(wⱼ + (bⱼ − Σᵢ Aⱼᵢwᵢ)/Aⱼⱼ); atoms without use stay. */
export function blockCoordinateUpdate(
  atoms: readonly number[][],
  a: readonly number[][],
  b: readonly number[][],
  nonNegative = false,
): number[][] {
  const moved = atoms.map((atom) => [...atom])
  for (let j = 0; j < moved.length; j++) {
    if (!(a[j][j] > 1e-10)) continue
    const target = moved[j].map((value, p) => {
      const next = value + (b[j][p] - moved.reduce((sum, atom, i) => sum + a[j][i] * atom[p], 0)) / a[j][j]
      return nonNegative ? Math.max(0, next) : next
    })
    const length = norm(target)
    if (length > 1e-10) moved[j] = target.map((value) => value / length)
  }
  return moved
}

/** W + η(B − AW), then every atom to unit norm, or all by one factor so that their norms sum to their number. */
export function gradientUpdate(
  atoms: readonly number[][],
  a: readonly number[][],
  b: readonly number[][],
  rate: number,
  normalization: 'columns' | 'sum-of-norms',
): number[][] {
  const moved = atoms.map((atom, j) =>
    atom.map((value, p) => value + rate * (b[j][p] - atoms.reduce((sum, other, i) => sum + a[j][i] * other[p], 0))),
  )
  const lengths = moved.map(norm)
  const sum = lengths.reduce((total, length) => total + length, 0)
  return moved.map((atom, j) =>
    atom.map((value) => value * (normalization === 'columns' ? 1 / lengths[j] : atoms.length / sum)),
  )
}

/** Σ ½‖y − Wz‖² over a batch. */
export function batchCost(
  atoms: readonly number[][],
  codes: readonly number[][],
  observations: readonly number[][],
): number {
  return observations.reduce((total, y, i) => {
    const left = y.map((value, p) => value - atoms.reduce((sum, atom, j) => sum + codes[i][j] * atom[p], 0))
    return total + 0.5 * dot(left, left)
  }, 0)
}
