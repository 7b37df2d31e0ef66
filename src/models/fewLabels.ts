import type { Store } from '../artifacts/store.js'
import type { Labelled } from '../data/labelled.js'
import { checkedCount } from '../energy/regularizer.js'
import { localContrast } from '../preprocess/localContrast.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ClassifierTraining } from './classifierFit.js'
import { type TrainingChoices, trainingChoices, trainingOf } from './classifierTraining.js'
import { fitFewLabels } from './fewLabelsFit.js'
import type { FewLabelsModel } from './fewLabelsModel.js'
import { type Condition, conditions, type LabelCount } from './fewLabelsPlan.js'

export interface FewLabelsOptions extends TrainingChoices {
  /** Labels a class, or "all"; by default those of 1, 3, 10, 30, 100, 300 and 1,000 that the smallest class has. */
  readonly labels?: readonly LabelCount[]
  /** Repetitions, each with other labelled observations, first weights and order; 5 by default. */
  readonly seeds?: number
  /** What is compared; all of {@link Condition} by default. */
  readonly conditions?: readonly Condition[]
  /** Whose classifier is kept, one of the ConvNets: with most labels, of the first repetition. `fine-tuned` by default, where it is compared. */
  readonly keep?: Exclude<Condition, 'codes'>
  /** Share of each class that is held back to test on, where no test data is given; 0.2 by default. */
  readonly testShare?: number
  /** Filters [k, s, s] or [k, s, s, c] that were learned without labels; by default convolutional sparse coding learns them here. */
  readonly filters?: Tensor
  /** Images of the pool that filters are learned from, at most; 2,000 by default. */
  readonly unlabelled?: number
  /** Passes through them; 2 by default. */
  readonly filterEpochs?: number
  /** Number of filters, 32, and their side, 7, by default. */
  readonly kernels?: number
  readonly kernel?: number
  /** λ of sparse codes, for filters and features; 0.3 by default, for images of normalized contrast. */
  readonly lambda?: number
  /** Side of the cells that maps are pooled over; 4 by default. */
  readonly pool?: number
  /** What is done to images first, whatever the condition; local contrast normalization by default. */
  readonly transform?: readonly ImageStep[]
}

const optionNames: OptionNames<FewLabelsOptions> = {
  ...trainingChoices,
  labels: true,
  seeds: true,
  conditions: true,
  keep: true,
  testShare: true,
  filters: true,
  unlabelled: true,
  filterEpochs: true,
  kernels: true,
  kernel: true,
  lambda: true,
  pool: true,
  transform: true,
}

/** How far a comparison has come. */
export interface FewLabelsProgress {
  /** `filters` are learned without labels, `codes` of labelled and test images are found, and `classifiers` learned. */
  readonly stage: 'filters' | 'codes' | 'classifiers'
  /** Of the stage: passes, images, or classifiers. */
  readonly done: number
  readonly total: number
  /** The classifier that is being learned, or has just been measured, with its `error` then. */
  readonly condition?: Condition
  readonly labels?: LabelCount
  readonly seed?: number
  readonly error?: number
  /** Seconds, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of all the work that is done, in [0, 1], as it was estimated. */
  readonly fraction: number
}

export interface FewLabelsFitOptions {
  /** Labelled observations to measure errors on; by default a share of each class is held back. */
  readonly test?: Labelled
  /** A folder (or store) that receives results, report and classifier. */
  readonly run?: string | Store
  readonly overwrite?: boolean
  /** Goes on from the last classifier that was measured, to the same results. */
  readonly resume?: boolean
  readonly checkpointSeconds?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FewLabelsProgress) => void
}

/** Options with every default in place. */
export interface ResolvedFewLabels {
  readonly labels: readonly LabelCount[] | undefined
  readonly seeds: number
  readonly conditions: readonly Condition[]
  readonly keep: Condition
  readonly testShare: number
  readonly filters: Tensor | undefined
  readonly unlabelled: number
  readonly filterEpochs: number
  readonly kernels: number
  readonly kernel: number
  readonly lambda: number
  readonly pool: number
  readonly transform: readonly ImageStep[]
  readonly training: ClassifierTraining
}

/** A comparison of classifiers, not yet made. */
export interface FewLabels {
  fit(data: Labelled, options?: FewLabelsFitOptions): Promise<FewLabelsModel>
}

/**
 * What features learned without labels are worth: classifiers learned from few and from many labels, whose filters begin at random or were
 * learned without labels, stay or learn on (see {@link Condition}), measured on observations that none of them has seen. All
 * conditions learn from the same labelled observations, for the same number of steps with the same penalty, which are stated before and not
 * chosen by the test. Throws ConfigurationError where an option is out of range or does not go with another.
 * Source: the lecture's closing remark on features in a ConvNet; Jarrett, Kavukcuoglu, Ranzato and LeCun, ICCV 2009.
 */
export function fewLabels(options: FewLabelsOptions = {}): FewLabels {
  const resolved = resolve(checkOptions('fewLabels', options, optionNames))
  return { fit: (data, fit = {}) => fitFewLabels(resolved, data, fit) }
}

function resolve(options: FewLabelsOptions): ResolvedFewLabels {
  const { testShare = 0.2, lambda = 0.3, filters, transform = [localContrast()] } = options
  const asked = options.conditions ?? conditions
  const unknown = asked.find((condition) => !conditions.includes(condition))
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `There is no condition ${JSON.stringify(unknown)}; there are ${conditions.join(', ')}.`,
    )
  }
  const networks = (['fine-tuned', 'frozen', 'random', 'random-frozen'] as const).filter((name) => asked.includes(name))
  const keep: Condition | undefined = options.keep ?? networks[0]
  if (keep === undefined || !networks.some((name) => name === keep)) {
    throw new ConfigurationError(
      `The classifier that is kept is a ConvNet among the conditions; ${networks.length === 0 ? `compare one of ${conditions.slice(0, 4).join(', ')}` : `keep one of ${networks.join(', ')}, not ${keep}`}.`,
    )
  }
  if (!(testShare > 0 && testShare < 1)) {
    throw new ConfigurationError(`testShare must lie between 0 and 1; got ${testShare}.`)
  }
  if (!(lambda > 0 && lambda < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`lambda must be a finite number above 0; got ${lambda}.`)
  }
  const ofLearning = (['kernels', 'kernel', 'unlabelled', 'filterEpochs'] as const).filter(
    (name) => options[name] !== undefined,
  )
  if (filters && ofLearning.length > 0) {
    throw new ConfigurationError(`Given filters are not learned here; leave ${ofLearning.join(', ')} out.`)
  }
  imagePipeline(transform)
  const training = trainingOf(options)
  rng(training.seed)
  return {
    labels: options.labels,
    seeds: checkedCount('seeds', options.seeds ?? 5),
    conditions: conditions.filter((condition) => asked.includes(condition)),
    keep,
    testShare,
    filters,
    unlabelled: checkedCount('unlabelled', options.unlabelled ?? 2000),
    filterEpochs: checkedCount('filterEpochs', options.filterEpochs ?? 2),
    kernels: checkedCount('kernels', options.kernels ?? 32),
    kernel: checkedCount('kernel', options.kernel ?? 7),
    lambda,
    pool: checkedCount('pool', options.pool ?? 4),
    transform,
    training,
  }
}
