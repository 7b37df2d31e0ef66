import type { Pass } from '../data/observations.js'
import { categorical } from '../energy/costs/categorical.js'
import type { Parameters } from '../energy/module.js'
import { add, mean, mul, square, sum } from '../graph/index.js'
import { gradientTraining } from '../learning/gradientTraining.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import type { Runtime } from '../runtime/runtime.js'
import { rng } from '../tensor/random.js'
import { type Tensor, takeRows } from '../tensor/tensor.js'
import { type ClassifierNetwork, featuresOf, scoresOf } from './classifierNetwork.js'
import type { BatchSource, EpochStep } from './epochLearner.js'
import { GraphLearner } from './graphLearner.js'

/** Observations or features with the probabilities of classes, one of them 1. */
export interface ClassifiedBatch {
  readonly x: Tensor
  readonly y: Tensor
}

/** The stream of random numbers that orders observations; each epoch has its own. */
const ORDER = 2

/** What a classifier's learner is made from. */
export interface ClassifierLearnerParts {
  readonly network: ClassifierNetwork
  /** What is learned from: features where the body is frozen, else observations. */
  readonly frozen: boolean
  readonly inputShape: readonly number[]
  readonly classes: number
  /** `body.…` and `head.…`; of a frozen body none is learned. */
  readonly parameters: Parameters
  /** The parameter whose squares are penalized, the weight of the last layer, and half how much. */
  readonly penalized: string
  readonly penalty: number
  readonly optimizer: Optimizer
  readonly runtime: Runtime
  readonly threads: number | undefined
}

/** Learns a classifier by gradient steps on mean −log p(class) + ½μ‖W‖². Owns its graphs until disposed. */
export class ClassifierLearner extends GraphLearner<ClassifiedBatch, 'cost'> {
  static async start(parts: ClassifierLearnerParts): Promise<ClassifierLearner> {
    const { network, frozen, inputShape, classes, penalized, penalty, optimizer, runtime, threads } = parts
    const cost = categorical()
    const training = await gradientTraining({
      parameters: Object.fromEntries(
        Object.entries(parts.parameters).filter(([name]) => !frozen || name.startsWith('head.')),
      ),
      inputs: { x: ['n', ...inputShape], y: ['n', classes] },
      loss: (parameters, { x, y }) => {
        const features = frozen ? x : featuresOf(network, parameters, x)
        const wrong = mean(cost.value(y, scoresOf(network, parameters, features)))
        return { loss: add(wrong, mul(penalty / 2, sum(square(parameters[penalized])))), metrics: { cost: wrong } }
      },
      optimizer,
      runtime,
      ...(threads === undefined ? {} : { threads }),
    })
    return new ClassifierLearner(training)
  }

  async learn({ x, y }: ClassifiedBatch): Promise<EpochStep<'cost'>> {
    const { status, loss, metrics } = await this.training.step({ x, y })
    return { status, rows: x.shape[0], energy: loss, terms: { cost: metrics.cost } }
  }
}

/** Observations or features with their classes, in an order fixed by seed and epoch. */
export function classifiedSource(name: string, x: Tensor, y: Tensor): BatchSource<ClassifiedBatch> {
  const [count] = x.shape
  return {
    name,
    count,
    async *batches({ batchSize, seed = 0, epoch = 0, skip = 0 }: Pass) {
      const order = rng(seed, ORDER, epoch).shuffle(Uint32Array.from({ length: count }, (_, i) => i))
      for (let begin = skip * batchSize; begin < count; begin += batchSize) {
        const taken = order.subarray(begin, begin + batchSize)
        yield { x: takeRows(x, taken), y: takeRows(y, taken) }
      }
    },
  }
}
