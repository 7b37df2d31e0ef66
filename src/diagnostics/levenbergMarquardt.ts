/** ½ the sum of squares of a small number of parameters, and its Gauss–Newton model. */
export interface LeastSquares {
  readonly parameters: number
  /** The sum of squares at `p`. */
  cost(p: Float64Array): number
  /** JᵀJ (lower triangle of [k, k]) into `normal` and Jᵀr into `gradient`, both overwritten. */
  linearize(p: Float64Array, normal: Float64Array, gradient: Float64Array): void
  /** Moves `p` to the nearest allowed parameters. */
  project(p: Float64Array): void
}

/** Where a descent stands: pass it back to continue. */
export interface Descent {
  readonly p: Float64Array
  cost: number
  /** Marquardt's damping, relative to the diagonal of JᵀJ. */
  damping: number
  done: boolean
}

/** A descent from `start`, projected. */
export function beginDescent(problem: LeastSquares, start: Float64Array): Descent {
  const p = start.slice()
  problem.project(p)
  return { p, cost: problem.cost(p), damping: 1e-2, done: false }
}

/**
 * At most `steps` steps of Levenberg and Marquardt: (JᵀJ + μ diag JᵀJ) δ = −Jᵀr, μ smaller after success and larger after failure.
 * It never goes up, and is done when a step lowers the cost by less than 1e-9 of it.
 */
export function descend(problem: LeastSquares, descent: Descent, steps: number): void {
  const k = problem.parameters
  const normal = new Float64Array(k * k)
  const gradient = new Float64Array(k)
  const factor = new Float64Array(k * k)
  const trial = new Float64Array(k)
  for (let step = 0; step < steps && !descent.done; step++) {
    problem.linearize(descent.p, normal, gradient)
    let largest = 0
    for (let i = 0; i < k; i++) largest = Math.max(largest, normal[i * k + i])
    let lowered = false
    while (!lowered && descent.damping < 1e8) {
      factor.set(normal)
      // The second term keeps parameters that do not matter at this point from making the system singular.
      for (let i = 0; i < k; i++) factor[i * k + i] += descent.damping * (normal[i * k + i] + 1e-9 * largest) + 1e-300
      if (solve(factor, gradient, trial, k)) {
        for (let i = 0; i < k; i++) trial[i] = descent.p[i] - trial[i]
        problem.project(trial)
        const cost = problem.cost(trial)
        if (cost < descent.cost) {
          descent.done = descent.cost - cost <= 1e-9 * descent.cost
          descent.p.set(trial)
          descent.cost = cost
          lowered = true
        }
      }
      descent.damping = lowered ? Math.max(1e-9, descent.damping / 5) : descent.damping * 4
    }
    if (!lowered) descent.done = true
  }
}

/** Solves a symmetric positive definite system by Cholesky, in place in `factor`; false where it is not. */
function solve(factor: Float64Array, right: Float64Array, out: Float64Array, k: number): boolean {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * k + j]
      for (let m = 0; m < j; m++) sum -= factor[i * k + m] * factor[j * k + m]
      if (i > j) factor[i * k + j] = sum / factor[j * k + j]
      else if (sum > 0) factor[i * k + i] = Math.sqrt(sum)
      else return false
    }
  }
  for (let i = 0; i < k; i++) {
    let sum = right[i]
    for (let m = 0; m < i; m++) sum -= factor[i * k + m] * out[m]
    out[i] = sum / factor[i * k + i]
  }
  for (let i = k - 1; i >= 0; i--) {
    let sum = out[i]
    for (let m = i + 1; m < k; m++) sum -= factor[m * k + i] * out[m]
    out[i] = sum / factor[i * k + i]
  }
  return true
}
