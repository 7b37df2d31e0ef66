import { add, mul, type Sym, sub } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { type LearningRate, scheduleOf } from '../schedules/schedule.js'
import { checkAmount, checkDecay, type Optimizer, single, withDecay, zeroState } from './optimizer.js'

export interface SgdOptions {
  readonly learningRate: LearningRate
  /** μ, 0 by default. */
  readonly momentum?: number
  /** Steps along g + μb in place of b (Nesterov); needs momentum. */
  readonly nesterov?: boolean
  /** ω: adds ωp to the gradient, 0 by default. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent: b ← μb + g, p ← p − ηb; with `nesterov` p ← p − η(g + μb). The momentum is PyTorch's: η is outside
 * of b.
 */
export function sgd(options: SgdOptions): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options
  const learningRate = scheduleOf(options.learningRate)
  checkDecay('momentum', momentum)
  checkAmount('weightDecay', weightDecay)
  if (nesterov && momentum === 0) {
    throw new ConfigurationError("Nesterov's step needs a momentum above 0; give one, or leave nesterov out.")
  }
  return {
    kind: 'sgd',
    init: (parameters) => (momentum === 0 ? {} : zeroState('momentum', parameters)),
    update(parameters, gradients, state, step) {
      const rate = single(learningRate.rate(step))
      const moved: Record<string, Sym> = {}
      const remembered: Record<string, Sym> = {}
      for (const [name, parameter] of Object.entries(parameters)) {
        const gradient = withDecay(gradients[name], parameter, weightDecay)
        let direction = gradient
        if (momentum > 0) {
          const slot = `momentum.${name}`
          const velocity = add(mul(state[slot], momentum), gradient)
          remembered[slot] = velocity
          direction = nesterov ? add(gradient, mul(velocity, momentum)) : velocity
        }
        moved[name] = sub(parameter, mul(direction, rate))
      }
      return { parameters: moved, state: remembered }
    },
    describe: () => ({ kind: 'sgd', learningRate: learningRate.describe(), momentum, nesterov, weightDecay }),
  }
}
