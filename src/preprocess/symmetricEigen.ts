import { ConvergenceError, ShapeError } from '../tensor/errors.js'

/** Eigenvalues in decreasing order, and the eigenvector of each as one row of `vectors` [n, n]. */
export interface SymmetricEigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/**
 * All eigenvalues and eigenvectors of a symmetric matrix [n, n] (row-major; only its lower triangle is read):
 * Householder reflections to tridiagonal form, then QL steps with Wilkinson's shift. The vectors are orthonormal
 * to rounding. Throws {@link ShapeError} unless the matrix has n² elements, {@link ConvergenceError} where it is not finite.
 * Source: Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1 and 8.3.3.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  if (matrix.length !== n * n) {
    throw new ShapeError(`A symmetric matrix of ${n} rows needs ${n * n} elements; ${matrix.length} were given.`)
  }
  if (!matrix.every(Number.isFinite)) {
    throw new ConvergenceError(
      'The eigenvalues of a matrix with NaN or infinite elements were asked for; check the data.',
    )
  }
  const { diagonal, offDiagonal, vectors } = tridiagonalize(matrix, n)
  diagonalize(diagonal, offDiagonal, vectors, n)
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => diagonal[b] - diagonal[a])
  const sorted = new Float64Array(n * n)
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n)
  })
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors: sorted }
}

/** A = QTQᵀ: the diagonals of T (`offDiagonal[i]` couples i and i + 1), and Qᵀ as rows. */
function tridiagonalize(matrix: Float64Array, n: number) {
  const a = matrix.slice()
  const diagonal = new Float64Array(n)
  const offDiagonal = new Float64Array(n)
  const scales = new Float64Array(n)
  const p = new Float64Array(n)
  // Row i is reduced to its element i − 1, from the last row up; its reflection's vector replaces it, in a[i, 0 … i − 1].
  for (let i = n - 1; i > 0; i--) {
    const v = a.subarray(i * n, i * n + i)
    let largest = 0
    for (let j = 0; j < i; j++) largest = Math.max(largest, Math.abs(v[j]))
    diagonal[i] = a[i * n + i]
    if (largest === 0) continue
    let squares = 0
    for (let j = 0; j < i; j++) {
      v[j] /= largest
      squares += v[j] * v[j]
    }
    const norm = v[i - 1] > 0 ? -Math.sqrt(squares) : Math.sqrt(squares)
    offDiagonal[i - 1] = norm * largest
    // H = I − s v vᵀ with s = 2 / vᵀv
    const s = 1 / (squares - v[i - 1] * norm)
    v[i - 1] -= norm
    scales[i] = s

    p.fill(0, 0, i)
    for (let r = 0; r < i; r++) {
      const row = a.subarray(r * n, r * n + r + 1)
      const vr = v[r]
      let sum = row[r] * vr
      for (let c = 0; c < r; c++) {
        sum += row[c] * v[c]
        p[c] += row[c] * vr
      }
      p[r] += sum
    }
    let projection = 0
    for (let r = 0; r < i; r++) {
      p[r] *= s
      projection += p[r] * v[r]
    }
    const half = (s * projection) / 2
    for (let r = 0; r < i; r++) p[r] -= half * v[r]
    for (let r = 0; r < i; r++) {
      const row = a.subarray(r * n, r * n + r + 1)
      const vr = v[r]
      const pr = p[r]
      for (let c = 0; c <= r; c++) row[c] -= vr * p[c] + pr * v[c]
    }
  }
  if (n > 0) diagonal[0] = a[0]

  // Qᵀ = H₁ H₂ … Hₙ₋₁ (in the order 1, 2, …, rows grow): apply each reflection to the leading block built so far.
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  for (let i = 1; i < n; i++) {
    const s = scales[i]
    if (s === 0) continue
    const v = a.subarray(i * n, i * n + i)
    for (let r = 0; r < i; r++) {
      const row = vectors.subarray(r * n, r * n + i)
      let dot = 0
      for (let c = 0; c < i; c++) dot += row[c] * v[c]
      dot *= s
      for (let c = 0; c < i; c++) row[c] -= dot * v[c]
    }
  }
  return { diagonal, offDiagonal, vectors }
}

/** Implicit QL: rotates T to a diagonal, and the rows of Qᵀ with it. */
function diagonalize(diagonal: Float64Array, offDiagonal: Float64Array, vectors: Float64Array, n: number): void {
  for (let l = 0; l < n; l++) {
    for (let attempts = 0; ; attempts++) {
      let m = l
      while (m < n - 1 && !negligible(offDiagonal[m], diagonal[m], diagonal[m + 1])) m++
      if (m === l) break
      if (attempts === 100) {
        throw new ConvergenceError(
          'The eigenvalues did not settle in 100 steps; the matrix may span too large a range.',
        )
      }
      const difference = (diagonal[l + 1] - diagonal[l]) / (2 * offDiagonal[l])
      const root = Math.sqrt(1 + difference * difference)
      let g = diagonal[m] - diagonal[l] + offDiagonal[l] / (difference + (difference >= 0 ? root : -root))
      let sin = 1
      let cos = 1
      let shift = 0
      let i = m - 1
      for (; i >= l; i--) {
        const f = sin * offDiagonal[i]
        const b = cos * offDiagonal[i]
        const radius = Math.sqrt(f * f + g * g)
        offDiagonal[i + 1] = radius
        if (radius === 0) {
          diagonal[i + 1] -= shift
          offDiagonal[m] = 0
          break
        }
        sin = f / radius
        cos = g / radius
        g = diagonal[i + 1] - shift
        const turned = (diagonal[i] - g) * sin + 2 * cos * b
        shift = sin * turned
        diagonal[i + 1] = g + shift
        g = cos * turned - b
        rotateRows(vectors, i, n, cos, sin)
      }
      if (i >= l) continue
      diagonal[l] -= shift
      offDiagonal[l] = g
      offDiagonal[m] = 0
    }
  }
}

function negligible(coupling: number, a: number, b: number): boolean {
  return Math.abs(coupling) <= Number.EPSILON * (Math.abs(a) + Math.abs(b))
}

/** Rotates rows i and i + 1. */
function rotateRows(vectors: Float64Array, i: number, n: number, cos: number, sin: number): void {
  const upper = vectors.subarray(i * n, (i + 1) * n)
  const lower = vectors.subarray((i + 1) * n, (i + 2) * n)
  for (let k = 0; k < n; k++) {
    const below = lower[k]
    lower[k] = sin * upper[k] + cos * below
    upper[k] = cos * upper[k] - sin * below
  }
}
