import { add, maximum, minimum, mul, sub } from '../../graph/index.js'
import { checkSteps, type LearningRate, type Schedule, scheduleOf } from './schedule.js'

/**
 * A rate that rises in `steps` equal steps to the first rate of `to`, and then follows it from its beginning:
 * min(1, (t + 1)/steps) · to(max(0, t − steps)).
 */
export function warmUp(options: { steps: number; to: LearningRate }): Schedule {
  const { steps } = options
  const to = scheduleOf(options.to)
  checkSteps('The length of a warm-up', steps)
  return {
    kind: 'warm-up',
    rate: (step) => mul(minimum(mul(add(step, 1), 1 / steps), 1), to.rate(maximum(sub(step, steps), 0))),
    describe: () => ({ kind: 'warm-up', steps, to: to.describe() }),
  }
}
