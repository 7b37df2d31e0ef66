import type { Regularizer } from '../energy/regularizer.js'
import { LinearBatch } from '../inference/linear/batch.js'
import { defaultSolver, maskedSolver } from '../inference/linear/solvers.js'
import { KernelDictionary } from '../kernels/dictionary.js'
import type { Engine } from '../kernels/engine.js'
import { Job } from '../kernels/jobs.js'
import { type LearningFields, learningLayout, writeFields } from '../kernels/structs.js'
import type { DictionaryUpdate } from './dictionaryUpdate.js'
import { firstAtoms, normalizeInto, type Start } from './firstAtoms.js'

/** How a dictionary is learned from batches. */
export interface LearnerSettings {
  readonly atoms: number
  /** The shape of one observation, and its numbers. */
  readonly shape: readonly number[]
  readonly size: number
  readonly regularizer: Regularizer
  readonly update: DictionaryUpdate
  readonly nonNegativeAtoms: boolean
  /** Observations without use after which an atom is dead and replaced. */
  readonly deadAfter: number
  readonly seed: number
  /** What first atoms are made of. */
  readonly start: Start
  /** Largest batch. */
  readonly batchSize: number
  /** Relative duality gap to which codes are found while learning. */
  readonly tolerance: number
  /** Whether observations come with masks. */
  readonly masked?: boolean
}

/** Everything that the next step depends on; what a checkpoint holds. */
export interface LearnerState {
  readonly atoms: Float32Array
  readonly codeProducts: Float32Array
  readonly dataProducts: Float32Array
  readonly usage: Float64Array
  readonly lastUse: Float64Array
  readonly steps: number
  readonly seen: number
  readonly replaced: number
}

/** What one step saw. */
export interface StepReport {
  /** Mean energy an observation of the batch, before the dictionary moved. */
  readonly energy: number
  /** Mean active atoms a code. */
  readonly active: number
}

const MAX_STEPS = 200

/**
 * Online dictionary learning (Mairal, Bach, Ponce, Sapiro 2010): codes for a batch, statistics A = Σzzᵀ and B = Σzyᵀ with
 * forgetting, and a move of the atoms. Every number is reduced in an order fixed by the data, so that the threads at work
 * do not change a bit. Where numbers are missing, statistics take what the code says of them, (Wz)ₚ: with that, ½‖y − Wz‖² lies
 * above the energy of what was observed and touches it at the present W, so that lowering the one lowers the other. Owns kernel memory
 * until disposed.
 */
export class DictionaryLearner {
  private readonly dictionary: KernelDictionary
  private readonly batch: LinearBatch
  private readonly learning: number
  private readonly codeProducts: number
  private readonly dataProducts: number
  private readonly usage: number
  private readonly atomStarts: number
  private lastUse: Float64Array
  private steps = 0
  private seen = 0
  private replaced = 0

  constructor(
    readonly engine: Engine,
    readonly settings: LearnerSettings,
  ) {
    const { atoms: count, size, batchSize, regularizer, update } = settings
    const dictionary = new KernelDictionary(engine, count, size, 'single')
    this.dictionary = dictionary
    this.lastUse = new Float64Array(count)
    const { paddedSize: m, paddedCount: kp } = dictionary
    const own = (bytes: number) => dictionary.own(bytes, `The statistics of ${count} atoms of ${size} numbers`)
    try {
      const { tolerance, masked = false } = settings
      const plain = defaultSolver(regularizer.kind)
      const solver = masked ? maskedSolver(plain, regularizer.kind) : plain
      this.batch = new LinearBatch(
        dictionary,
        regularizer.penalty,
        regularizer.strength,
        { solver, tolerance, maxSteps: MAX_STEPS, certify: false, masked },
        batchSize,
      )
      this.learning = own(learningLayout.bytes)
      this.codeProducts = own(count * kp * 4)
      this.dataProducts = own(count * m * 4)
      this.usage = own(count * 8)
      this.atomStarts = own((count + 1) * 4)
      this.describe({
        m,
        k: count,
        kp,
        observations: this.batch.observations,
        indices: this.batch.outIndices,
        values: this.batch.outValues,
        counts: this.batch.outCounts,
        capacity: count,
        atomStarts: this.atomStarts,
        atomRows: own(batchSize * count * 4),
        atomValues: own(batchSize * count * 4),
        codeProducts: this.codeProducts,
        dataProducts: this.dataProducts,
        atoms: dictionary.atoms,
        gradient: own((update.kind === 'gradient' ? count + 4 : 16) * m * 4),
        usage: this.usage,
        nonNegative: settings.nonNegativeAtoms ? 1 : 0,
      })
    } catch (error) {
      this.dispose()
      throw error
    }
    engine.f32(this.codeProducts, count * kp).fill(0)
    engine.f32(this.dataProducts, count * m).fill(0)
    engine.f64(this.usage, count).fill(0)
  }

  private describe(fields: Partial<LearningFields>): void {
    writeFields(this.engine.buffer, this.learning, learningLayout.offsets, fields)
  }

  /** First atoms, from `sample` [rows, size]; see {@link firstAtoms}. */
  initialize(sample: Float32Array, rows: number): void {
    this.dictionary.load(firstAtoms(this.settings, sample, rows))
  }

  /** Codes a batch of observations [rows, size] (from row `first` of `data`, under `mask`) and moves the dictionary. */
  step(data: Float32Array, first: number, rows: number, mask?: Float32Array): StepReport {
    this.batch.fill(data, first, rows, mask)
    this.batch.solve(rows)
    return this.learn(rows)
  }

  /**
   * The same with the event loop turning while codes are found. Where `stop` says so meanwhile, nothing is learned of this
   * batch and undefined is returned.
   */
  async stepInSlices(
    data: Float32Array,
    first: number,
    rows: number,
    stop: () => boolean,
    mask?: Float32Array,
  ): Promise<StepReport | undefined> {
    this.batch.fill(data, first, rows, mask)
    return (await this.batch.solveInSlices(rows, stop)) ? this.learn(rows) : undefined
  }

  /** Learns from the codes of the batch. */
  private learn(rows: number): StepReport {
    const { engine, batch, settings } = this
    if (settings.masked) batch.complete(rows)
    const energies = engine.f64(batch.outEnergy, rows)
    const counts = engine.i32(batch.outCounts, rows)
    let energy = 0
    let active = 0
    for (let i = 0; i < rows; i++) {
      energy += energies[i]
      active += counts[i]
    }
    this.steps++
    this.seen += rows
    const { update } = settings
    this.describe({ n: rows, decay: update.decay(this.steps, this.seen, rows) })
    engine.kernels.transposeCodes(this.learning)
    engine.parallelFor(Job.statistics, settings.atoms, 4, this.learning)
    if (update.kind === 'online') {
      engine.updateAtoms(this.learning, update.leastUse)
    } else {
      engine.gradientAtoms(this.learning, update.rate(this.largestCurvature()), update.normalization === 'columns')
    }
    this.replaceDead(rows)
    this.dictionary.derive()
    return { energy: energy / rows, active: active / rows }
  }

  /** Mean energy and active atoms of observations (under `mask`) with the dictionary as it stands; nothing is learned. */
  evaluate(data: Float32Array, rows: number, mask?: Float32Array): StepReport {
    const { engine, batch, settings } = this
    let energy = 0
    let active = 0
    for (let first = 0; first < rows; first += settings.batchSize) {
      const count = Math.min(settings.batchSize, rows - first)
      batch.fill(data, first, count, mask)
      batch.solve(count)
      for (const value of engine.f64(batch.outEnergy, count)) energy += value
      for (const value of engine.i32(batch.outCounts, count)) active += value
    }
    return { energy: energy / rows, active: active / rows }
  }

  /** The largest row sum of |A|: a bound of the curvature of the mean energy in W. */
  private largestCurvature(): number {
    const { atoms: count } = this.settings
    const kp = this.dictionary.paddedCount
    const products = this.engine.f32(this.codeProducts, count * kp)
    let largest = 0
    for (let j = 0; j < count; j++) {
      let sum = 0
      for (let i = 0; i < count; i++) sum += Math.abs(products[j * kp + i])
      largest = Math.max(largest, sum)
    }
    return largest
  }

  /**
   * An atom that no code has used for `deadAfter` observations becomes the batch's observation of highest energy (the next
   * one for a further atom), normalized, and its statistics start at zero.
   */
  private replaceDead(rows: number): void {
    const { engine, settings, dictionary } = this
    const { atoms: count, size, deadAfter } = settings
    const starts = engine.i32(this.atomStarts, count + 1)
    const dead: number[] = []
    for (let j = 0; j < count; j++) {
      if (starts[j + 1] > starts[j]) this.lastUse[j] = this.seen
      else if (this.seen - this.lastUse[j] >= deadAfter) dead.push(j)
    }
    if (dead.length === 0) return
    const energies = engine.f64(this.batch.outEnergy, rows)
    const order = Array.from({ length: rows }, (_, i) => i).sort((a, b) => energies[b] - energies[a] || a - b)
    const { paddedSize: m, paddedCount: kp } = dictionary
    const observations = engine.f32(this.batch.observations, rows * m)
    const atoms = engine.f32(dictionary.atoms, count * m)
    const codeProducts = engine.f32(this.codeProducts, count * kp)
    const dataProducts = engine.f32(this.dataProducts, count * m)
    const usage = engine.f64(this.usage, count)
    for (const j of dead.slice(0, rows)) {
      const row = order.shift()!
      const observation = observations.subarray(row * m, row * m + size)
      if (!normalizeInto(atoms.subarray(j * m, j * m + size), observation, settings.nonNegativeAtoms)) continue
      for (let i = 0; i < count; i++) {
        codeProducts[j * kp + i] = 0
        codeProducts[i * kp + j] = 0
      }
      dataProducts.fill(0, j * m, (j + 1) * m)
      usage[j] = 0
      this.lastUse[j] = this.seen
      this.replaced++
    }
  }

  /** The atoms [k, size], copied. */
  atoms(): Float32Array {
    return this.dictionary.read()
  }

  /** How often each atom was used, older batches forgotten as the statistics are. */
  usageCounts(): Float64Array {
    return this.engine.f64(this.usage, this.settings.atoms).slice()
  }

  get stepsTaken(): number {
    return this.steps
  }

  get observationsSeen(): number {
    return this.seen
  }

  get atomsReplaced(): number {
    return this.replaced
  }

  state(): LearnerState {
    const { engine, settings, dictionary } = this
    const { atoms: count } = settings
    return {
      atoms: dictionary.read(),
      codeProducts: engine.f32(this.codeProducts, count * dictionary.paddedCount).slice(),
      dataProducts: engine.f32(this.dataProducts, count * dictionary.paddedSize).slice(),
      usage: this.usageCounts(),
      lastUse: this.lastUse.slice(),
      steps: this.steps,
      seen: this.seen,
      replaced: this.replaced,
    }
  }

  restore(state: LearnerState): void {
    const { engine, settings, dictionary } = this
    const { atoms: count } = settings
    dictionary.load(state.atoms)
    engine.f32(this.codeProducts, count * dictionary.paddedCount).set(state.codeProducts)
    engine.f32(this.dataProducts, count * dictionary.paddedSize).set(state.dataProducts)
    engine.f64(this.usage, count).set(state.usage)
    this.lastUse = state.lastUse.slice()
    this.steps = state.steps
    this.seen = state.seen
    this.replaced = state.replaced
  }

  dispose(): void {
    this.batch?.dispose()
    this.dictionary.dispose()
  }
}
