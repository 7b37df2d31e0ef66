import { mul, reshape } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { sizeOf } from '../../tensor/tensor.js'
import type { Module } from '../module.js'
import { checkInputs, joinFlat } from './inputs.js'

export interface ScaledOptions {
  /** The shape of what comes in and goes out. */
  readonly input: readonly number[]
  /** What every number is multiplied by; not learned. */
  readonly factor: number
}

/** factor · x, a factor that is not learned: brings what follows to a known scale. Throws {@link ConfigurationError} for a factor of 0 or none. */
export function scaled(options: ScaledOptions): Module {
  const { input, factor } = options
  const size = sizeOf(input)
  if (!Number.isFinite(factor) || factor === 0) {
    throw new ConfigurationError(`The factor of a scaled module must be a finite number, not 0; got ${factor}.`)
  }
  return {
    kind: 'scaled',
    outputShape: [...input],
    init: () => ({}),
    shapes: () => ({}),
    apply(_, ...given) {
      checkInputs('scaled', size, given)
      return mul(reshape(joinFlat(given), ['n', ...input]), factor)
    },
    describe: () => ({ kind: 'scaled', input: [...input], factor }),
  }
}
