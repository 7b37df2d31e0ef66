/** Vectors and matrices as plain arrays of doubles: slow, and short enough to be read as definitions. */

/** aᵀb */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** ‖a‖₂ */
export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a))
}

/** The rows of a row-major matrix [rows, columns]. */
export function rowsOf(data: ArrayLike<number>, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => data[i * columns + j]))
}

/** The Gram matrix of vectors: Gᵢⱼ = wᵢᵀwⱼ. */
export function gram(vectors: readonly number[][]): number[][] {
  return vectors.map((a) => vectors.map((b) => dot(a, b)))
}

/** x with Mx = b, by Gaussian elimination with row exchanges; undefined where M is singular to `floor` of its diagonal. */
export function solveLinear(matrix: readonly number[][], b: readonly number[], floor = 1e-11): number[] | undefined {
  const n = b.length
  const rows = matrix.map((row, i) => [...row, b[i]])
  const scale = Math.max(...matrix.map((row, i) => Math.abs(row[i])), 0)
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let i = column + 1; i < n; i++) if (Math.abs(rows[i][column]) > Math.abs(rows[pivot][column])) pivot = i
    if (!(Math.abs(rows[pivot][column]) > floor * scale)) return undefined
    ;[rows[column], rows[pivot]] = [rows[pivot], rows[column]]
    for (let i = column + 1; i < n; i++) {
      const factor = rows[i][column] / rows[column][column]
      for (let j = column; j <= n; j++) rows[i][j] -= factor * rows[column][j]
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let i = n - 1; i >= 0; i--) {
    let rest = rows[i][n]
    for (let j = i + 1; j < n; j++) rest -= rows[i][j] * x[j]
    x[i] = rest / rows[i][i]
  }
  return x
}

/** The largest eigenvalue of a symmetric matrix, by Jacobi's rotations. */
export function largestEigenvalue(matrix: readonly number[][]): number {
  const a = matrix.map((row) => [...row])
  const n = a.length
  for (let round = 0; round < 60; round++) {
    let off = 0
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off += a[p][q] ** 2
        if (a[p][q] === 0) continue
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const [kp, kq] = [a[k][p], a[k][q]]
          a[k][p] = c * kp - s * kq
          a[k][q] = s * kp + c * kq
        }
        for (let k = 0; k < n; k++) {
          const [pk, qk] = [a[p][k], a[q][k]]
          a[p][k] = c * pk - s * qk
          a[q][k] = s * pk + c * qk
        }
      }
    }
    if (off < 1e-24 * a.reduce((sum, row, i) => sum + row[i] ** 2, 0)) break
  }
  return Math.max(...a.map((row, i) => row[i]))
}
