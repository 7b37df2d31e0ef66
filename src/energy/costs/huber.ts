import { clip, mul, sub, sumPerObservation } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Cost } from '../cost.js'

/**
 * C(y, ŷ) = Σ ½r² where |r| ≤ δ, else δ(|r| − ½δ), with r = y − ŷ (Huber 1964): the squared error that outliers do not rule. With
 * c = clip(r, −δ, δ) it is c(r − ½c). Throws ConfigurationError unless δ (`delta`, 1 by default) is finite and above 0.
 */
export function huber(options: { readonly delta?: number } = {}): Cost {
  const { delta = 1 } = options
  if (!(typeof delta === 'number' && delta > 0 && delta < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`delta must be a finite number above 0; got ${delta}.`)
  }
  return {
    kind: 'huber',
    quadratic: false,
    value(y, yHat) {
      const residual = sub(y, yHat)
      const clipped = clip(residual, -delta, delta)
      return sumPerObservation(mul(clipped, sub(residual, mul(0.5, clipped))))
    },
    mean: (yHat) => yHat,
    describe: () => ({ kind: 'huber', delta }),
  }
}
