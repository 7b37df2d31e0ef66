import { add, cos, minimum, mul } from '../../graph/index.js'
import { checkRate, checkSteps, type Schedule } from './schedule.js'

/**
 * Half a cosine from `rate` down to `floor` (0 by default) over `steps` steps, floor + (rate − floor)·½(1 + cos(π·t/steps)), and `floor`
 * from then on (Loshchilov and Hutter 2017, without restarts).
 */
export function cosineRate(options: { rate: number; steps: number; floor?: number }): Schedule {
  const { rate, steps, floor = 0 } = options
  checkRate('The rate of a cosine schedule', rate)
  checkRate('The floor of a cosine schedule', floor)
  checkSteps('The length of a cosine schedule', steps)
  return {
    kind: 'cosine',
    rate: (step) => {
      const angle = mul(minimum(step, steps), Math.PI / steps)
      return add(mul(add(cos(angle), 1), (rate - floor) / 2), floor)
    },
    describe: () => ({ kind: 'cosine', rate, steps, floor }),
  }
}
