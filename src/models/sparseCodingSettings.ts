import * as valid from '../artifacts/validate.js'
import type { Regularizer, RegularizerConfig } from '../energy/regularizer.js'
import { restoreRegularizer } from '../energy/restoreRegularizer.js'
import { type DictionaryUpdate, gradient, online } from '../learning/dictionaryUpdate.js'
import { type Start, starts } from '../learning/firstAtoms.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { type InputSettings, inputSettings } from './settingsParts.js'

/** Everything that determines what is learned; `config.json` holds it, and a checkpoint is tied to it. */
export interface SparseCodingSettings {
  readonly atoms: number
  readonly observation: readonly number[]
  readonly regularizer: RegularizerConfig
  readonly update: UpdateSettings
  readonly nonNegativeAtoms: boolean
  readonly batchSize: number
  readonly deadAfter: number
  readonly learningTolerance: number
  readonly seed: number
  readonly start: Start
  readonly input: InputSettings
  readonly preprocess: StepConfig
  /** What it learned from: the source's name. */
  readonly data: string
}

export type UpdateSettings =
  | { readonly kind: 'online'; readonly forgetting: number }
  | { readonly kind: 'gradient'; readonly relativeRate: number; readonly normalization: 'columns' | 'sum-of-norms' }

const regularizer: valid.Validator<RegularizerConfig> = (value, path) => {
  const config = valid.object({
    kind: valid.oneOf('l1', 'weighted-l1', 'nonnegative', 'elastic-net', 'group', 'top-k', 'l0'),
    lambda: valid.optional(valid.number({ above: 0 })),
    lambdaRatio: valid.optional(valid.number({ above: 0, max: 1 })),
    ridge: valid.optional(valid.number({ min: 0 })),
    groupSize: valid.optional(valid.whole({ min: 1 })),
    active: valid.optional(valid.whole({ min: 1 })),
    weights: valid.optional(valid.array(valid.number({ above: 0 }))),
  })(value, path) as RegularizerConfig
  restoreRegularizer(config)
  return config
}

/** Checks the settings of `config.json`. */
export const sparseCodingSettings: valid.Validator<SparseCodingSettings> = valid.object({
  atoms: valid.whole({ min: 1 }),
  observation: valid.shape,
  regularizer,
  update: valid.variant('kind', {
    online: valid.object({ kind: valid.oneOf('online'), forgetting: valid.number({ min: 0, max: 100 }) }),
    gradient: valid.object({
      kind: valid.oneOf('gradient'),
      relativeRate: valid.number({ above: 0, max: 2 }),
      normalization: valid.oneOf('columns', 'sum-of-norms'),
    }),
  }),
  nonNegativeAtoms: valid.boolean,
  batchSize: valid.whole({ min: 1 }),
  deadAfter: valid.whole({ min: 1 }),
  learningTolerance: valid.number({ above: 0 }),
  seed: valid.whole({ min: 0 }),
  start: valid.oneOf(...starts),
  input: inputSettings,
  preprocess: valid.described<StepConfig>(),
  data: valid.text,
})

/** The update that settings describe. */
export function restoreUpdate(settings: UpdateSettings): DictionaryUpdate {
  return settings.kind === 'online' ? online(settings) : gradient(settings)
}

/** The regularizer that settings describe. */
export function settingsRegularizer(settings: SparseCodingSettings): Regularizer {
  return restoreRegularizer(settings.regularizer)
}
