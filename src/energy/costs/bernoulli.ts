import { crossEntropy, sigmoid } from '../../graph/index.js'
import { DataError } from '../../tensor/errors.js'
import type { Cost } from '../cost.js'

/**
 * C(y, ŷ) = −Σ [y log p + (1 − y) log(1 − p)] with p = sigmoid(ŷ), computed from the logits ŷ as Σ softplus(ŷ) − yŷ. For y in
 * [0, 1], not only 0 and 1 (for values between, C at p = y is their entropy and not 0). Shown as p.
 */
export function bernoulli(): Cost {
  return {
    kind: 'bernoulli',
    quadratic: false,
    value: (y, yHat) => crossEntropy(y, yHat),
    mean: (yHat) => sigmoid(yHat),
    check({ data }, what) {
      for (let i = 0; i < data.length; i++) {
        if (data[i] >= 0 && data[i] <= 1) continue
        throw new DataError(
          `${what} hold ${data[i]}; the Bernoulli cost takes numbers from 0 to 1. Scale the data to that range, or choose a cost for any numbers: squared-error, which a VAE calls gaussian.`,
        )
      }
    },
    describe: () => ({ kind: 'bernoulli' }),
  }
}
