import type { Sym } from '../graph/sym.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkedOutput } from './module.js'

/** The ready costs, by the name that files and the command line use. */
export type CostKind = 'squared-error' | 'bernoulli' | 'categorical' | 'huber'

/** A cost as `config.json` holds it. */
export interface CostConfig {
  readonly kind: string
  /** δ of the Huber cost. */
  readonly delta?: number
  /** The name of a cost of your own. */
  readonly name?: string
}

/** C(y, ŷ): how badly ŷ explains y, one number an observation. */
export interface Cost {
  readonly kind: string
  /** The name of a cost of your own, for messages. */
  readonly name?: string
  /** Whether C = ½‖y − ŷ‖²; with a decoder that is affine in z the energy is then quadratic, and is inferred as such. */
  readonly quadratic: boolean
  /** C of observations [n, …shape] and a decoder's output of the same shape: [n]. Takes single or double precision. */
  value(y: Sym, yHat: Sym): Sym
  /** What to show for a decoder's output: the mean of y under the model (itself, its sigmoid, its softmax). */
  mean(yHat: Sym): Sym
  /** Throws {@link DataError} for observations that the cost has no meaning for, in a sentence that begins with `what`. */
  check?(y: Tensor, what: string): void
  /** A plain object from which `restoreCost` makes the same cost. */
  describe(): CostConfig
}

/**
 * A cost from your own function over symbolic tensors; a run folder keeps its name, and whoever loads the run gives it again.
 * Throws {@link ConfigurationError} without a name; its value throws {@link ShapeError} unless it is one number an observation.
 */
export function defineCost(definition: {
  readonly name: string
  value(y: Sym, yHat: Sym): Sym
  mean?(yHat: Sym): Sym
}): Cost {
  const { name } = definition
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError(`A cost needs a name, a text that is not empty; got ${JSON.stringify(name)}.`)
  }
  return {
    kind: 'own',
    name,
    quadratic: false,
    value: (y, yHat) => checkedOutput(`The cost "${name}"`, definition.value(y, yHat), [yHat.shape[0]]),
    mean: (yHat) => definition.mean?.(yHat) ?? yHat,
    describe: () => ({ kind: 'own', name }),
  }
}
