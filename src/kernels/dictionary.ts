import { eigenvalueBound } from './eigenvalueBound.js'
import type { Engine } from './engine.js'
import { Job } from './jobs.js'
import { type ProblemFields, problemLayout, writeFields } from './structs.js'

/** Rows of the Gram matrix a chunk of the parallel loop forms. */
const GRAM_CHUNK = 10

/**
 * A dictionary in the kernels' memory with all that coding needs: rows, panels, the transpose and the Gram matrix. Owns
 * its memory until disposed.
 */
export class KernelDictionary {
  /** Numbers an observation, padded to a multiple of 8. */
  readonly paddedSize: number
  /** Atoms, padded to a multiple of 16. */
  readonly paddedCount: number
  /** The `Problem` structure that jobs over this dictionary are described in. */
  readonly problem: number
  readonly atoms: number
  private readonly owned: number[] = []
  private readonly gramHigh: number
  private lipschitzBound: number | undefined
  private largestNorm = 0

  constructor(
    readonly engine: Engine,
    /** Atoms. */
    readonly count: number,
    /** Numbers an observation. */
    readonly size: number,
    /** `exact`: a Gram matrix good to double precision; `single`: a quick one, for learning. */
    readonly precision: 'exact' | 'single',
  ) {
    this.paddedSize = Math.ceil(size / 8) * 8
    this.paddedCount = Math.ceil(count / 16) * 16
    const m = this.paddedSize
    const kp = this.paddedCount
    const purpose = `A dictionary of ${count} atoms of ${size} numbers and its Gram matrix`
    try {
      this.problem = this.own(problemLayout.bytes, purpose)
      this.atoms = this.own(count * m * 4, purpose)
      const panels = this.own(kp * m * 4, purpose)
      const transposed = this.own(kp * m * 4, purpose)
      this.gramHigh = this.own(count * kp * 4, purpose)
      const gramLow = this.own(count * kp * 4, purpose)
      const scratch = this.own(m * 20 * engine.threads, purpose)
      engine.f32(this.atoms, count * m).fill(0)
      engine.f32(this.gramHigh, count * kp).fill(0)
      engine.f32(gramLow, count * kp).fill(0)
      new Uint8Array(engine.buffer, this.problem, problemLayout.bytes).fill(0)
      this.describe({
        n: 0,
        m,
        size,
        k: count,
        kp,
        atoms: this.atoms,
        panels,
        transposed,
        gramHigh: this.gramHigh,
        gramLow,
        scratch,
        scratchStride: m * 20,
      })
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** Allocates memory that lives as long as the dictionary. */
  own(bytes: number, purpose: string): number {
    const at = this.engine.allocator.allocate(bytes, purpose)
    this.owned.push(at)
    return at
  }

  describe(fields: Partial<ProblemFields>): void {
    writeFields(this.engine.buffer, this.problem, problemLayout.offsets, fields)
  }

  /** Copies atoms [k, …] in, and derives the rest. */
  load(atoms: Float32Array): void {
    const { count, size, paddedSize } = this
    const rows = this.engine.f32(this.atoms, count * paddedSize)
    for (let j = 0; j < count; j++) rows.set(atoms.subarray(j * size, (j + 1) * size), j * paddedSize)
    this.derive()
  }

  /** Copies the atoms out. */
  read(): Float32Array {
    const { count, size, paddedSize } = this
    const rows = this.engine.f32(this.atoms, count * paddedSize)
    const atoms = new Float32Array(count * size)
    for (let j = 0; j < count; j++) atoms.set(rows.subarray(j * paddedSize, j * paddedSize + size), j * size)
    return atoms
  }

  /** Forms panels, transpose and Gram matrix from the rows. */
  derive(): void {
    const { engine, count, paddedCount, paddedSize, problem } = this
    engine.parallelFor(Job.layAtoms, paddedCount, 16, problem)
    engine.parallelFor(this.precision === 'exact' ? Job.gram : Job.gramSingle, count, GRAM_CHUNK, problem)
    this.lipschitzBound = undefined
    let largest = 0
    const rows = engine.f32(this.atoms, count * paddedSize)
    for (let j = 0; j < count; j++) {
      let squares = 0
      for (let p = j * paddedSize; p < (j + 1) * paddedSize; p++) squares += rows[p] * rows[p]
      largest = Math.max(largest, squares)
    }
    this.describe({ atomNorm: Math.sqrt(largest) })
    this.largestNorm = Math.sqrt(largest)
  }

  /** An upper bound of the largest eigenvalue of WᵀW; see {@link eigenvalueBound}. */
  lipschitz(): number {
    this.lipschitzBound ??= eigenvalueBound(
      this.engine.f32(this.gramHigh, this.count * this.paddedCount),
      this.count,
      this.paddedCount,
    )
    return this.lipschitzBound
  }

  /** The largest Euclidean norm of an atom. */
  get atomNorm(): number {
    return this.largestNorm
  }

  dispose(): void {
    for (const at of this.owned) this.engine.allocator.free(at)
    this.owned.length = 0
  }
}
