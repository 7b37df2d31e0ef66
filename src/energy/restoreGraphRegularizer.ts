import { ConfigurationError } from '../tensor/errors.js'
import { checkNoise, type GraphRegularizer, type GraphRegularizerConfig } from './graphRegularizer.js'
import type { RegularizerConfig } from './regularizer.js'
import { l2 } from './regularizers/l2.js'
import { limitedNoise } from './regularizers/limitedNoise.js'
import { regularizerKinds, restoreRegularizer } from './restoreRegularizer.js'

/** Every kind of ready regularizer that a graph can hold, for messages and menus. */
export const graphRegularizerKinds: readonly string[] = [...regularizerKinds, 'l2', 'limited-noise']

/** The regularizer for graphs that a plain object describes. Throws {@link ConfigurationError} where a parameter is missing or wrong. */
export function restoreGraphRegularizer({ noise, ...config }: GraphRegularizerConfig): GraphRegularizer {
  const plain = restoreWithoutNoise(config)
  if (noise === undefined) return plain
  checkNoise(noise)
  return { ...plain, noise, describe: () => ({ ...plain.describe(), noise }) }
}

function restoreWithoutNoise(config: GraphRegularizerConfig): GraphRegularizer {
  if (config.kind === 'l2') return l2({ lambda: needed(config, 'lambda') })
  if (config.kind === 'limited-noise') {
    return limitedNoise({ radius: needed(config, 'radius'), deviation: needed(config, 'deviation') })
  }
  if (config.kind === 'own') {
    throw new ConfigurationError(
      `The regularizer "${config.name}" is one of your own functions, which no file holds; give its definition again.`,
    )
  }
  if (!graphRegularizerKinds.includes(config.kind)) {
    throw new ConfigurationError(
      `There is no regularizer "${config.kind}"; there are ${graphRegularizerKinds.join(', ')}.`,
    )
  }
  return restoreRegularizer(config as RegularizerConfig) // its kind was just found among those
}

function needed(config: GraphRegularizerConfig, name: 'lambda' | 'radius' | 'deviation'): number {
  const value = config[name]
  if (value === undefined) throw new ConfigurationError(`The regularizer ${config.kind} needs ${name}.`)
  return value
}
