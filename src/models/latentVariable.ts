import { type EnergyParts, type LatentVariableEnergy, latentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { checkedPart, type Parameters, partName } from '../energy/module.js'
import { checkedCount } from '../energy/regularizer.js'
import { checkRowsApart } from '../inference/graph/checkRowsApart.js'
import { type EncodeSettings, encodeSettings, type GraphEncodeOptions } from '../inference/graph/encodeSettings.js'
import { adam } from '../learning/optimizers/adam.js'
import type { Clipping } from '../learning/optimizers/clipGradients.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { formatShape, sameShape, tensor } from '../tensor/tensor.js'
import type { LatentVariableData } from './latentVariableData.js'
import { fitLatentVariable, type LatentVariableFitOptions } from './latentVariableFit.js'
import { createLatentVariableModel, type LatentVariableModel } from './latentVariableModel.js'
import { describeLatentVariable } from './latentVariableSettings.js'

/** How codes are found while learning. */
export type LearningInference = Pick<
  GraphEncodeOptions,
  'solver' | 'tolerance' | 'maxSteps' | 'restarts' | 'restartDeviation'
>

export interface LatentVariableOptions extends EnergyParts {
  /** How parameters move; `adam()` by default. */
  readonly optimizer?: Optimizer
  /** Bounds the gradients before the optimizer sees them. */
  readonly clip?: Clipping
  /** Observations a step of learning; 128 by default. */
  readonly batchSize?: number
  /** How codes are found while learning: to a tolerance of 1e-3 in at most 50 steps by default, from the encoder's guess or 0. */
  readonly inference?: LearningInference
  /** Takes the encoder's output as the code while learning, and learns through it; nothing is inferred then. */
  readonly amortized?: boolean
  /** Whether γD counts where codes are inferred; where not, it only trains the encoder. It counts by default. */
  readonly encoderInInference?: boolean
  /** Brings what each number of the code contributes to the decoder's output (its column, its kernel) to norm 1 after each step. */
  readonly normalizeDecoder?: boolean
  /** Codes of training data that are kept with the model, from which `predict` and `sample` draw; 256 by default. */
  readonly keptCodes?: number
  readonly seed?: number
  /** Where graphs run; the CPU, all threads, by default. */
  readonly runtime?: RuntimeOptions
  /** Where your own functions are defined (a file's name), for whoever loads a saved run. */
  readonly definition?: string
}

const optionNames: OptionNames<LatentVariableOptions> = {
  shapes: true,
  predictor: true,
  decoder: true,
  cost: true,
  regularizer: true,
  encoder: true,
  encoderCost: true,
  gamma: true,
  optimizer: true,
  clip: true,
  batchSize: true,
  inference: true,
  amortized: true,
  encoderInInference: true,
  normalizeDecoder: true,
  keptCodes: true,
  seed: true,
  runtime: true,
  definition: true,
}

/** Options with every default in place. */
export interface LatentVariableDefinition {
  readonly energy: LatentVariableEnergy
  readonly optimizer: Optimizer
  readonly clip: Clipping | undefined
  readonly batchSize: number
  readonly inference: EncodeSettings
  readonly amortized: boolean
  readonly encoderInInference: boolean
  readonly normalizeDecoder: boolean
  readonly keptCodes: number
  readonly seed: number
  readonly runtime: RuntimeOptions
  readonly definition: string | undefined
}

/** An energy with the way in which it is learned, not yet learned. */
export interface LatentVariable {
  readonly definition: LatentVariableDefinition
  /** Learns the parameters from data; see {@link LatentVariableFitOptions}. */
  fit(data: LatentVariableData, options?: LatentVariableFitOptions): Promise<LatentVariableModel>
  /**
   * The model at given parameters, or at first ones drawn from the seed. Throws ShapeError where parameters are not those of the
   * energy, by name and shape, and DataError where one is not finite.
   */
  model(parameters?: Parameters): Promise<LatentVariableModel>
}

const inferenceNames: OptionNames<LearningInference> = {
  solver: true,
  tolerance: true,
  maxSteps: true,
  restarts: true,
  restartDeviation: true,
}

const LEARNING_TOLERANCE = 1e-3
const LEARNING_STEPS = 50

/**
 * A model E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)) with h = Pred(x), of ready modules or your own functions. Throws
 * {@link ShapeError} and {@link ConfigurationError} where parts do not fit or an option is out of range.
 */
export function latentVariableModel(options: LatentVariableOptions): LatentVariable {
  const definition = resolve(options)
  const { energy } = definition
  return {
    definition,
    fit: (data, fit = {}) => fitLatentVariable(definition, data, fit),
    model: async (given) => {
      const first = energy.init(rng(definition.seed))
      const parameters = given ?? first
      checkParameters(first, parameters)
      const machine = await runtime(definition.runtime)
      await checkRowsApart(energy, parameters, machine)
      return createLatentVariableModel({
        definition: energy,
        settings: describeLatentVariable(definition, 'nothing'),
        parameters,
        runtime: machine,
        history: [],
        status: 'finished',
      })
    },
  }
}

function resolve(options: LatentVariableOptions): LatentVariableDefinition {
  checkOptions('latentVariableModel', options, optionNames)
  checkOptions('inference', options.inference ?? {}, inferenceNames)
  if (options.optimizer !== undefined)
    checkedPart('optimizer', options.optimizer, ['init', 'update', 'describe'], 'adam()')
  const energy = latentVariableEnergy(options)
  const { amortized = false, encoderInInference = true, normalizeDecoder = false, seed = 0 } = options
  if (amortized && !energy.encoder) {
    throw new ConfigurationError('amortized takes codes from an encoder, and there is none; give one.')
  }
  if (!encoderInInference && !energy.encoder) {
    throw new ConfigurationError('encoderInInference is about an encoder, and there is none; give one.')
  }
  if (normalizeDecoder && !energy.decoder.normalized) {
    throw new ConfigurationError(
      `normalizeDecoder needs a decoder that is linear in z, a column or kernel for each number of it; ${partName(energy.decoder)} is not.`,
    )
  }
  rng(seed)
  const inference = { tolerance: LEARNING_TOLERANCE, maxSteps: LEARNING_STEPS, ...options.inference }
  return {
    energy,
    optimizer: options.optimizer ?? adam(),
    clip: options.clip,
    batchSize: checkedCount('batchSize', options.batchSize ?? 128),
    inference: encodeSettings({ ...inference, seed }, false),
    amortized,
    encoderInInference,
    normalizeDecoder,
    keptCodes: checkedCount('keptCodes', options.keptCodes ?? 256),
    seed,
    runtime: options.runtime ?? {},
    definition: options.definition,
  }
}

/** Throws {@link ShapeError} unless parameters have the names and shapes of others, and {@link DataError} unless they are finite. */
export function checkParameters(wanted: Parameters, given: Parameters): void {
  for (const [name, { shape }] of Object.entries(wanted)) {
    const found = given[name]
    if (!found?.shape || !found.data) {
      throw new ShapeError(`The parameter "${name}" (${formatShape(shape)}) is missing; there are ${listed(given)}.`)
    }
    tensor(found.shape, found.data)
    const bad = found.data.find((value) => !Number.isFinite(value))
    if (bad !== undefined) {
      throw new DataError(`The parameter "${name}" holds ${bad}; parameters must be finite.`)
    }
    if (!sameShape(found.shape, shape)) {
      throw new ShapeError(
        `The parameter "${name}" is ${formatShape(found.shape)}; the energy has it as ${formatShape(shape)}.`,
      )
    }
  }
  const extra = Object.keys(given).find((name) => !Object.hasOwn(wanted, name))
  if (extra !== undefined) {
    throw new ShapeError(`The parameter "${extra}" belongs to no part of the energy, which has ${listed(wanted)}.`)
  }
}

const listed = (parameters: Parameters): string => Object.keys(parameters).join(', ') || 'none'
