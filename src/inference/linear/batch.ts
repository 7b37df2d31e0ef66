import type { KernelPenalty, Strength } from '../../energy/regularizer.js'
import type { KernelDictionary } from '../../kernels/dictionary.js'
import type { Engine } from '../../kernels/engine.js'
import { type ProblemFields, problemLayout, writeFields } from '../../kernels/structs.js'
import { turn } from '../../kernels/turn.js'
import type { Codes } from '../codes.js'
import type { LinearSolver } from './solvers.js'

/** Largest working set of the active-set solver; beyond it coordinate descent takes over. */
const WORKING_CAPACITY = 1024
/** Milliseconds of blocking work between two turns of the event loop, roughly. */
const SLICE_MS = 25
/** Observations a thread of the first slice, before it is known how long one takes. */
const FIRST_SLICE = 4
const FAMILY = { l1: 0, group: 1, 'top-k': 2, l0: 3 } as const

/** What a batch is solved with. */
export interface BatchSettings {
  readonly solver: LinearSolver<never>
  readonly tolerance: number
  readonly maxSteps: number
  readonly certify: boolean
  /** Whether observations come with masks; the solver must then be one for masks. */
  readonly masked?: boolean
  /** Root mean square of a residual that is enough for orthogonal matching pursuit. */
  readonly residual?: number | undefined
}

/**
 * Room in the kernels' memory for a batch of observations over one dictionary and regularizer: inputs, results and each
 * thread's scratch. Owns its memory until disposed.
 */
export class LinearBatch {
  readonly observations: number
  /** Where masks lie, or 0. */
  private readonly masks: number
  readonly outIndices: number
  readonly outValues: number
  readonly outCounts: number
  readonly outEnergy: number
  /** This batch's own `Problem`: the dictionary's, with everything else filled in. */
  private readonly problem: number
  private readonly outStarts: number
  private readonly outGap: number
  private readonly outSteps: number
  private readonly outStatus: number
  private readonly scratch: number
  /** Observations of the next slice. */
  private slice: number
  private readonly owned: number[] = []
  private warm: number[] = []
  private readonly engine: Engine

  constructor(
    readonly dictionary: KernelDictionary,
    private readonly penalty: KernelPenalty,
    strength: Strength | undefined,
    private readonly settings: BatchSettings,
    /** Observations that fit. */
    readonly rows: number,
    /** A batch of the same settings whose working memory serves this one too; the two are never solved at once. */
    beside?: LinearBatch,
  ) {
    const { engine, paddedSize, paddedCount, count } = dictionary
    this.engine = engine
    this.slice = FIRST_SLICE * engine.threads
    const capacity = count
    const own = (bytes: number, purpose: string) => {
      const at = engine.allocator.allocate(bytes, purpose)
      this.owned.push(at)
      return at
    }
    try {
      const purpose = `A batch of ${rows} observations and their codes over ${count} atoms`
      this.problem = own(problemLayout.bytes, purpose)
      new Uint8Array(engine.buffer).copyWithin(
        this.problem,
        dictionary.problem,
        dictionary.problem + problemLayout.bytes,
      )
      this.observations = own(rows * paddedSize * 4, purpose)
      this.masks = settings.masked ? own(rows * paddedSize * 4, purpose) : 0
      this.outIndices = own(rows * capacity * 4, purpose)
      this.outValues = own(rows * capacity * 4, purpose)
      this.outCounts = own(rows * 4, purpose)
      this.outStarts = own((rows + 1) * 4, purpose)
      this.outEnergy = own(rows * 8, purpose)
      this.outGap = own(rows * 8, purpose)
      this.outSteps = own(rows * 4, purpose)
      this.outStatus = own(rows * 4, purpose)
      const weights = own(paddedCount * 4, purpose)
      const weightValues = engine.f32(weights, paddedCount).fill(Number.POSITIVE_INFINITY)
      if (penalty.weights) weightValues.set(penalty.weights)
      else weightValues.fill(1, 0, count)

      const topK = penalty.family === 'top-k' ? Math.min(penalty.topK, count) : 0
      this.describe({
        chunk: chunkOf(paddedCount),
        observations: this.observations,
        masks: this.masks,
        weights,
        outIndices: this.outIndices,
        outValues: this.outValues,
        outCounts: this.outCounts,
        outStarts: this.outStarts,
        outEnergy: this.outEnergy,
        outGap: this.outGap,
        outSteps: this.outSteps,
        outStatus: this.outStatus,
        capacity,
        penalty: FAMILY[penalty.family],
        nonNegative: penalty.nonNegative ? 1 : 0,
        groupSize: Math.min(penalty.groupSize, count),
        topK,
        workingCapacity: settings.solver.workingSet === false ? 0 : Math.min(paddedCount, WORKING_CAPACITY),
        ridge: penalty.ridge,
        lambda: strength && 'lambda' in strength ? strength.lambda : 0,
        lambdaRatio: strength && 'lambdaRatio' in strength ? strength.lambdaRatio : 0,
        tolerance: settings.tolerance,
        certify: settings.certify ? 1 : 0,
        residual: (settings.residual ?? 0) ** 2,
      })
      const stride = engine.kernels[settings.solver.scratch](this.problem)
      this.scratch =
        beside?.scratch ??
        own(stride * engine.threads, `The working memory of ${engine.threads} threads over ${count} atoms`)
      this.describe({ scratch: this.scratch, scratchStride: stride })
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  private describe(fields: Partial<ProblemFields>): void {
    writeFields(this.engine.buffer, this.problem, problemLayout.offsets, fields)
  }

  private needsLipschitz(): boolean {
    return this.settings.solver.name === 'fista' || this.settings.solver.name === 'ista'
  }

  /** Copies rows of observations [·, size] in; a batch for masks takes their masks of 0 and 1, or all as observed. */
  fill(data: Float32Array, firstRow: number, rows: number, mask?: Float32Array): void {
    if (this.masks) {
      this.fillMasked(data, mask, firstRow, rows)
      return
    }
    const { size, paddedSize } = this.dictionary
    const target = this.engine.f32(this.observations, rows * paddedSize)
    if (size === paddedSize) {
      target.set(data.subarray(firstRow * size, (firstRow + rows) * size))
      return
    }
    target.fill(0)
    for (let i = 0; i < rows; i++) {
      const from = (firstRow + i) * size
      const to = i * paddedSize
      for (let p = 0; p < size; p++) target[to + p] = data[from + p]
    }
  }

  /** What is missing is 0 to the kernels, whatever stands there. */
  private fillMasked(data: Float32Array, mask: Float32Array | undefined, firstRow: number, rows: number): void {
    const { size, paddedSize } = this.dictionary
    const observations = this.engine.f32(this.observations, rows * paddedSize).fill(0)
    const masks = this.engine.f32(this.masks, rows * paddedSize).fill(0)
    for (let i = 0; i < rows; i++) {
      const from = (firstRow + i) * size
      const to = i * paddedSize
      for (let p = 0; p < size; p++) {
        if (mask && mask[from + p] === 0) continue
        masks[to + p] = 1
        observations[to + p] = data[from + p]
      }
    }
  }

  /** Puts what the codes found say, (Wz)ₚ, where numbers are missing: the observations as far as they are known, completed. */
  complete(rows: number): void {
    const { engine, dictionary } = this
    const { size, paddedSize, count: capacity } = dictionary
    const observations = engine.f32(this.observations, rows * paddedSize)
    const masks = engine.f32(this.masks, rows * paddedSize)
    const atoms = engine.f32(dictionary.atoms, capacity * paddedSize)
    const counts = engine.i32(this.outCounts, rows)
    const indices = engine.i32(this.outIndices, rows * capacity)
    const values = engine.f32(this.outValues, rows * capacity)
    const missing: number[] = []
    for (let i = 0; i < rows; i++) {
      const row = i * paddedSize
      missing.length = 0
      for (let p = 0; p < size; p++) if (masks[row + p] === 0) missing.push(p)
      for (const p of missing) observations[row + p] = 0
      for (let at = i * capacity; at < i * capacity + counts[i]; at++) {
        const atom = indices[at] * paddedSize
        for (const p of missing) observations[row + p] += values[at] * atoms[atom + p]
      }
    }
  }

  /** Lays down codes to start from (or none). */
  warmStart(codes: Codes | undefined, firstRow: number, rows: number): void {
    for (const at of this.warm) this.engine.allocator.free(at)
    this.warm = []
    if (!codes) {
      this.describe({ warmIndptr: 0 })
      return
    }
    const from = codes.indptr[firstRow]
    const count = codes.indptr[firstRow + rows] - from
    const claim = (bytes: number) => {
      const at = this.engine.allocator.allocate(bytes, 'Codes to start from')
      this.warm.push(at)
      return at
    }
    const indptr = claim((rows + 1) * 4)
    const indices = claim(count * 4)
    const values = claim(count * 4)
    const starts = this.engine.i32(indptr, rows + 1)
    for (let i = 0; i <= rows; i++) starts[i] = codes.indptr[firstRow + i] - from
    this.engine.i32(indices, count).set(codes.indices.subarray(from, from + count))
    this.engine.f32(values, count).set(codes.values.subarray(from, from + count))
    this.describe({ warmIndptr: indptr, warmIndices: indices, warmValues: values })
  }

  /** Lays the first `rows` observations out for the helpers; `engine.join` completes the work. */
  begin(rows: number, maxSteps = this.settings.maxSteps): void {
    this.prepare(rows, maxSteps)
    this.engine.publish(this.settings.solver.job, rows, this.chunk(rows), this.problem)
  }

  /** Solves the first `rows` observations. */
  solve(rows: number, maxSteps = this.settings.maxSteps): void {
    this.begin(rows, maxSteps)
    this.engine.join()
  }

  /**
   * Solves the first `rows` observations in slices of about {@link SLICE_MS}, the event loop turning between them. Returns
   * false, with the rest unsolved, as soon as `stop` does not say otherwise.
   */
  async solveInSlices(rows: number, stop: () => boolean): Promise<boolean> {
    this.prepare(rows, this.settings.maxSteps)
    for (let first = 0; first < rows; ) {
      const count = Math.min(this.slice, rows - first)
      const begun = performance.now()
      this.solveSlice(first, count)
      this.slice = nextSlice(count, performance.now() - begun, this.slice)
      first += count
      if (first < rows) {
        await turn()
        if (stop()) return false
      }
    }
    return true
  }

  private prepare(rows: number, maxSteps: number): void {
    const lipschitz = this.needsLipschitz() ? this.dictionary.lipschitz() + this.penalty.ridge : 1
    this.describe({
      n: rows,
      maxSteps,
      atomNorm: this.dictionary.atomNorm,
      lipschitz: Math.max(lipschitz, Number.MIN_VALUE),
    })
  }

  private solveSlice(first: number, count: number): void {
    this.engine.parallelFor(this.settings.solver.job, count, this.chunk(count), this.problem, first)
  }

  /** Observations a chunk: small slices are cut finer, so that every thread has a share. */
  private chunk(count: number): number {
    const share = Math.ceil(count / (4 * this.engine.threads))
    return Math.max(1, Math.min(chunkOf(this.dictionary.paddedCount), share))
  }

  /**
   * Takes the results of the first `rows` observations, copied; `gaps` are stationarities where the penalty is not convex. Codes lie no
   * longer in rows of their own afterwards.
   */
  takeResults(rows: number): {
    codes: Codes
    energy: Float64Array
    gaps: Float64Array
    steps: Uint32Array
    statuses: Uint8Array
  } {
    const { engine, dictionary } = this
    const total = engine.kernels.packCodes(this.problem, rows)
    return {
      codes: {
        shape: [rows, dictionary.count],
        indptr: new Int32Array(engine.i32(this.outStarts, rows + 1)),
        indices: new Int32Array(engine.i32(this.outIndices, total)),
        values: new Float32Array(engine.f32(this.outValues, total)),
      },
      energy: engine.f64(this.outEnergy, rows).slice(),
      gaps: engine.f64(this.outGap, rows).slice(),
      steps: new Uint32Array(engine.i32(this.outSteps, rows)),
      statuses: new Uint8Array(engine.i32(this.outStatus, rows)),
    }
  }

  /** Whether gaps are duality gaps. */
  get convex(): boolean {
    return this.penalty.family === 'l1' || this.penalty.family === 'group'
  }

  dispose(): void {
    for (const at of [...this.owned, ...this.warm]) this.engine.allocator.free(at)
    this.owned.length = 0
    this.warm = []
  }
}

/** The size of the slice after one of `count` observations that took `spent` milliseconds; a short one that ended early tells little. */
export function nextSlice(count: number, spent: number, present: number): number {
  const fitting = Math.round(count * Math.min(8, SLICE_MS / Math.max(spent, 0.1)))
  return Math.max(1, count < present && spent < SLICE_MS ? Math.max(present, fitting) : fitting)
}

/** Observations a chunk: their correlations stay in a thread's cache. */
function chunkOf(paddedCount: number): number {
  return Math.max(5, Math.min(50, 5 * Math.floor(2560 / paddedCount)))
}
