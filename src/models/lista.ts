import type { Encoder } from '../energy/encoders/encoder.js'
import { linearShrink } from '../energy/encoders/linearShrink.js'
import { linearTanhGain } from '../energy/encoders/linearTanhGain.js'
import { listaEncoder } from '../energy/encoders/listaEncoder.js'
import { checkedPart } from '../energy/module.js'
import { checkedCount } from '../energy/regularizer.js'
import { adam } from '../learning/optimizers/adam.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import type { RuntimeOptions } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { checkDictionaryOptions, type DictionaryOptions, dictionaryOptions } from './listaDictionary.js'
import { type EncoderFitOptions, type EncoderPlan, fitEncoder } from './listaFit.js'
import type { AmortizedModel } from './listaModel.js'
import type { SparseCodingData } from './sparseCoding.js'

/** How an encoder is trained, whatever it is trained for. */
export interface EncoderTrainingOptions {
  /** Steps of learning; 4,000 by default. */
  readonly trainingSteps?: number
  /** Observations a step; 256 by default. */
  readonly batchSize?: number
  /** How parameters move; Adam from 0.002, falling along half a cosine to the last step, by default. */
  readonly optimizer?: Optimizer
  /** Relative duality gap to which codes are found while learning; 1e-5 by default. */
  readonly learningTolerance?: number
  /** Where graphs run; the CPU, all threads, by default. */
  readonly runtime?: RuntimeOptions
}

export interface ListaOptions extends DictionaryOptions, EncoderTrainingOptions {
  /** Which encoder: `lista`, the default; `linear-shrink`, which is LISTA of no steps; or `linear-tanh-gain`. */
  readonly encoder?: 'lista' | 'linear-shrink' | 'linear-tanh-gain'
  /** K, the steps z ← shrink(Wₑy + Sz, θ) after the first guess; 3 by default. */
  readonly steps?: number
  /** Whether steps share their parameters; they do by default. */
  readonly tied?: boolean
  /** What is learned: the codes of least energy (`codes`, the default), or to lower the energy itself (`energy`). */
  readonly target?: 'codes' | 'energy'
}

/** The names of {@link EncoderTrainingOptions}. */
export const encoderTrainingOptions: OptionNames<EncoderTrainingOptions> = {
  trainingSteps: true,
  batchSize: true,
  optimizer: true,
  learningTolerance: true,
  runtime: true,
}

const optionNames: OptionNames<ListaOptions> = {
  ...dictionaryOptions,
  ...encoderTrainingOptions,
  encoder: true,
  steps: true,
  tied: true,
  target: true,
}

/** An encoder, not yet learned. */
export interface EncoderLearning {
  /** Learns from data; see {@link EncoderFitOptions}. */
  fit(data: SparseCodingData, options?: EncoderFitOptions): Promise<AmortizedModel>
}

/**
 * LISTA (Gregor and LeCun 2010): an encoder of a few steps of ISTA whose matrices and thresholds are learned, so that it gives
 * good codes of E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ without a search. Throws {@link ConfigurationError} where an option is out of range
 * or two do not go together.
 */
export function lista(options: ListaOptions): EncoderLearning {
  checkOptions('lista', options, optionNames)
  const { encoder: kind = 'lista', steps = 3, tied = true, target = 'codes' } = options
  checkDictionaryOptions(options)
  const given: unknown = options.dictionary
  if (typeof given === 'object' && given !== null && 'kind' in given && given.kind !== 'sparse-coding') {
    throw new ConfigurationError(
      `dictionary must be atoms [k, …shape] or a model of sparse coding; got a model of kind ${JSON.stringify(given.kind)}.`,
    )
  }
  if (options.optimizer !== undefined) {
    checkedPart('optimizer', options.optimizer, ['init', 'update', 'describe'], 'adam()')
  }
  if (target !== 'codes' && target !== 'energy') {
    throw new ConfigurationError(`target must be "codes" or "energy"; got "${target}".`)
  }
  if (kind !== 'lista' && (options.steps !== undefined || options.tied !== undefined)) {
    throw new ConfigurationError(`steps and tied are for the encoder lista; ${kind} has none, leave them out.`)
  }
  const plan: EncoderPlan = {
    ...trainingPlan(options, options),
    kind: 'lista',
    encoder: encoderMaker(kind, steps, tied),
    objective: { kind: target },
  }
  plan.encoder(1, 1) // for the errors that this throws
  return { fit: (data, fit = {}) => fitEncoder(plan, data, fit) }
}

/** The encoder of a name, for its sizes. Throws {@link ConfigurationError} where there is none. */
export function encoderMaker(kind: string, steps: number, tied: boolean): (inputs: number, outputs: number) => Encoder {
  switch (kind) {
    case 'lista':
      return (inputs, outputs) => listaEncoder({ inputs, outputs, steps, tied })
    case 'linear-shrink':
      return (inputs, outputs) => linearShrink({ inputs, outputs })
    case 'linear-tanh-gain':
      return (inputs, outputs) => linearTanhGain({ inputs, outputs })
    default:
      throw new ConfigurationError(
        `There is no encoder "${kind}"; there are lista, linear-shrink and linear-tanh-gain.`,
      )
  }
}

const STEPS = 4000
const RATE = 0.002

/** What both ways of learning an encoder share, with defaults in place. */
export function trainingPlan(
  dictionary: DictionaryOptions,
  options: EncoderTrainingOptions,
): Omit<EncoderPlan, 'kind' | 'encoder' | 'objective'> {
  const { learningTolerance = 1e-5 } = options
  const { seed = 0, threads } = dictionary
  if (!(learningTolerance > 0 && learningTolerance < 1)) {
    throw new ConfigurationError(`learningTolerance must lie between 0 and 1; got ${learningTolerance}.`)
  }
  rng(seed)
  const trainingSteps = checkedCount('trainingSteps', options.trainingSteps ?? STEPS)
  return {
    dictionary,
    optimizer: options.optimizer ?? adam({ learningRate: cosineRate({ rate: RATE, steps: trainingSteps }) }),
    trainingSteps,
    batchSize: checkedCount('batchSize', options.batchSize ?? 256),
    learningTolerance,
    seed,
    runtime: options.runtime ?? {},
    threads,
  }
}
