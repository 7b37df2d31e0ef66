import { checkedCount } from '../energy/regularizer.js'
import type { RuntimeOptions } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { OptionNames } from '../tensor/options.js'
import type { ClassifierTraining } from './classifierFit.js'

/** How a classifier learns. */
export interface TrainingChoices {
  /** μ: ½μ‖W‖² of the last layer's weights is added to the mean −log p; 0.001 by default. */
  readonly penalty?: number
  /** The first steps' rate, of Adam; it falls to 0 along half a cosine. 0.003 by default. */
  readonly learningRate?: number
  /** Observations a step; 64 by default. */
  readonly batchSize?: number
  /** Passes through the observations; 15 by default. */
  readonly epochs?: number
  /** The fewest steps, where few observations make them few; 200 by default. */
  readonly leastSteps?: number
  readonly seed?: number
  readonly runtime?: RuntimeOptions
  /** Threads of each graph, where the runtime gives each its own. */
  readonly threads?: number
}

/** The names of {@link TrainingChoices}. */
export const trainingChoices: OptionNames<TrainingChoices> = {
  penalty: true,
  learningRate: true,
  batchSize: true,
  epochs: true,
  leastSteps: true,
  seed: true,
  runtime: true,
  threads: true,
}

/** Choices with every default in place. Throws {@link ConfigurationError} where one is out of range. */
export function trainingOf(choices: TrainingChoices): ClassifierTraining {
  const { penalty = 1e-3, learningRate = 3e-3, seed = 0, runtime = {}, threads } = choices
  if (!(penalty >= 0 && penalty < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`penalty must be a finite number, 0 or more; got ${penalty}.`)
  }
  if (!(learningRate > 0 && learningRate < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`learningRate must be a finite number above 0; got ${learningRate}.`)
  }
  return {
    penalty,
    learningRate,
    batchSize: checkedCount('batchSize', choices.batchSize ?? 64),
    epochs: checkedCount('epochs', choices.epochs ?? 15),
    leastSteps: checkedCount('leastSteps', choices.leastSteps ?? 200),
    seed,
    runtime,
    threads,
  }
}
