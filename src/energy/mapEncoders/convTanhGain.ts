import { add, mul, reshape, tanh } from '../../graph/index.js'
import { filled } from '../modules/inputs.js'
import { analyse, type MapEncoder, type MapSizes, mapEncoder } from './mapEncoder.js'

/**
 * g ∘ tanh(F ⋆ y + b): the encoder of convolutional predictive sparse decomposition (Kavukcuoglu, Sermanet, Boureau, Gregor, Mathieu and
 * LeCun, NIPS 2010), with a diagonal gain g after the hyperbolic tangent. Its codes hold no zeros. Parameters: `filters` [m, c, kh, kw],
 * `bias` [m], `gain` [m], which starts at 1.
 */
export function convTanhGain(sizes: MapSizes): MapEncoder {
  return mapEncoder(sizes, (shape) => {
    const [maps] = shape
    return {
      kind: 'conv-tanh-gain',
      reach: 0,
      sparse: false,
      filters: 'filters',
      shapes: { filters: shape, bias: [maps], gain: [maps] },
      start: ({ weight }) => ({ filters: weight, bias: filled([maps], 0), gain: filled([maps], 1) }),
      code({ filters, bias, gain }, y) {
        const each = [1, maps, 1, 1]
        return mul(tanh(add(analyse(y, filters), reshape(bias, each))), reshape(gain, each))
      },
      constrain: () => ({}),
    }
  })
}
