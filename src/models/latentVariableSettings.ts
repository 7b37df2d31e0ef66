import * as valid from '../artifacts/validate.js'
import type { CostConfig } from '../energy/cost.js'
import type { GraphRegularizerConfig } from '../energy/graphRegularizer.js'
import { type EnergyConfig, partsAsGraph } from '../energy/latentVariableEnergy.js'
import type { ModuleConfig } from '../energy/module.js'
import type { Clipping } from '../learning/optimizers/clipGradients.js'
import type { OptimizerConfig } from '../learning/optimizers/optimizer.js'
import type { LatentVariableDefinition } from './latentVariable.js'
import { ownFunctions } from './ownFunctions.js'
import { clipping } from './settingsParts.js'

/** Everything that determines what is learned; `config.json` holds it, and a checkpoint is tied to it. */
export interface LatentVariableSettings {
  readonly energy: EnergyConfig
  readonly optimizer: OptimizerConfig
  readonly clip?: Clipping
  readonly batchSize: number
  readonly inference: {
    readonly solver: 'proximal-gradient' | 'gradient-descent'
    readonly tolerance: number
    readonly maxSteps: number
    readonly restarts: number
    readonly restartDeviation: number
  }
  readonly amortized: boolean
  readonly encoderInInference: boolean
  readonly normalizeDecoder: boolean
  readonly keptCodes: number
  readonly seed: number
  /** Tells your own functions from others of the same names, where there are any. */
  readonly ownFunctions?: string
  /** Where your own functions are defined, as it was said. */
  readonly definition?: string
  /** What it learned from: the source's name. */
  readonly data: string
}

/** How a definition stands in `config.json`. */
export function describeLatentVariable(definition: LatentVariableDefinition, data: string): LatentVariableSettings {
  const { energy, optimizer, clip, inference } = definition
  const { solver, tolerance, maxSteps, restarts, restartDeviation } = inference
  const description = energy.describe()
  return {
    energy: description,
    ...ownFunctions(description, () => partsAsGraph(energy)),
    optimizer: optimizer.describe(),
    ...(clip ? { clip } : {}),
    batchSize: definition.batchSize,
    inference: { solver, tolerance, maxSteps, restarts, restartDeviation },
    amortized: definition.amortized,
    encoderInInference: definition.encoderInInference,
    normalizeDecoder: definition.normalizeDecoder,
    keptCodes: definition.keptCodes,
    seed: definition.seed,
    ...(definition.definition === undefined ? {} : { definition: definition.definition }),
    data,
  }
}

const module = valid.described<ModuleConfig>()
const energy: valid.Validator<EnergyConfig> = valid.object({
  shapes: valid.object({ x: valid.optional(valid.shape), y: valid.shape, z: valid.shape }),
  predictor: valid.optional(module),
  decoder: module,
  cost: valid.described<CostConfig>(),
  regularizer: valid.optional(valid.described<GraphRegularizerConfig>()),
  encoder: valid.optional(module),
  encoderCost: valid.optional(valid.described<CostConfig>()),
  gamma: valid.optional(valid.number({ min: 0 })),
})

/** Checks the settings of `config.json`. */
export const latentVariableSettings: valid.Validator<LatentVariableSettings> = valid.object({
  energy,
  optimizer: valid.described<OptimizerConfig>(),
  clip: valid.optional(clipping),
  batchSize: valid.whole({ min: 1 }),
  inference: valid.object({
    solver: valid.oneOf('proximal-gradient', 'gradient-descent'),
    tolerance: valid.number({ min: 0 }),
    maxSteps: valid.whole({ min: 0 }),
    restarts: valid.whole({ min: 0 }),
    restartDeviation: valid.number({ above: 0 }),
  }),
  amortized: valid.boolean,
  encoderInInference: valid.boolean,
  normalizeDecoder: valid.boolean,
  keptCodes: valid.whole({ min: 1 }),
  seed: valid.whole({ min: 0 }),
  ownFunctions: valid.optional(valid.text),
  definition: valid.optional(valid.text),
  data: valid.text,
})
