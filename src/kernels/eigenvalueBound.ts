const POWER_STEPS = 40
/** Largest matrix whose bound is proved by a factorization; the work is its cube. */
const PROVABLE = 1024

/**
 * An upper bound of the largest eigenvalue of a symmetric positive semidefinite matrix (rows `stride` apart). Up to 1,024
 * rows: the power method's estimate, raised until the Cholesky factorization of bound·I − G succeeds, which proves it.
 * Beyond: the least of the largest absolute row sum and the Frobenius norm, which are bounds always.
 */
export function eigenvalueBound(gram: Float32Array, count: number, stride: number): number {
  let rowSum = 0
  let squares = 0
  for (let j = 0; j < count; j++) {
    let sum = 0
    for (let i = 0; i < count; i++) {
      const value = gram[j * stride + i]
      sum += Math.abs(value)
      squares += value * value
    }
    rowSum = Math.max(rowSum, sum)
  }
  const safe = Math.min(rowSum, Math.sqrt(squares)) * (1 + 1e-6)
  if (count > PROVABLE) return safe
  for (let bound = powerMethod(gram, count, stride) * (1 + 1e-4); bound < safe; bound *= 1.05) {
    if (dominates(bound, gram, count, stride)) return bound
  }
  return safe
}

function powerMethod(gram: Float32Array, count: number, stride: number): number {
  let vector = new Float64Array(count).map((_, j) => 1 + 0.5 * Math.sin(1 + j * 12.9898))
  let value = 0
  for (let step = 0; step < POWER_STEPS; step++) {
    const next = new Float64Array(count)
    for (let j = 0; j < count; j++) {
      for (let i = 0; i < count; i++) next[j] += gram[j * stride + i] * vector[i]
    }
    value = Math.sqrt(next.reduce((sum, x) => sum + x * x, 0))
    if (value === 0) return 0
    vector = next.map((x) => x / value)
  }
  return value
}

/** Whether bound·I − G is positive definite: whether its Cholesky factorization goes through. */
function dominates(bound: number, gram: Float32Array, count: number, stride: number): boolean {
  const factor = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    const own = i * count
    for (let j = 0; j <= i; j++) {
      const other = j * count
      let sum = (i === j ? bound : 0) - gram[i * stride + j]
      for (let t = 0; t < j; t++) sum -= factor[own + t] * factor[other + t]
      if (i > j) factor[own + j] = sum / factor[other + j]
      else if (sum > 1e-9 * bound) factor[own + j] = Math.sqrt(sum)
      else return false
    }
  }
  return true
}
