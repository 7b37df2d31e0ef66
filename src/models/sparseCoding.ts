import type { Images, Observations } from '../data/observations.js'
import type { Regularizer } from '../energy/regularizer.js'
import { checkedCount, checkedRegularizer } from '../energy/regularizer.js'
import { l1 } from '../energy/regularizers/l1.js'
import { type DictionaryUpdate, online } from '../learning/dictionaryUpdate.js'
import { type Start, starts } from '../learning/firstAtoms.js'
import { type PatchSize, patchSize } from '../preprocess/patchSize.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import type { ImageStep, ObservationStep } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import type { InputSettings } from './settingsParts.js'
import { type FitOptions, fitSparseCoding } from './sparseCodingFit.js'
import type { SparseCodingModel } from './sparseCodingModel.js'
import type { UpdateSettings } from './sparseCodingSettings.js'

/** What can be learned from and coded: a batch [n, …shape], a stream of observations, or images (by patches). */
export type SparseCodingData = Tensor | Observations | Images

export interface SparseCodingOptions {
  /** Number of atoms, k. */
  readonly atoms: number
  /** λ of the L1 penalty, absolute; short for `regularizer: l1({ lambda })`. */
  readonly lambda?: number
  /** λ as a fraction of each observation's λmax = ‖Wᵀy‖∞; short for `regularizer: l1({ lambdaRatio })`. */
  readonly lambdaRatio?: number
  readonly regularizer?: Regularizer
  /** How atoms move; `online()` by default. */
  readonly update?: DictionaryUpdate
  /** Whether atoms are kept ≥ 0. */
  readonly nonNegativeAtoms?: boolean
  /** What happens to observations before they are coded (centring, contrast, ZCA); nothing by default. */
  readonly preprocess?: readonly ObservationStep[]
  /** The side (or height and width) of the patches to cut from images; needed for images, refused for observations. */
  readonly patch?: PatchSize
  /** What happens to whole images before patches are cut (whitening, local contrast). */
  readonly transform?: readonly ImageStep[]
  /** Random patches an epoch; 20,000 by default. */
  readonly patchesPerEpoch?: number
  /** Learning draws patches of a lower standard deviation again; 0 takes all. */
  readonly minimumDeviation?: number
  /** Observations a step of learning, once learning has settled; 1,024 by default. */
  readonly batchSize?: number
  /** Observations without use after which an atom is replaced; 10,000 by default, and at least 20 an atom. */
  readonly deadAfter?: number
  /** Relative duality gap to which codes are found while learning; 0.01 by default. */
  readonly learningTolerance?: number
  /** What first atoms are made of; `observations` by default. `parts` leads to local atoms. */
  readonly start?: Start
  readonly seed?: number
  /** Threads; all of the machine's by default. They do not change a bit of the result. */
  readonly threads?: number
}

const optionNames: OptionNames<SparseCodingOptions> = {
  atoms: true,
  lambda: true,
  lambdaRatio: true,
  regularizer: true,
  update: true,
  nonNegativeAtoms: true,
  preprocess: true,
  patch: true,
  transform: true,
  patchesPerEpoch: true,
  minimumDeviation: true,
  batchSize: true,
  deadAfter: true,
  learningTolerance: true,
  start: true,
  seed: true,
  threads: true,
}

/** Sparse coding, not yet learned. */
export interface SparseCoding {
  fit(data: SparseCodingData, options?: FitOptions): Promise<SparseCodingModel>
}

/** Options with every default in place. */
export interface ResolvedOptions {
  readonly atoms: number
  readonly regularizer: Regularizer
  readonly update: DictionaryUpdate
  readonly nonNegativeAtoms: boolean
  readonly preprocess: readonly ObservationStep[]
  readonly patch: [number, number] | undefined
  readonly transform: ImageStep
  readonly patchesPerEpoch: number
  readonly minimumDeviation: number
  readonly batchSize: number
  readonly deadAfter: number
  readonly learningTolerance: number
  readonly start: Start
  readonly seed: number
  readonly threads: number | undefined
}

/**
 * Sparse coding, E(y, z) = ½‖y − Wz‖² + λR(z), with a dictionary W learned from data.
 * Throws ConfigurationError where an option is out of range or two do not go together.
 */
export function sparseCoding(options: SparseCodingOptions): SparseCoding {
  const resolved = resolve(options)
  return { fit: (data, fitOptions = {}) => fitSparseCoding(resolved, data, fitOptions) }
}

function resolve(options: SparseCodingOptions): ResolvedOptions {
  checkOptions('sparseCoding', options, optionNames)
  const { lambda, lambdaRatio, seed = 0, learningTolerance = 0.01, minimumDeviation = 0 } = options
  const atoms = checkedCount('atoms', options.atoms)
  const shorthand = lambda !== undefined || lambdaRatio !== undefined
  if (options.regularizer && shorthand) {
    throw new ConfigurationError(
      'Give the strength either as lambda (or lambdaRatio) or within the regularizer, not in both places.',
    )
  }
  if (!(learningTolerance > 0 && learningTolerance < 1)) {
    throw new ConfigurationError(`learningTolerance must lie between 0 and 1; got ${learningTolerance}.`)
  }
  if (!(minimumDeviation >= 0 && minimumDeviation < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`minimumDeviation must be a finite number, 0 or more; got ${minimumDeviation}.`)
  }
  const given = options.regularizer === undefined ? undefined : checkedRegularizer(options.regularizer)
  const weights = given?.penalty.weights
  if (weights && weights.length !== atoms) {
    throw new ConfigurationError(`${weights.length} weights were given for ${atoms} atoms; give one an atom.`)
  }
  rng(seed)
  return {
    atoms,
    regularizer:
      given ??
      l1({ ...(lambda === undefined ? {} : { lambda }), ...(lambdaRatio === undefined ? {} : { lambdaRatio }) }),
    update: options.update ?? online(),
    nonNegativeAtoms: options.nonNegativeAtoms ?? false,
    preprocess: options.preprocess ?? [],
    patch: options.patch === undefined ? undefined : patchSize(options.patch),
    transform: imagePipeline(options.transform ?? []),
    patchesPerEpoch: checkedCount('patchesPerEpoch', options.patchesPerEpoch ?? 20_000),
    minimumDeviation,
    batchSize: checkedCount('batchSize', options.batchSize ?? 1024),
    deadAfter: checkedCount('deadAfter', options.deadAfter ?? Math.max(10_000, 20 * atoms)),
    learningTolerance,
    start: checkedStart(options.start ?? 'observations'),
    seed,
    threads: options.threads,
  }
}

function checkedStart(start: Start): Start {
  if (!starts.includes(start)) {
    throw new ConfigurationError(`start must be one of ${starts.join(', ')}; got ${start}.`)
  }
  return start
}

/** How options stand in `config.json`. */
export function describeUpdate(update: DictionaryUpdate): UpdateSettings {
  return update.kind === 'online'
    ? { kind: 'online', forgetting: update.forgetting }
    : { kind: 'gradient', relativeRate: update.relativeRate, normalization: update.normalization }
}

/** How the input stands in `config.json`. */
export function describeInput(options: ResolvedOptions, images: boolean): InputSettings {
  if (!images) return { kind: 'observations' }
  return {
    kind: 'images',
    patch: options.patch!,
    patchesPerEpoch: options.patchesPerEpoch,
    minimumDeviation: options.minimumDeviation,
    transform: options.transform.config,
  }
}
