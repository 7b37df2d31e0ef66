/**
 * What the coding kernels work on: a dictionary with its Gram matrix, observations, a regularizer, and where results go.
 * The host writes these fields; `src/kernels/structs.ts` holds the same order. Pointers are byte addresses.
 *
 *     E(z) = ½‖y − Wz‖² + Σⱼ thresholdⱼ|zⱼ| + ½μ‖z‖²
 */
@unmanaged
export class Problem {
  /** Observations in this batch. */
  n: i32
  /** Numbers in an observation, padded with zeros to a multiple of 8; so are the atoms. */
  m: i32
  /** Numbers in an observation without the padding. */
  size: i32
  /** Atoms. */
  k: i32
  /** `k` rounded up to a multiple of 16; rows of the Gram matrix and of correlations have this length. */
  kp: i32
  /** Observations a chunk of the parallel loop, at most. */
  chunk: i32
  /** f32 [n, m] */
  observations: usize
  /** f32 [n, m]: 1 where a number was observed, 0 where it is missing (and 0 in the observations); 0: nothing is missing. */
  masks: usize
  /** f32 [k, m]: atom j is a row. */
  atoms: usize
  /** f32 [kp / 8, m, 8]: eight atoms side by side, for dense observations. */
  panels: usize
  /** f32 [m, kp]: number p of every atom, for observations that are mostly zero. */
  transposed: usize
  /** f32 [k, kp]: WᵀW rounded to single precision. */
  gramHigh: usize
  /** f32 [k, kp]: what the rounding left. */
  gramLow: usize
  /** f32 [kp]: weight of each atom's absolute value; infinity on the padding. */
  weights: usize
  /** i32 [n + 1], i32, f32: codes to start from (CSR), or 0. */
  warmIndptr: usize
  warmIndices: usize
  warmValues: usize
  /** i32 [n, capacity], f32 [n, capacity], i32 [n]: the codes found, by increasing atom. */
  outIndices: usize
  outValues: usize
  outCounts: usize
  /** i32 [n + 1]: where each code starts once they are packed. */
  outStarts: usize
  capacity: i32
  /** f64 [n] each. */
  outEnergy: usize
  outGap: usize
  /** i32 [n] each. */
  outSteps: usize
  outStatus: usize
  /** One piece of `scratchStride` bytes a thread. */
  scratch: usize
  scratchStride: usize
  /** Which R: see {@link Penalty}. */
  penalty: i32
  /** 1: z ≥ 0. */
  nonNegative: i32
  /** Atoms a group (group L2), else 1. */
  groupSize: i32
  /** Largest number of active atoms (top-k, orthogonal matching pursuit), else 0. */
  topK: i32
  maxSteps: i32
  /** 1: results carry a certificate in double precision; 0: a gap estimated in single precision steers the search. */
  certify: i32
  /** Largest working set of the active-set solver. */
  workingCapacity: i32
  lambda: f64
  /** Where above 0, λ is this fraction of each observation's λmax. */
  lambdaRatio: f64
  /** μ of the elastic net. */
  ridge: f64
  /** Relative duality gap to reach. */
  tolerance: f64
  /** An upper bound of the largest eigenvalue of WᵀW + μI. */
  lipschitz: f64
  /** Largest Euclidean norm of an atom. */
  atomNorm: f64
  /** Mean square of an observation's residual, over what was observed, that is enough for orthogonal matching pursuit. */
  residual: f64
}

/** Σ wⱼ|zⱼ| (with the signs and the ridge of the elastic net); Σ w_g‖z_g‖; at most `topK` active; λ‖z‖₀. */
export namespace Penalty {
  export const L1: i32 = 0
  export const GROUP: i32 = 1
  export const TOP_K: i32 = 2
  export const L0: i32 = 3
}

/** Why a solver stopped; the numbers of `Status` in `src/inference/inference.ts`. */
export namespace Stop {
  export const CONVERGED: i32 = 0
  export const MAX_STEPS: i32 = 1
  export const DIVERGED: i32 = 3
  export const NON_FINITE: i32 = 4
  export const STALLED: i32 = 5
}
