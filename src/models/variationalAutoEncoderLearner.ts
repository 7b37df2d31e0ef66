import { checkObserved, type Observed } from '../inference/graph/observed.js'
import { type GradientTraining, gradientTraining } from '../learning/gradientTraining.js'
import { checkLearnable } from '../learning/learnable.js'
import type { Runtime } from '../runtime/runtime.js'
import { CancelledError, DataError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import { type Tensor, zeros } from '../tensor/tensor.js'
import type { EpochStep, StepContext } from './epochLearner.js'
import { GraphLearner } from './graphLearner.js'
import type { PairSource } from './latentVariableData.js'
import type { VariationalDefinition } from './variationalAutoEncoder.js'
import {
  firstParameters,
  shapesOfParameters,
  type VariationalParts,
  variationalLoss,
} from './variationalAutoEncoderLoss.js'

/** Streams of random numbers, each with a place of its own: the step of learning, the first row of what is measured. */
const LEARNING = 1
const HELD_OUT = 2
/** How many held-out observations are measured, and in batches of how many. */
export const HELD_OUT_LIMIT = 10_000
export const HELD_OUT_BATCH = 500

/** What a step reports beside the energy. */
export const variationalTerms = ['reconstruction', 'spring', 'size'] as const
type Term = (typeof variationalTerms)[number]

/** Steps of learning on batches, each one run of one graph. Owns their sessions until disposed. */
export class VariationalLearner extends GraphLearner<Observed, Term> {
  /** Noise of each batch size, filled anew for every step. */
  private readonly noise = new Map<number, Tensor>()

  private constructor(
    private readonly parts: VariationalParts,
    private readonly seed: number,
    training: GradientTraining,
  ) {
    super(training)
  }

  static async start(
    parts: VariationalParts,
    { optimizer, clip, seed }: VariationalDefinition,
    runtime: Runtime,
  ): Promise<VariationalLearner> {
    const { energy, latent } = parts
    checkLearnable(shapesOfParameters(parts))
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

  /** One step. Where observations are `fresh`, throws DataError if the cost has no meaning for them. */
  async learn(observed: Observed, { fresh }: StepContext): Promise<EpochStep<Term>> {
    if (fresh) this.parts.energy.cost.check?.(observed.y, 'Observations')
    const { status, loss, metrics } = await this.training.step(
      this.feeds(observed, rng(this.seed, LEARNING, this.steps)),
    )
    const { reconstruction, spring, size } = metrics
    return { status, rows: observed.y.shape[0], energy: loss, terms: { reconstruction, spring, size } }
  }

  /** The mean energy of the first observations of a source. Throws CancelledError where the signal has fired. */
  async evaluate(source: PairSource, signal?: AbortSignal): Promise<number> {
    let sum = 0
    let count = 0
    for await (const observed of source.batches({ batchSize: HELD_OUT_BATCH })) {
      if (signal?.aborted) throw new CancelledError('Measuring held-out observations was stopped.')
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
