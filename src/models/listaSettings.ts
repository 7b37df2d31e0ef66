import * as valid from '../artifacts/validate.js'
import { restoreEncoder } from '../energy/encoders/restoreEncoder.js'
import type { ModuleConfig } from '../energy/module.js'
import type { OptimizerConfig } from '../learning/optimizers/optimizer.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { type InputSettings, inputSettings } from './settingsParts.js'

/** What an encoder learns: the codes of least energy, to lower the energy itself, or both it and the dictionary jointly. */
export type Objective =
  | { readonly kind: 'codes' }
  | { readonly kind: 'energy' }
  | { readonly kind: 'joint'; readonly gamma: number; readonly encoderInInference: boolean }

/** Everything that determines what is learned by `lista` and `predictiveSparseDecomposition`; `config.json` holds it. */
export interface AmortizedSettings {
  readonly atoms: number
  readonly observation: readonly number[]
  readonly lambda: number
  readonly encoder: ModuleConfig
  readonly objective: Objective
  readonly optimizer: OptimizerConfig
  readonly trainingSteps: number
  readonly batchSize: number
  /** Relative duality gap to which codes are found while learning. */
  readonly learningTolerance: number
  readonly seed: number
  /** Where the dictionary is from: "given", or what it was learned from. */
  readonly dictionary: string
  readonly input: InputSettings
  readonly preprocess: StepConfig
  /** What it learned from: the source's name. */
  readonly data: string
}

const encoder: valid.Validator<ModuleConfig> = (value, path) => {
  const config = valid.described<ModuleConfig>()(value, path)
  restoreEncoder(config)
  return config
}

/** Checks the settings of `config.json`. */
export const amortizedSettings: valid.Validator<AmortizedSettings> = valid.object({
  atoms: valid.whole({ min: 1 }),
  observation: valid.shape,
  lambda: valid.number({ above: 0 }),
  encoder,
  objective: valid.variant('kind', {
    codes: valid.object({ kind: valid.oneOf('codes') }),
    energy: valid.object({ kind: valid.oneOf('energy') }),
    joint: valid.object({
      kind: valid.oneOf('joint'),
      gamma: valid.number({ above: 0 }),
      encoderInInference: valid.boolean,
    }),
  }),
  optimizer: valid.described<OptimizerConfig>(),
  trainingSteps: valid.whole({ min: 1 }),
  batchSize: valid.whole({ min: 1 }),
  learningTolerance: valid.number({ above: 0 }),
  seed: valid.whole({ min: 0 }),
  dictionary: valid.text,
  input: inputSettings,
  preprocess: valid.described<StepConfig>(),
  data: valid.text,
})
