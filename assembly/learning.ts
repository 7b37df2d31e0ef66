/**
 * Sufficient statistics of dictionary learning and the dictionary they determine:
 * A = Σ zzᵀ (f32 [k, kp]) and B = Σ zyᵀ (f32 [k, m]), older batches forgotten by `decay`.
 */
@unmanaged
export class Learning {
  /** Observations in the batch. */
  n: i32
  m: i32
  k: i32
  kp: i32
  /** f32 [n, m] */
  observations: usize
  /** Codes of the batch as the solvers leave them: i32 and f32 [n, capacity], i32 [n]. */
  indices: usize
  values: usize
  counts: usize
  capacity: i32
  /** Codes by atom: i32 [k + 1], then observation (i32) and value (f32) of each entry. */
  atomStarts: usize
  atomRows: usize
  atomValues: usize
  /** f32 [k, kp] */
  codeProducts: usize
  /** f32 [k, m] */
  dataProducts: usize
  /** f32 [k, m] */
  atoms: usize
  /** f32 [block, m]: B − AD for the atoms at work. */
  gradient: usize
  /** f64 [k]: how often each atom was used, decayed like the statistics. */
  usage: usize
  /** First atom at work and how many. */
  blockBegin: i32
  blockSize: i32
  /** 1: atoms ≥ 0. */
  nonNegative: i32
  decay: f64
}

/** Atoms whose gradient is formed together. */
export const BLOCK: i32 = 12
