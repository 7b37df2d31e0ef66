import { linear, maximum, shrink } from '../../graph/index.js'
import { filled, normalTensor } from '../modules/inputs.js'
import { type Encoder, encoder } from './encoder.js'

/** Where thresholds begin when there is no dictionary to tell. */
const FIRST_THRESHOLD = 0.1

/**
 * shrink(Wₑy, θ) with a threshold a unit: one step of ISTA from 0 whose matrix and thresholds are learned, the baseline of Gregor
 * and LeCun (2010). Parameters: `weight` [k, m], `threshold` [k] ≥ 0.
 */
export function linearShrink(options: { readonly inputs: number; readonly outputs: number }): Encoder {
  const { inputs, outputs } = options
  return encoder(options, {
    kind: 'linear-shrink',
    shapes: () => ({ weight: [outputs, inputs], threshold: [outputs] }),
    init: (random) => ({
      weight: normalTensor(random, [outputs, inputs], 1 / Math.sqrt(inputs)),
      threshold: filled([outputs], FIRST_THRESHOLD),
    }),
    start: ({ weight, threshold }) => ({ weight, threshold }),
    code: ({ weight, threshold }, y) => shrink(linear(y, weight), threshold),
    constrain: ({ threshold }) => ({ threshold: maximum(threshold, 0) }),
  })
}
