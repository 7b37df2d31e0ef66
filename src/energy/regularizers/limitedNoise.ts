import { div, greater, maximum, minimum, mul, reshape, sqrt, where, zerosLike } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { GraphRegularizer, PlainRegularizer } from '../graphRegularizer.js'
import { fullScale, squaredNorm, TINY } from '../symbolicForms.js'

/** How far beyond r rounding may leave a norm that was brought to r. */
const ROUNDING = 1e-5

/**
 * Noise with limited norm (system 2 of the lecture): the code is z = z̄ + noise with ‖z̄‖₂ ≤ r and noise ~ N(0, σ²I). R is 0 for
 * ‖z̄‖₂ ≤ r and infinite outside, so its prox is the projection z̄ ← z̄·min(1, r/‖z̄‖₂), whatever the step. Inference finds z̄ and
 * sets the noise to 0; learning adds fresh noise to the z̄ that was found before it decodes, so that codes closer than about σ
 * cannot tell observations apart, and the ball has room for about (r/σ)^k of them: the volume of low-energy y is limited.
 * A drawn code is uniform in the ball, and noise. `radius` is r > 0; `deviation` is σ ≥ 0, 0 being a limited norm alone. Throws ConfigurationError for others.
 */
export function limitedNoise(options: {
  readonly radius: number
  readonly deviation: number
}): GraphRegularizer<'limited-noise'> & PlainRegularizer {
  const { radius, deviation } = options
  if (!(typeof radius === 'number' && radius > 0 && radius < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`radius must be a finite number above 0; got ${radius}.`)
  }
  if (!(typeof deviation === 'number' && deviation >= 0 && deviation < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`deviation must be a finite number, 0 or more; got ${deviation}.`)
  }
  return {
    kind: 'limited-noise',
    strength: undefined,
    noise: deviation,
    symbolic: {
      value(z) {
        const squares = squaredNorm(z)
        const outside = greater(squares, (radius * (1 + ROUNDING)) ** 2)
        return reshape(where(outside, Number.POSITIVE_INFINITY, zerosLike(squares)), ['n'])
      },
      prox: (v) => mul(v, minimum(div(radius, sqrt(maximum(squaredNorm(v), TINY))), 1)),
      smooth: false,
      dual: {
        ridge: 0,
        scale: fullScale,
        conjugate: (c) => mul(radius, sqrt(maximum(squaredNorm(c), TINY))),
      },
    },
    draw(random, size) {
      // A uniform point of the ball: a random direction, and a radius whose k-th power is uniform.
      const direction = new Float64Array(size).map(() => random.normal())
      const length = radius * random.uniform() ** (1 / size)
      const scale = length / Math.max(Math.hypot(...direction), TINY)
      return direction.map((value) => value * scale + deviation * random.normal())
    },
    value: (code) => (Math.hypot(...Array.from(code)) > radius * (1 + ROUNDING) ? Number.POSITIVE_INFINITY : 0),
    prox(v, _step, _lambda, out) {
      const length = Math.hypot(...Array.from(v))
      for (let j = 0; j < v.length; j++) out[j] = length > radius ? (v[j] * radius) / length : v[j]
    },
    describe: () => ({ kind: 'limited-noise', radius, deviation }),
  }
}
