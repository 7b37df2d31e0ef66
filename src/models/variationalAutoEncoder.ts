import { checkedPart, type Module } from '../energy/module.js'
import type { Activation } from '../energy/modules/activation.js'
import { checkedCount } from '../energy/regularizer.js'
import { adam } from '../learning/optimizers/adam.js'
import type { Clipping } from '../learning/optimizers/clipGradients.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import type { RuntimeOptions } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import type { LatentVariableData } from './latentVariableData.js'
import { fitVariational, type VariationalFitOptions } from './variationalAutoEncoderFit.js'
import type { Likelihood, VariationalForm } from './variationalAutoEncoderLoss.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'
import { checkedNetworks, type Networks } from './variationalAutoEncoderNetworks.js'

export interface VariationalAutoEncoderOptions {
  /** Numbers in a code, k. */
  readonly latent: number
  /** Units of the hidden layers, of both networks or of each; 400 by default. With `channels`, those between convolutions and code. */
  readonly hidden?: readonly number[] | { readonly encoder: readonly number[]; readonly decoder: readonly number[] }
  /** Makes the networks convolutional: maps of each convolution, which halves the picture's sides. */
  readonly channels?: readonly number[]
  /** Of the hidden layers; `relu` by default. */
  readonly activation?: Activation
  /** Networks of your own in their place: Enc(y, h) with 2k outputs (z̄, log σ²; k where σ is fixed), Dec(h, z) with y's shape. */
  readonly modules?: { readonly encoder: Module; readonly decoder: Module }
  /** h = Pred(x), which joins z in the decoder and y in the encoder; x itself where there is none. */
  readonly predictor?: Module
  /** How y scatters around what is decoded; `bernoulli`, for numbers from 0 to 1, by default. */
  readonly cost?: 'bernoulli' | 'gaussian'
  /** s² of the Gaussian, one for all pixels: a number, or learned; 1 by default. */
  readonly variance?: number | 'learned'
  /** Strength of spring and size term together (β); 1 by default, and then the energy is the negative ELBO. */
  readonly beta?: number
  /** Strength of the spring, ½‖z̄‖²; 1 by default, 0 for none. */
  readonly spring?: number
  /** Strength of ½Σ(σ² − 1 − log σ²), which keeps the size of the balls near 1; 1 by default. */
  readonly ballSize?: number
  /** σ of all codes, where it is not to be learned. */
  readonly deviation?: number | 'learned'
  /** How parameters move; `adam()` by default. */
  readonly optimizer?: Optimizer
  /** Bounds the gradients before the optimizer sees them. */
  readonly clip?: Clipping
  /** Observations a step of learning; 128 by default. */
  readonly batchSize?: number
  readonly seed?: number
  /** Where graphs run; the CPU, all threads, by default. */
  readonly runtime?: RuntimeOptions
}

const optionNames: OptionNames<VariationalAutoEncoderOptions> = {
  latent: true,
  hidden: true,
  channels: true,
  activation: true,
  modules: true,
  predictor: true,
  cost: true,
  variance: true,
  beta: true,
  spring: true,
  ballSize: true,
  deviation: true,
  optimizer: true,
  clip: true,
  batchSize: true,
  seed: true,
  runtime: true,
}

/** Options with every default in place. */
export interface VariationalDefinition extends VariationalForm {
  readonly optimizer: Optimizer
  readonly clip: Clipping | undefined
  readonly batchSize: number
  readonly seed: number
  readonly runtime: RuntimeOptions
}

/** A variational auto-encoder, not yet learned. */
export interface VariationalAutoEncoder {
  readonly definition: VariationalDefinition
  /**
   * Learns from y alone (a batch, a stream), from pairs { x, y }, or from observations that are cut into both
   * ({ observations, axis, at }).
   */
  fit(data: LatentVariableData, options?: VariationalFitOptions): Promise<VariationalModel>
}

const HIDDEN = [400]

/**
 * A variational auto-encoder (Kingma and Welling 2014): codes are fuzzy balls z = z̄ + σε, their centres held to the origin by
 * springs,
 *
 *     F(x, y) = E[−log p(y | Dec(h, z))] + β(spring·½‖z̄‖² + ballSize·½Σ(σ² − 1 − log σ²)),   h = Pred(x),   (z̄, σ) = Enc(y, h)
 *
 * which with all strengths at 1 is the negative ELBO. Throws ConfigurationError where an option is out of range or two do not go
 * together.
 */
export function variationalAutoEncoder(options: VariationalAutoEncoderOptions): VariationalAutoEncoder {
  const definition = resolve(options)
  return { definition, fit: (data, fit = {}) => fitVariational(definition, data, fit) }
}

function resolve(options: VariationalAutoEncoderOptions): VariationalDefinition {
  checkOptions('variationalAutoEncoder', options, optionNames)
  const { predictor, optimizer, modules } = options
  const functions = ['apply', 'init', 'describe']
  if (optimizer !== undefined) checkedPart('optimizer', optimizer, ['init', 'update', 'describe'], 'adam()')
  for (const [what, module] of Object.entries({ predictor, ...modules })) {
    if (module !== undefined) checkedPart(what, module, functions, 'mlp({ inputs, hidden, outputs })')
  }
  const { deviation = 'learned', seed = 0 } = options
  rng(seed)
  return {
    latent: checkedCount('latent', options.latent),
    networks: networksOf(options),
    ...(predictor ? { predictor } : {}),
    likelihood: likelihoodOf(options),
    beta: strength('beta', options.beta),
    spring: strength('spring', options.spring),
    ballSize: strength('ballSize', options.ballSize),
    deviation: deviation === 'learned' ? deviation : positive('deviation', deviation),
    optimizer: options.optimizer ?? adam(),
    clip: options.clip,
    batchSize: checkedCount('batchSize', options.batchSize ?? 128),
    seed,
    runtime: options.runtime ?? {},
  }
}

function networksOf({ hidden, channels, activation = 'relu', modules }: VariationalAutoEncoderOptions): Networks {
  if (modules) {
    if (hidden || channels) {
      throw new ConfigurationError(
        'Give the sizes of ready networks (hidden, channels) or modules of your own, not both.',
      )
    }
    return { kind: 'modules', ...modules }
  }
  const both = hidden ?? HIDDEN
  checkLists(both, channels)
  const { encoder, decoder } = 'encoder' in both ? both : { encoder: both, decoder: [...both].reverse() }
  if (!channels) return checkedNetworks({ kind: 'mlp', encoder, decoder, activation })
  if ('encoder' in both) {
    throw new ConfigurationError('Convolutional networks mirror each other; give hidden as one list.')
  }
  return checkedNetworks({ kind: 'conv', channels, hidden: both, activation })
}

/** Throws {@link ConfigurationError} unless the sizes of layers are lists. */
function checkLists(hidden: NonNullable<VariationalAutoEncoderOptions['hidden']>, channels: unknown): void {
  const lists =
    typeof hidden === 'object' && 'encoder' in hidden
      ? { 'hidden.encoder': hidden.encoder, 'hidden.decoder': hidden.decoder }
      : { hidden }
  for (const [name, list] of Object.entries({ ...lists, ...(channels ? { channels } : {}) })) {
    if (!Array.isArray(list)) {
      throw new ConfigurationError(
        `${name} must be a list of sizes, such as [400] or [400, 200]; got ${JSON.stringify(list)}.`,
      )
    }
  }
}

function likelihoodOf({ cost = 'bernoulli', variance }: VariationalAutoEncoderOptions): Likelihood {
  if (cost === 'gaussian') {
    return { kind: 'gaussian', variance: variance === 'learned' ? variance : positive('variance', variance ?? 1) }
  }
  if (cost !== 'bernoulli') throw new ConfigurationError(`cost must be bernoulli or gaussian; got "${cost}".`)
  if (variance !== undefined)
    throw new ConfigurationError("A variance is the Gaussian cost's; leave it out, or set cost: 'gaussian'.")
  return { kind: 'bernoulli' }
}

function strength(name: string, value = 1): number {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`${name} must be a finite number, 0 or more; got ${value}.`)
  }
  return value
}

function positive(name: string, value: number): number {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`${name} must be a finite number above 0, or "learned"; got ${value}.`)
  }
  return value
}
