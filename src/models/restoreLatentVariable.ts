import * as valid from '../artifacts/validate.js'
import type { Cost, CostConfig } from '../energy/cost.js'
import type { GraphRegularizer, GraphRegularizerConfig } from '../energy/graphRegularizer.js'
import type { Module, ModuleConfig } from '../energy/module.js'
import { restoreCost } from '../energy/restoreCost.js'
import { restoreGraphRegularizer } from '../energy/restoreGraphRegularizer.js'
import { restoreModule } from '../energy/restoreModule.js'
import { ConfigurationError, FileFormatError, ShapeError } from '../tensor/errors.js'
import type { LatentVariableOptions } from './latentVariable.js'
import { restoreOptimizer } from './restoreOptimizer.js'
import { clipping } from './settingsParts.js'

/**
 * A part made from its description, whose settings must all be known to it. Errors of the part say where its description stands.
 */
function part<Config extends { readonly kind: string }, Part extends { describe(): object }>(
  restore: (config: Config) => Part,
): valid.Validator<Part> {
  return (value, path) => {
    const config = valid.described()(typeof value === 'string' ? { kind: value } : value, path)
    try {
      const made = restore(config as Config) // the part checks its own settings
      checkKnown(config, made.describe(), path)
      return made
    } catch (error) {
      if (error instanceof ConfigurationError) throw new ConfigurationError(`${path}: ${error.message}`)
      if (error instanceof ShapeError) throw new ShapeError(`${path}: ${error.message}`)
      if (!(error instanceof TypeError)) throw error
      throw new FileFormatError(`${path}: the ${config.kind} lacks a setting, or has one in another form.`, {
        cause: error,
      })
    }
  }
}

/** Throws FileFormatError where a description has a setting that the part made of it does not know. */
function checkKnown(given: unknown, known: unknown, path: string): void {
  if (Array.isArray(given) && Array.isArray(known)) {
    for (const [i, each] of given.entries()) checkKnown(each, known[i], `${path}[${i}]`)
    return
  }
  if (!isObject(given) || !isObject(known)) return
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      throw new FileFormatError(
        `${path}.${name} is not a known setting; ${String(given.kind)} has ${Object.keys(known)
          .filter((each) => each !== 'kind')
          .join(', ')}.`,
      )
    }
    checkKnown(value, known[name], `${path}.${name}`)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const module = part<ModuleConfig, Module>(restoreModule)
const cost = part<CostConfig, Cost>(restoreCost)
const regularizer = part<GraphRegularizerConfig, GraphRegularizer>(restoreGraphRegularizer)

/** A number for a vector, or sizes. */
const shape: valid.Validator<number | number[]> = (value, path) =>
  typeof value === 'number' ? valid.whole({ min: 1 })(value, path) : valid.shape(value, path)

const options = valid.object({
  shapes: valid.object({ x: valid.optional(shape), y: shape, z: shape }),
  predictor: valid.optional(module),
  decoder: module,
  cost,
  regularizer: valid.optional(regularizer),
  encoder: valid.optional(module),
  encoderCost: valid.optional(cost),
  gamma: valid.optional(valid.number({ min: 0 })),
  optimizer: valid.optional(restoreOptimizer),
  clip: valid.optional(clipping),
  batchSize: valid.optional(valid.whole({ min: 1 })),
  inference: valid.optional(
    valid.object({
      solver: valid.optional(valid.oneOf('proximal-gradient', 'gradient-descent')),
      tolerance: valid.optional(valid.number({ min: 0 })),
      maxSteps: valid.optional(valid.whole({ min: 0 })),
      restarts: valid.optional(valid.whole({ min: 0 })),
      restartDeviation: valid.optional(valid.number({ above: 0 })),
    }),
  ),
  amortized: valid.optional(valid.boolean),
  encoderInInference: valid.optional(valid.boolean),
  normalizeDecoder: valid.optional(valid.boolean),
  keptCodes: valid.optional(valid.whole({ min: 1 })),
})

/**
 * Options of `latentVariableModel` from a plain object, such as a JSON file holds: parts by kind and settings, as `config.json`
 * has them, a part without settings by its kind alone. `path` begins messages ("energy.json:"). Throws FileFormatError where a
 * setting is unknown, missing or of another form, ConfigurationError and ShapeError where a part refuses its settings.
 */
export function restoreLatentVariable(config: unknown, path = 'The configuration:'): LatentVariableOptions {
  return options(config, path)
}
