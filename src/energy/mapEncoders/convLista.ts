import { add, convTranspose, maximum, reshape, shrink, sub } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { analyse, type MapEncoder, type MapSizes, mapEncoder } from './mapEncoder.js'

export interface ConvListaOptions extends MapSizes {
  /** K ≥ 0: how many steps follow the first guess z₀ = shrink(F ⋆ y, θ), which is what K = 0 gives. */
  readonly steps: number
}

const MOST_STEPS = 1000

/**
 * Convolutional LISTA (Sreter and Giryes, ICASSP 2018): z₀ = shrink(F ⋆ y, θ), and K times z ← shrink(z + F ⋆ (y − Σᵢ Gᵢ * zᵢ), θ). With
 * F = K/L, G = K and θ = λ/L (see `start`) these are proximal gradient steps; S = I − F ⋆ G * of LISTA is not formed, because it would
 * be four times as large. Parameters, shared by the steps: `filters` F and `synthesis` G [m, c, kh, kw], `threshold` [m] ≥ 0.
 */
export function convLista(options: ConvListaOptions): MapEncoder {
  const { steps } = options
  if (!Number.isInteger(steps) || steps < 0 || steps > MOST_STEPS) {
    throw new ConfigurationError(`steps must be a whole number from 0 to ${MOST_STEPS}; got ${steps}.`)
  }
  return mapEncoder(options, (shape) => {
    const [maps] = shape
    return {
      kind: 'conv-lista',
      settings: { steps },
      reach: steps,
      sparse: true,
      filters: 'filters',
      shapes: { filters: shape, ...(steps > 0 ? { synthesis: shape } : {}), threshold: [maps] },
      start: ({ kernels, weight, threshold }) => ({
        filters: weight,
        ...(steps > 0 ? { synthesis: kernels } : {}),
        threshold,
      }),
      code({ filters, synthesis, threshold }, y) {
        const limit = reshape(threshold, [1, maps, 1, 1])
        let z = shrink(analyse(y, filters), limit)
        for (let step = 0; step < steps; step++) {
          z = shrink(add(z, analyse(sub(y, convTranspose(z, synthesis)), filters)), limit)
        }
        return z
      },
      constrain: ({ threshold }) => ({ threshold: maximum(threshold, 0) }),
    }
  })
}
