import { linear, mul, tanh } from '../../graph/index.js'
import { checkedSize, checkInputs, filled, joinFlat, normalTensor } from '../modules/inputs.js'
import { checkedCount } from '../regularizer.js'
import { checkDictionary, type Encoder, istaStep } from './encoder.js'

/**
 * g ∘ tanh(Wₑy + b): the encoder of predictive sparse decomposition (Kavukcuoglu, Ranzato, LeCun 2008), a diagonal gain g after
 * the hyperbolic tangent. Parameters: `weight` [k, m], `bias` [k], `gain` [k], which starts at 1.
 */
export function linearTanhGain(options: { readonly inputs: number; readonly outputs: number }): Encoder {
  const inputs = checkedCount('inputs', options.inputs)
  const codeSize = checkedCount('outputs', options.outputs)
  const shapes = checkedSize('linear-tanh-gain', { weight: [codeSize, inputs], bias: [codeSize], gain: [codeSize] })
  return {
    kind: 'linear-tanh-gain',
    outputShape: [codeSize],
    inputs,
    codeSize,
    shapes: () => shapes,
    init: (random) => ({
      weight: normalTensor(random, [codeSize, inputs], 1 / Math.sqrt(inputs)),
      bias: filled([codeSize], 0),
      gain: filled([codeSize], 1),
    }),
    start(atoms, lambda) {
      checkDictionary(atoms, inputs, codeSize)
      const { weight } = istaStep(atoms, lambda)
      return { weight, bias: filled([codeSize], 0), gain: filled([codeSize], 1) }
    },
    apply({ weight, bias, gain }, ...given) {
      checkInputs('linear-tanh-gain', inputs, given)
      return mul(tanh(linear(joinFlat(given), weight, bias)), gain)
    },
    constrain: () => ({}),
    describe: () => ({ kind: 'linear-tanh-gain', inputs, outputs: codeSize }),
  }
}
