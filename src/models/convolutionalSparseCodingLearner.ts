import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import { turn } from '../kernels/turn.js'
import type { ConvolutionalLearner, ConvolutionalLearnerState } from '../learning/convolutional/convolutionalLearner.js'
import { CancelledError, FileFormatError } from '../tensor/errors.js'
import type { ConvolutionalBatch, ConvolutionalSource, SourceItem } from './convolutionalSource.js'
import type { EpochLearner, EpochStep, StepContext } from './epochLearner.js'
import type { EpochState } from './epochProgress.js'

/** Observations that first kernels are drawn from, at most, and their numbers. */
const FIRST_OBSERVATIONS = 64
const FIRST_NUMBERS = 1 << 22

export type ConvolutionalTerm = 'active' | 'activeShare'

/** Means over the observations of a pass. */
type PassMeans = Readonly<Record<'energy' | ConvolutionalTerm, number>>

/** A convolutional learner's steps, an observation each, as a session takes them. */
export class ConvolutionalEpochLearner implements EpochLearner<ConvolutionalBatch, ConvolutionalTerm> {
  /** Of the present pass: sums of energies, active coefficients and their shares, observations, and 1 once it has ended. */
  private pass = new Float64Array(5)

  /** Atoms have unit norm after every step. */
  readonly overshoots = false

  constructor(
    private readonly learner: ConvolutionalLearner,
    private readonly source: ConvolutionalSource,
    private readonly batchSize: number,
  ) {}

  get steps(): number {
    return this.learner.observationsSeen
  }

  /** Means over a pass that has just ended: with a few observations, what is between two reports says little. */
  get passMeans(): PassMeans | undefined {
    const [energy, active, activeShare, count, ended] = this.pass
    if (ended === 0) return undefined
    return { energy: energy / count, active: active / count, activeShare: activeShare / count }
  }

  private count({ energy, active, activeShare }: PassMeans, ended: boolean): void {
    if (this.pass[4] === 1) this.pass.fill(0)
    for (const [i, value] of [energy, active, activeShare, 1].entries()) this.pass[i] += value
    this.pass[4] = ended ? 1 : 0
  }

  async learn(
    { items, last }: ConvolutionalBatch,
    { row, signal, outOfTime }: StepContext,
  ): Promise<EpochStep<ConvolutionalTerm> | undefined> {
    const { learner } = this
    if (learner.observationsSeen === 0) learner.initialize(await this.firstSample(items))
    const more = row + 1 < items.length
    const moves = !more && (last || learner.settings.learning.kind === 'online')
    const stop = new AbortController()
    try {
      const taught = await learner.learn(
        { ...items[row], moves },
        {
          signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
          onProgress: () => outOfTime() && stop.abort(),
        },
      )
      await turn()
      const { status, energy, active, activeShare } = taught
      if (status === 'ok') this.count(taught, last && !more)
      return { status, rows: 1, energy, terms: { active, activeShare }, more }
    } catch (error) {
      if (error instanceof CancelledError && !signal?.aborted) return undefined
      throw error
    }
  }

  /** Observations to draw first kernels from: these and the next ones. */
  private async firstSample(items: readonly SourceItem[]): Promise<readonly SourceItem[]> {
    const { seed } = this.learner.settings
    const sample: SourceItem[] = []
    let numbers = 0
    for await (const batch of this.source.batches({ batchSize: this.batchSize, seed, epoch: 0 })) {
      for (const item of batch.items) {
        if (sample.length === FIRST_OBSERVATIONS || numbers >= FIRST_NUMBERS) return sample
        sample.push(item)
        numbers += item.observation.data.length
      }
    }
    return sample.length > 0 ? sample : items
  }

  state(): Record<string, StoredTensor> {
    const { kept, ...arrays } = this.learner.state()
    const named = {
      ...arrays,
      pass: this.pass.slice(),
      ...Object.fromEntries(Object.entries(kept).map(([name, data]) => [`kept.${name}`, data])),
    }
    return Object.fromEntries(Object.entries(named).map(([name, data]) => [name, storedTensor(data)]))
  }

  restore(tensors: Readonly<Record<string, StoredTensor>>, _state: EpochState<unknown>, file: string): void {
    const present = this.learner.state()
    const shaped = (size: number | undefined) => (size === undefined ? {} : { shape: [size] })
    const f32 = (name: string, size: number) =>
      tensorReference(tensors, { dtype: 'F32', shape: [size] })(name, file).data
    const i32 = (name: string, size?: number) =>
      tensorReference(tensors, { dtype: 'I32', ...shaped(size) })(name, file).data
    const double = (name: string, size?: number) =>
      tensorReference(tensors, { dtype: 'F64', ...shaped(size) })(name, file).data
    const f64 = (name: 'codeProducts' | 'dataProducts' | 'usage' | 'toldUsage' | 'lastUse' | 'counts') =>
      double(name, present[name].length)
    const energies = double('windowEnergies')
    const observations = i32('kept.observations')
    const counts = i32('kept.counts', observations.length)
    const total = counts.reduce((sum, count) => sum + count, 0)
    const state: ConvolutionalLearnerState = {
      kernels: f32('kernels', present.kernels.length),
      codeProducts: f64('codeProducts'),
      dataProducts: f64('dataProducts'),
      usage: f64('usage'),
      toldUsage: f64('toldUsage'),
      lastUse: f64('lastUse'),
      counts: f64('counts'),
      windowEnergies: energies,
      windows: f32('windows', (energies.length * present.kernels.length) / present.usage.length),
      kept: {
        observations,
        counts,
        mapHeights: i32('kept.mapHeights', observations.length),
        mapWidths: i32('kept.mapWidths', observations.length),
        indices: i32('kept.indices', total),
        values: f32('kept.values', total),
      },
    }
    if (counts.some((count) => count < 0)) {
      throw new FileFormatError(`${file} holds a code of fewer than no coefficients; pass --overwrite to start anew.`)
    }
    this.learner.restore(state)
    this.pass = double('pass', 5).slice()
  }
}
