import { ConfigurationError } from '../tensor/errors.js'
import type { Regularizer, RegularizerConfig } from './regularizer.js'
import { elasticNet } from './regularizers/elasticNet.js'
import { group } from './regularizers/group.js'
import { l0 } from './regularizers/l0.js'
import { l1 } from './regularizers/l1.js'
import { nonNegative } from './regularizers/nonNegative.js'
import { topK } from './regularizers/topK.js'
import { weightedL1 } from './regularizers/weightedL1.js'

/** Every kind of regularizer, for messages and menus. */
export const regularizerKinds = ['l1', 'weighted-l1', 'nonnegative', 'elastic-net', 'group', 'top-k', 'l0'] as const

/** The regularizer that a plain object describes. Throws {@link ConfigurationError} where a parameter is missing or wrong. */
export function restoreRegularizer(config: RegularizerConfig): Regularizer {
  const needed = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw new ConfigurationError(`The regularizer ${config.kind} needs ${name}.`)
    return value
  }
  switch (config.kind) {
    case 'l1':
      return l1(config)
    case 'nonnegative':
      return nonNegative(config)
    case 'l0':
      return l0(config)
    case 'weighted-l1':
      return weightedL1({ ...config, weights: needed('weights', config.weights) })
    case 'elastic-net':
      return elasticNet({ ...config, ridge: needed('ridge', config.ridge) })
    case 'group':
      return group({ ...config, groupSize: needed('groupSize', config.groupSize) })
    case 'top-k':
      return topK({ active: needed('active', config.active) })
    default:
      throw new ConfigurationError(
        `There is no regularizer "${config.kind}"; there are ${regularizerKinds.join(', ')}.`,
      )
  }
}
