import { ConfigurationError } from '../tensor/errors.js'
import type { Cost, CostConfig, CostKind } from './cost.js'
import { bernoulli } from './costs/bernoulli.js'
import { categorical } from './costs/categorical.js'
import { huber } from './costs/huber.js'
import { squaredError } from './costs/squaredError.js'

/** Every ready cost, for messages and menus. */
export const costKinds: readonly CostKind[] = ['squared-error', 'bernoulli', 'categorical', 'huber']

/** The cost that a plain object describes. Throws {@link ConfigurationError} where there is none of its kind, or a parameter is wrong. */
export function restoreCost(config: CostConfig): Cost {
  switch (config.kind) {
    case 'squared-error':
      return squaredError()
    case 'bernoulli':
      return bernoulli()
    case 'categorical':
      return categorical()
    case 'huber':
      return huber(config.delta === undefined ? {} : { delta: config.delta })
    default:
      throw new ConfigurationError(`There is no cost "${config.kind}"; there are ${costKinds.join(', ')}.`)
  }
}
