import { linear, maximum, shrink } from '../../graph/index.js'
import { checkedSize, checkInputs, filled, joinFlat, normalTensor } from '../modules/inputs.js'
import { checkedCount } from '../regularizer.js'
import { checkDictionary, type Encoder, istaStep } from './encoder.js'

/** Where thresholds begin when there is no dictionary to tell. */
const FIRST_THRESHOLD = 0.1

/**
 * shrink(Wₑy, θ) with a threshold a unit: one step of ISTA from 0 whose matrix and thresholds are learned, the baseline of Gregor
 * and LeCun (2010). Parameters: `weight` [k, m], `threshold` [k] ≥ 0.
 */
export function linearShrink(options: { readonly inputs: number; readonly outputs: number }): Encoder {
  const inputs = checkedCount('inputs', options.inputs)
  const codeSize = checkedCount('outputs', options.outputs)
  const shapes = checkedSize('linear-shrink', { weight: [codeSize, inputs], threshold: [codeSize] })
  return {
    kind: 'linear-shrink',
    outputShape: [codeSize],
    inputs,
    codeSize,
    shapes: () => shapes,
    init: (random) => ({
      weight: normalTensor(random, [codeSize, inputs], 1 / Math.sqrt(inputs)),
      threshold: filled([codeSize], FIRST_THRESHOLD),
    }),
    start(atoms, lambda) {
      checkDictionary(atoms, inputs, codeSize)
      const { weight, threshold } = istaStep(atoms, lambda)
      return { weight, threshold }
    },
    apply({ weight, threshold }, ...given) {
      checkInputs('linear-shrink', inputs, given)
      return shrink(linear(joinFlat(given), weight), threshold)
    },
    constrain: ({ threshold }) => ({ threshold: maximum(threshold, 0) }),
    describe: () => ({ kind: 'linear-shrink', inputs, outputs: codeSize }),
  }
}
