import { abs, relu, sigmoid, softplus, tanh } from '../../graph/index.js'
import type { Sym } from '../../graph/sym.js'
import { ConfigurationError } from '../../tensor/errors.js'

/** What a layer does to each number after its linear part. */
export type Activation = 'identity' | 'tanh' | 'relu' | 'sigmoid' | 'softplus' | 'abs'

/** Every activation, for messages and menus. */
export const activations: readonly Activation[] = ['identity', 'tanh', 'relu', 'sigmoid', 'softplus', 'abs']

/** Checks an activation's name; `identity` where there is none. Throws {@link ConfigurationError}. */
export function checkedActivation(name: Activation = 'identity'): Activation {
  if (!activations.includes(name)) {
    throw new ConfigurationError(`There is no activation "${name}"; there are ${activations.join(', ')}.`)
  }
  return name
}

/** The activation of each number. */
export function activate(name: Activation, x: Sym): Sym {
  switch (name) {
    case 'identity':
      return x
    case 'tanh':
      return tanh(x)
    case 'relu':
      return relu(x)
    case 'sigmoid':
      return sigmoid(x)
    case 'softplus':
      return softplus(x)
    case 'abs':
      return abs(x)
  }
}

/**
 * The gain of first weights: their standard deviation is gain/√fan-in, so that numbers keep their scale from layer to layer
 * (He et al. 2015 for relu and what is like it; Glorot and Bengio 2010 else).
 */
export function gainOf(name: Activation): number {
  return name === 'relu' || name === 'softplus' ? Math.SQRT2 : 1
}
