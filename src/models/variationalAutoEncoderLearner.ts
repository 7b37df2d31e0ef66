import { checkObserved, type Observed } from '../inference/graph/observed.js'
import {
  type GradientTraining,
  gradientTraining,
  type TrainingState,
  type TrainingStep,
} from '../learning/gradientTraining.js'
import type { Runtime } from '../runtime/runtime.js'
import { DataError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import { type Tensor, zeros } from '../tensor/tensor.js'
import type { PairSource } from './latentVariableData.js'
import type { VariationalDefinition } from './variationalAutoEncoder.js'
import { firstParameters, type VariationalParts, variationalLoss } from './variationalAutoEncoderLoss.js'

/** Streams of random numbers, each with a place of its own: the step of learning, the first row of what is measured. */
const LEARNING = 1
const HELD_OUT = 2
/** How many held-out observations are measured, and in batches of how many. */
export const HELD_OUT_LIMIT = 10_000
export const HELD_OUT_BATCH = 500

/** Steps of learning on batches, each one run of one graph. Owns their sessions until disposed. */
export class VariationalLearner {
  /** Noise of each batch size, filled anew for every step. */
  private readonly noise = new Map<number, Tensor>()

  private constructor(
    private readonly parts: VariationalParts,
    private readonly seed: number,
    private readonly training: GradientTraining,
  ) {}

  static async start(
    parts: VariationalParts,
    { optimizer, clip, seed }: VariationalDefinition,
    runtime: Runtime,
  ): Promise<VariationalLearner> {
    const { energy, latent } = parts
    const training = await gradientTraining({
      parameters: firstParameters(parts, rng(seed)),
      inputs: {
        ...(energy.xShape ? { x: ['n', ...energy.xShape] } : {}),
        y: ['n', ...energy.yShape],
        noise: ['n', latent],
      },
      loss: (parameters, inputs) => variationalLoss(parts, parameters, inputs),
      optimizer,
      ...(clip ? { clip } : {}),
      runtime,
    })
    return new VariationalLearner(parts, seed, training)
  }

  /** Steps taken, those before a resume included. */
  get steps(): number {
    return this.training.stepsTaken
  }

  /** One step. Where observations are `fresh`, not of an earlier pass, throws DataError if the cost has no meaning for them. */
  async learn(observed: Observed, fresh: boolean): Promise<TrainingStep> {
    if (fresh) this.parts.energy.cost.check?.(observed.y, 'Observations')
    return this.training.step(this.feeds(observed, rng(this.seed, LEARNING, this.steps)))
  }

  /** The mean energy of the first observations of a source; `between` is called before each batch. */
  async evaluate(source: PairSource, between: () => Promise<void>): Promise<number> {
    let sum = 0
    let count = 0
    for await (const observed of source.batches({ batchSize: HELD_OUT_BATCH })) {
      await between()
      checkObserved(this.parts.energy, observed)
      this.parts.energy.cost.check?.(observed.y, 'Held-out observations')
      const [rows] = observed.y.shape
      const { loss } = await this.training.evaluate(this.feeds(observed, rng(this.seed, HELD_OUT, count)))
      sum += loss * rows
      count += rows
      if (count >= HELD_OUT_LIMIT) break
    }
    if (count === 0) throw new DataError(`${source.name} holds no observations.`)
    return sum / count
  }

  state(): TrainingState {
    return this.training.state()
  }

  restore(state: TrainingState): void {
    this.training.restore(state)
  }

  dispose(): void {
    this.training.dispose()
  }

  private feeds(observed: Observed, random: Rng): Record<string, Tensor> {
    const [rows] = observed.y.shape
    let noise = this.noise.get(rows)
    if (!noise) {
      noise = zeros([rows, this.parts.latent])
      this.noise.set(rows, noise)
    }
    fillNormal(noise, random)
    return { ...observed, noise }
  }
}

/** Fills a tensor with normal numbers of mean 0 and variance 1. */
export function fillNormal({ data }: Tensor, random: Rng): void {
  for (let i = 0; i < data.length; i++) data[i] = random.normal()
}
