import * as valid from '../artifacts/validate.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { type Condition, conditions, type FewLabelsResult, type LabelCount } from './fewLabelsPlan.js'

/** What run folders call comparisons of classifiers with few and many labels. */
export const fewLabelsName = 'few-labels'

/** Where filters come from: learned by convolutional sparse coding, or given. */
export type FilterSource =
  | {
      readonly kind: 'learned'
      /** Images that they were learned from, without labels and none of the test. */
      readonly images: number
      readonly epochs: number
    }
  | { readonly kind: 'given' }

/** Everything that determines the results; `config.json` holds it. */
export interface FewLabelsSettings {
  readonly observation: readonly number[]
  readonly classes: readonly string[]
  readonly labels: readonly LabelCount[]
  readonly seeds: number
  readonly conditions: readonly Condition[]
  /** The condition whose classifier is kept. */
  readonly keep: Condition
  readonly filters: FilterSource
  /** Number and side of the filters. */
  readonly kernels: number
  readonly kernel: number
  /** λ of sparse codes. */
  readonly lambda: number
  readonly pool: number
  readonly transform: StepConfig
  readonly penalty: number
  readonly learningRate: number
  readonly batchSize: number
  readonly epochs: number
  readonly leastSteps: number
  readonly seed: number
  /** Labelled observations that labels are drawn from, and those that errors are measured on. */
  readonly poolSize: number
  readonly testSize: number
  readonly data: string
  readonly test: string
}

const count = valid.whole({ min: 1 })
const condition = valid.oneOf(...conditions)
const labelCount: valid.Validator<LabelCount> = (value, path) => (value === 'all' ? 'all' : count(value, path))

/** Checks the settings of `config.json`. */
export const fewLabelsSettings: valid.Validator<FewLabelsSettings> = valid.object({
  observation: valid.shape,
  classes: valid.array(valid.text, { min: 2 }),
  labels: valid.array(labelCount, { min: 1 }),
  seeds: count,
  conditions: valid.array(condition, { min: 1 }),
  keep: condition,
  filters: valid.variant('kind', {
    learned: valid.object({ kind: valid.oneOf('learned'), images: count, epochs: count }),
    given: valid.object({ kind: valid.oneOf('given') }),
  }),
  kernels: count,
  kernel: count,
  lambda: valid.number({ above: 0 }),
  pool: count,
  transform: valid.described<StepConfig>(),
  penalty: valid.number({ min: 0 }),
  learningRate: valid.number({ above: 0 }),
  batchSize: count,
  epochs: count,
  leastSteps: count,
  seed: valid.whole({ min: 0 }),
  poolSize: count,
  testSize: count,
  data: valid.text,
  test: valid.text,
})

/** Checks a result that a run's metrics or checkpoint hold. */
export const validResult: valid.Validator<FewLabelsResult> = valid.object({
  condition,
  labels: labelCount,
  seed: valid.whole({ min: 0 }),
  observations: count,
  error: valid.number({ min: 0, max: 1 }),
})
