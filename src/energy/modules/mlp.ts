import { ConfigurationError } from '../../tensor/errors.js'
import type { Module } from '../module.js'
import { checkedCount } from '../regularizer.js'
import { type Activation, checkedActivation } from './activation.js'
import { linear } from './linear.js'
import { sequential } from './sequential.js'

export interface MlpOptions {
  /** Numbers that come in an observation, all inputs together: they are laid flat and joined in their order. */
  readonly inputs: number
  /** Units of each hidden layer. */
  readonly hidden: readonly number[]
  /** The shape of the output, or its size. */
  readonly outputs: number | readonly number[]
  /** Of the hidden layers; `relu` by default. */
  readonly activation?: Activation
  /** Of the output; `identity` by default. */
  readonly outputActivation?: Activation
}

/** Linear layers with an activation between: W₂·a(W₁·[inputs] + b₁) + b₂ for one hidden layer. */
export function mlp(options: MlpOptions): Module {
  const activation = checkedActivation(options.activation ?? 'relu')
  const outputActivation = checkedActivation(options.outputActivation)
  if (!Array.isArray(options.hidden)) {
    throw new ConfigurationError(
      `hidden must be a list of sizes, such as [400]; got ${JSON.stringify(options.hidden)}.`,
    )
  }
  const hidden = options.hidden.map((units) => checkedCount('hidden units', units))
  const inputs = checkedCount('inputs', options.inputs)
  const sizes = [inputs, ...hidden]
  const layers = sequential(
    ...hidden.map((outputs, i) => linear({ inputs: sizes[i], outputs, activation })),
    linear({ inputs: sizes[hidden.length], outputs: options.outputs, activation: outputActivation }),
  )
  const outputs = [...layers.outputShape]
  return {
    ...layers,
    kind: 'mlp',
    describe: () => ({ kind: 'mlp', inputs, hidden, outputs, activation, outputActivation }),
  }
}
