import * as valid from '../artifacts/validate.js'
import type { ModuleConfig } from '../energy/module.js'
import { restoreModule } from '../energy/restoreModule.js'
import type { OptimizerConfig } from '../learning/optimizers/optimizer.js'
import type { StepConfig } from '../preprocess/preprocessor.js'

/** What run folders call classifiers. */
export const classifierName = 'classifier'

/** Everything that determines what a classifier learns; `config.json` holds it. */
export interface ClassifierSettings {
  /** The shape of one observation. */
  readonly observation: readonly number[]
  readonly classes: readonly string[]
  /** What is done to each image first. */
  readonly transform: StepConfig
  /** From an observation to features. */
  readonly body: ModuleConfig
  /** From features to one number a class. */
  readonly head: ModuleConfig
  /** Whether the body stays as it began. */
  readonly frozen: boolean
  /** Where the filters of the body began: at random, or at those given; `none` where it has none. */
  readonly filters: 'random' | 'given' | 'none'
  /** μ of ½μ‖W‖² of the last layer. */
  readonly penalty: number
  readonly optimizer: OptimizerConfig
  readonly trainingSteps: number
  readonly batchSize: number
  readonly seed: number
  /** How many observations it learned from, and what they are called. */
  readonly observations: number
  readonly data: string
}

const module: valid.Validator<ModuleConfig> = (value, path) => {
  const config = valid.described<ModuleConfig>()(value, path)
  restoreModule(config)
  return config
}

/** Checks the settings of `config.json`. */
export const classifierSettings: valid.Validator<ClassifierSettings> = valid.object({
  observation: valid.shape,
  classes: valid.array(valid.text, { min: 2 }),
  transform: valid.described<StepConfig>(),
  body: module,
  head: module,
  frozen: valid.boolean,
  filters: valid.oneOf('random', 'given', 'none'),
  penalty: valid.number({ min: 0 }),
  optimizer: valid.described<OptimizerConfig>(),
  trainingSteps: valid.whole({ min: 1 }),
  batchSize: valid.whole({ min: 1 }),
  seed: valid.whole({ min: 0 }),
  observations: valid.whole({ min: 1 }),
  data: valid.text,
})
