import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import {
  type EncoderLearning,
  type EncoderTrainingOptions,
  encoderMaker,
  encoderTrainingOptions,
  trainingPlan,
} from './lista.js'
import { checkDictionaryOptions, type DictionaryOptions, dictionaryOptions } from './listaDictionary.js'
import { type EncoderPlan, fitEncoder } from './listaFit.js'

export interface PredictiveSparseDecompositionOptions extends DictionaryOptions, EncoderTrainingOptions {
  /** Which encoder; `linear-tanh-gain` by default. */
  readonly encoder?: 'lista' | 'linear-shrink' | 'linear-tanh-gain'
  /** K and tying of the encoder `lista`; 1 and true by default. */
  readonly steps?: number
  readonly tied?: boolean
  /** γ > 0 of the encoder's term ½γ‖z − Enc(y)‖²; 1 by default. */
  readonly gamma?: number
  /** Whether the encoder's term counts where codes are inferred, as the energy says, or only trains the encoder; it counts by default. */
  readonly encoderInInference?: boolean
}

const optionNames: OptionNames<PredictiveSparseDecompositionOptions> = {
  ...dictionaryOptions,
  ...encoderTrainingOptions,
  encoder: true,
  steps: true,
  tied: true,
  gamma: true,
  encoderInInference: true,
}

/**
 * Predictive sparse decomposition (Kavukcuoglu, Ranzato, LeCun 2008): E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖², with
 * dictionary and encoder learned together. Codes are inferred exactly: the encoder's term is a part of a lasso over more rows. The
 * dictionary starts as one of a single epoch of sparse coding (or `dictionaryEpochs`), or as the one given; its atoms keep norm 1.
 * Throws {@link ConfigurationError} where an option is out of range or two do not go together.
 */
export function predictiveSparseDecomposition(options: PredictiveSparseDecompositionOptions): EncoderLearning {
  checkOptions('predictiveSparseDecomposition', options, optionNames)
  const { encoder: kind = 'linear-tanh-gain', steps = 1, tied = true, gamma = 1, encoderInInference = true } = options
  checkDictionaryOptions(options)
  if (!(gamma > 0 && gamma < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`gamma must be a finite number above 0; got ${gamma}.`)
  }
  if (kind !== 'lista' && (options.steps !== undefined || options.tied !== undefined)) {
    throw new ConfigurationError(`steps and tied are for the encoder lista; ${kind} has none, leave them out.`)
  }
  const dictionary =
    options.atoms === undefined ? options : { ...options, dictionaryEpochs: options.dictionaryEpochs ?? 1 }
  const plan: EncoderPlan = {
    ...trainingPlan(dictionary, options),
    kind: 'predictive-sparse-decomposition',
    encoder: encoderMaker(kind, steps, tied),
    objective: { kind: 'joint', gamma, encoderInInference },
  }
  plan.encoder(1, 1) // for the errors that this throws
  return { fit: (data, fit = {}) => fitEncoder(plan, data, fit) }
}
