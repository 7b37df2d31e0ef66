import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import type { Observations } from '../data/observations.js'
import { turn } from '../kernels/turn.js'
import type { DictionaryLearner } from '../learning/dictionaryLearner.js'
import type { Tensor } from '../tensor/tensor.js'
import type { EpochLearner, EpochStep, StepContext } from './epochLearner.js'
import type { EpochState } from './epochProgress.js'
import type { MaskedBatch } from './maskedObservations.js'

/** Observations of a batch that first atoms are drawn from, at least. */
const FIRST_SAMPLE = 4096
const FIRST_ROWS = 128
const GROWTH = 1.05

/** A dictionary learner's steps as a session takes them. Early steps see few observations, so that atoms soon leave their random start. */
export class SparseCodingLearner implements EpochLearner<MaskedBatch, 'active'> {
  /** Atoms have unit norm after every step. */
  readonly overshoots = false

  constructor(
    private readonly learner: DictionaryLearner,
    private readonly observations: Observations,
  ) {}

  get steps(): number {
    return this.learner.stepsTaken
  }

  async learn(
    { observations: batch, mask }: MaskedBatch,
    { row, outOfTime }: StepContext,
  ): Promise<EpochStep<'active'> | undefined> {
    const { learner } = this
    const { batchSize } = learner.settings
    if (learner.observationsSeen === 0) learner.initialize(...(await this.firstSample(batch)))
    const left = batch.shape[0] - row
    const rows = Math.min(batchSize, Math.round(FIRST_ROWS * GROWTH ** learner.stepsTaken), left)
    const step = await learner.stepInSlices(batch.data, row, rows, outOfTime, mask?.data)
    await turn()
    return step && { status: 'ok', rows, energy: step.energy, terms: { active: step.active }, more: rows < left }
  }

  /** Observations to draw first atoms from: this batch and, where it is small, the next ones. */
  private async firstSample(batch: Tensor): Promise<[Float32Array, number]> {
    const { atoms, seed } = this.learner.settings
    const wanted = Math.max(FIRST_SAMPLE, 2 * atoms)
    if (batch.shape[0] >= wanted) return [batch.data, batch.shape[0]]
    for await (const sample of this.observations.batches({ batchSize: wanted, seed, epoch: 0 })) {
      return [sample.data, sample.shape[0]]
    }
    return [batch.data, batch.shape[0]]
  }

  state(): Record<string, StoredTensor> {
    const { atoms, codeProducts, dataProducts, usage, lastUse, replaced } = this.learner.state()
    const arrays = { atoms, codeProducts, dataProducts, usage, lastUse, replaced: Float64Array.of(replaced) }
    return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, storedTensor(array)]))
  }

  restore(tensors: Readonly<Record<string, StoredTensor>>, state: EpochState<unknown>, file: string): void {
    const present = this.learner.state()
    const f32 = (name: 'atoms' | 'codeProducts' | 'dataProducts') =>
      tensorReference(tensors, { dtype: 'F32', shape: [present[name].length] })(name, file).data
    const f64 = (name: string, size: number) =>
      tensorReference(tensors, { dtype: 'F64', shape: [size] })(name, file).data
    this.learner.restore({
      atoms: f32('atoms'),
      codeProducts: f32('codeProducts'),
      dataProducts: f32('dataProducts'),
      usage: f64('usage', present.usage.length),
      lastUse: f64('lastUse', present.lastUse.length),
      replaced: f64('replaced', 1)[0],
      steps: state.steps,
      seen: state.seen,
    })
  }
}
