import { linear, mul, tanh } from '../../graph/index.js'
import { filled, normalTensor } from '../modules/inputs.js'
import { type Encoder, encoder } from './encoder.js'

/**
 * g ∘ tanh(Wₑy + b): the encoder of predictive sparse decomposition (Kavukcuoglu, Ranzato, LeCun 2008), a diagonal gain g after
 * the hyperbolic tangent. Parameters: `weight` [k, m], `bias` [k], `gain` [k], which starts at 1.
 */
export function linearTanhGain(options: { readonly inputs: number; readonly outputs: number }): Encoder {
  const { inputs, outputs } = options
  return encoder(options, {
    kind: 'linear-tanh-gain',
    shapes: () => ({ weight: [outputs, inputs], bias: [outputs], gain: [outputs] }),
    init: (random) => ({
      weight: normalTensor(random, [outputs, inputs], 1 / Math.sqrt(inputs)),
      bias: filled([outputs], 0),
      gain: filled([outputs], 1),
    }),
    start: ({ weight }) => ({ weight, bias: filled([outputs], 0), gain: filled([outputs], 1) }),
    code: ({ weight, bias, gain }, y) => mul(tanh(linear(y, weight, bias)), gain),
    constrain: () => ({}),
  })
}
