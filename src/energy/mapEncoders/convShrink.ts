import { maximum, reshape, shrink } from '../../graph/index.js'
import { analyse, type MapEncoder, type MapSizes, mapEncoder } from './mapEncoder.js'

/**
 * shrink(F ⋆ y, θ) with a threshold a map: one proximal gradient step from 0 whose filters and thresholds are learned (Kavukcuoglu et
 * al., NIPS 2010). Parameters: `filters` [m, c, kh, kw], `threshold` [m] ≥ 0.
 */
export function convShrink(sizes: MapSizes): MapEncoder {
  return mapEncoder(sizes, (shape) => {
    const [maps] = shape
    return {
      kind: 'conv-shrink',
      reach: 0,
      sparse: true,
      filters: 'filters',
      shapes: { filters: shape, threshold: [maps] },
      start: ({ weight, threshold }) => ({ filters: weight, threshold }),
      code: ({ filters, threshold }, y) => shrink(analyse(y, filters), reshape(threshold, [1, maps, 1, 1])),
      constrain: ({ threshold }) => ({ threshold: maximum(threshold, 0) }),
    }
  })
}
