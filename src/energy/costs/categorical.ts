import { logSumExp, mul, softmax, sub, sum, sumPerObservation } from '../../graph/index.js'
import { ConfigurationError, DataError } from '../../tensor/errors.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { Cost } from '../cost.js'

const ROUNDING = 1e-4

/**
 * C(y, ŷ) = −Σ_c y_c log softmax(ŷ)_c over the last axis, whose entries are the probabilities of the classes (one of them 1 for a
 * label, see {@link oneHot}); summed over the other axes. Shown as softmax(ŷ).
 */
export function categorical(): Cost {
  return {
    kind: 'categorical',
    quadratic: false,
    value(y, yHat) {
      // Σ_c y_c = 1, but what rounding leaves of it matters to derivatives, so it stays.
      const last = yHat.shape.length - 1
      const whole = mul(sum(y, [last]), logSumExp(yHat, last))
      const chosen = sum(mul(y, yHat), [last])
      const costs = sub(whole, chosen)
      return costs.shape.length === 1 ? costs : sumPerObservation(costs)
    },
    mean: (yHat) => softmax(yHat, yHat.shape.length - 1),
    check({ shape, data }, what) {
      const classes = shape[shape.length - 1]
      for (let row = 0; row < data.length; row += classes) {
        let total = 0
        let least = 0
        for (let c = row; c < row + classes; c++) {
          total += data[c]
          least = Math.min(least, data[c])
        }
        if (!(least >= 0 && Math.abs(total - 1) <= ROUNDING)) {
          throw new DataError(
            `${what} hold probabilities of ${classes} classes that sum to ${total}${least < 0 ? ` with ${least} among them` : ''}; the categorical cost needs them ≥ 0 with sum 1. Use oneHot for labels.`,
          )
        }
      }
    },
    describe: () => ({ kind: 'categorical' }),
  }
}

/**
 * Labels as observations [n, classes] of the categorical cost: 1 at the label, 0 elsewhere. Throws {@link DataError} for a label
 * that is not a whole number from 0 to classes − 1, and {@link ConfigurationError} unless `classes` is one from 1.
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Tensor {
  if (!(Number.isSafeInteger(classes) && classes >= 1)) {
    throw new ConfigurationError(`classes must be a whole number, 1 or more; got ${classes}.`)
  }
  const data = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DataError(
        `Label ${i} is ${label}; with ${classes} classes labels are whole numbers from 0 to ${classes - 1}.`,
      )
    }
    data[i * classes + label] = 1
  }
  return { shape: [labels.length, classes], data }
}
