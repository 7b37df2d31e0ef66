import { mul, square, sub, sumPerObservation } from '../../graph/index.js'
import type { Cost } from '../cost.js'

/** C(y, ŷ) = ½‖y − ŷ‖². The decoder's output is shown as it is. */
export function squaredError(): Cost {
  return {
    kind: 'squared-error',
    quadratic: true,
    value: (y, yHat) => mul(0.5, sumPerObservation(square(sub(y, yHat)))),
    mean: (yHat) => yHat,
    describe: () => ({ kind: 'squared-error' }),
  }
}
