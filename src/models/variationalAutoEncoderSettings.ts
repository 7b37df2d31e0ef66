import * as valid from '../artifacts/validate.js'
import { partsAsGraph } from '../energy/latentVariableEnergy.js'
import type { ModuleConfig } from '../energy/module.js'
import { activations } from '../energy/modules/activation.js'
import { restoreModule } from '../energy/restoreModule.js'
import type { Clipping } from '../learning/optimizers/clipGradients.js'
import type { OptimizerConfig } from '../learning/optimizers/optimizer.js'
import { ownFunctions } from './ownFunctions.js'
import { clipping } from './settingsParts.js'
import type { VariationalDefinition } from './variationalAutoEncoder.js'
import {
  ballAsGraph,
  type Likelihood,
  type VariationalForm,
  type VariationalParts,
} from './variationalAutoEncoderLoss.js'
import { describeNetworks, type NetworksConfig, restoreNetworks } from './variationalAutoEncoderNetworks.js'

/** Everything that determines what is learned; `config.json` holds it, and a checkpoint is tied to it. */
export interface VariationalSettings extends FormSettings {
  readonly shapes: { readonly x?: readonly number[]; readonly y: readonly number[] }
  /** Tells your own functions from others of the same names, where there are any. */
  readonly ownFunctions?: string
  readonly optimizer: OptimizerConfig
  readonly clip?: Clipping
  readonly batchSize: number
  readonly seed: number
  /** What it learned from: the source's name. */
  readonly data: string
}

/** What the settings say of networks and strengths. */
interface FormSettings {
  readonly latent: number
  readonly networks: NetworksConfig
  readonly predictor?: ModuleConfig
  readonly likelihood: Likelihood
  readonly beta: number
  readonly spring: number
  readonly ballSize: number
  readonly deviation: number | 'learned'
}

/** How networks and strengths stand in `config.json`. */
export function describeForm(form: VariationalForm): FormSettings {
  const { latent, networks, predictor, likelihood, beta, spring, ballSize, deviation } = form
  return {
    latent,
    networks: describeNetworks(networks),
    ...(predictor ? { predictor: predictor.describe() } : {}),
    likelihood,
    beta,
    spring,
    ballSize,
    deviation,
  }
}

/** How a definition stands in `config.json`. */
export function describeVariational(
  definition: VariationalDefinition,
  parts: VariationalParts,
  shapes: VariationalSettings['shapes'],
  data: string,
): VariationalSettings {
  const form = describeForm(definition)
  return {
    shapes,
    ...form,
    ...ownFunctions(form, () => ({ ...partsAsGraph(parts.energy), ...ballAsGraph(parts) })),
    optimizer: definition.optimizer.describe(),
    ...(definition.clip ? { clip: definition.clip } : {}),
    batchSize: definition.batchSize,
    seed: definition.seed,
    data,
  }
}

/** A number above 0, or "learned". */
const numberOrLearned: valid.Validator<number | 'learned'> = (value, path) =>
  value === 'learned' ? value : valid.number({ above: 0 })(value, path)

const sizes = valid.array(valid.whole({ min: 1 }))
const activation = valid.oneOf(...activations)
const strength = valid.number({ min: 0 })

/** Checks the settings of `config.json`. */
export const variationalSettings: valid.Validator<VariationalSettings> = valid.object({
  shapes: valid.object({ x: valid.optional(valid.shape), y: valid.shape }),
  latent: valid.whole({ min: 1 }),
  networks: valid.variant('kind', {
    mlp: valid.object({ kind: valid.oneOf('mlp'), encoder: sizes, decoder: sizes, activation }),
    conv: valid.object({ kind: valid.oneOf('conv'), channels: sizes, hidden: sizes, activation }),
    modules: valid.object({
      kind: valid.oneOf('modules'),
      encoder: valid.described<ModuleConfig>(),
      decoder: valid.described<ModuleConfig>(),
    }),
  }),
  predictor: valid.optional(valid.described<ModuleConfig>()),
  likelihood: valid.variant('kind', {
    bernoulli: valid.object({ kind: valid.oneOf('bernoulli') }),
    gaussian: valid.object({ kind: valid.oneOf('gaussian'), variance: numberOrLearned }),
  }),
  beta: strength,
  spring: strength,
  ballSize: strength,
  deviation: numberOrLearned,
  ownFunctions: valid.optional(valid.text),
  optimizer: valid.described<OptimizerConfig>(),
  clip: valid.optional(clipping),
  batchSize: valid.whole({ min: 1 }),
  seed: valid.whole({ min: 0 }),
  data: valid.text,
})

/** The form that settings describe. Throws ConfigurationError where a network is a function of your own, which no file holds. */
export function formOfSettings(settings: VariationalSettings): VariationalForm {
  const { latent, likelihood, beta, spring, ballSize, deviation, predictor } = settings
  return {
    latent,
    networks: restoreNetworks(settings.networks),
    ...(predictor ? { predictor: restoreModule(predictor) } : {}),
    likelihood,
    beta,
    spring,
    ballSize,
    deviation,
  }
}
