import { add, constant, div, exp, mul, type Sym, sqrt, square, sub } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { type LearningRate, scheduleOf } from '../schedules/schedule.js'
import {
  type AdaptiveRule,
  checkAmount,
  checkDecay,
  type Optimizer,
  single,
  withDecay,
  zeroState,
} from './optimizer.js'

export interface AdamOptions {
  /** η, 0.001 by default. */
  readonly learningRate?: LearningRate
  /** β₁, 0.9 by default. */
  readonly beta1?: number
  /** β₂, 0.999 by default. */
  readonly beta2?: number
  /** ε, outside of the root, 1e-8 by default. */
  readonly epsilon?: number
  /** ω: adds ωp to the gradient, 0 by default. */
  readonly weightDecay?: number
}

/**
 * Adam (Kingma and Ba 2015) with PyTorch's meaning of its numbers:
 *
 *     m ← β₁m + (1 − β₁)g,   v ← β₂v + (1 − β₂)g²,   p ← p − η·m̂/(√v̂ + ε),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adaptive('adam', { ...options, weightDecay: options.weightDecay ?? 0 })
}

/**
 * The rule that Adam and AdamW share, and in which they differ by where weight decay goes. The state holds M = m/(1 − β₁) and
 * V = v/(1 − β₂), which saves a pass over memory each: p ← p − a·M/(√V + e) with the numbers a and e of the step.
 */
export function adaptive(kind: 'adam' | 'adamW', options: AdamOptions & { readonly weightDecay: number }): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay } = options
  const learningRate = scheduleOf(options.learningRate ?? 0.001)
  checkDecay('beta1', beta1)
  checkDecay('beta2', beta2)
  checkAmount('weightDecay', weightDecay)
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`epsilon must be a finite number above 0; got ${epsilon}.`)
  }
  const decoupled = kind === 'adamW' && weightDecay > 0
  const numbers: AdaptiveRule['numbers'] = (step) => {
    const rate = learningRate.rate(step)
    const rootCorrection2 = sqrt(unbiased(beta2, step))
    return {
      kept: decoupled ? single(sub(1, mul(rate, weightDecay))) : constant(1),
      scale: single(div(mul(rate, unbiased(beta1, step)), rootCorrection2)),
      offset: single(div(epsilon, rootCorrection2)),
    }
  }
  return {
    kind,
    adaptive: { beta1, beta2, weightDecay: decoupled ? 0 : weightDecay, numbers },
    init: (parameters) => ({ ...zeroState('mean', parameters), ...zeroState('square', parameters) }),
    update(parameters, gradients, state, step) {
      const { kept, scale, offset } = numbers(step)
      const moved: Record<string, Sym> = {}
      const remembered: Record<string, Sym> = {}
      for (const [name, parameter] of Object.entries(parameters)) {
        const gradient = decoupled ? gradients[name] : withDecay(gradients[name], parameter, weightDecay)
        const mean = add(mul(state[`mean.${name}`], beta1), gradient)
        const squares = add(mul(state[`square.${name}`], beta2), square(gradient))
        remembered[`mean.${name}`] = mean
        remembered[`square.${name}`] = squares
        moved[name] = sub(mul(parameter, kept), mul(div(mean, add(sqrt(squares), offset)), scale))
      }
      return { parameters: moved, state: remembered }
    },
    describe: () => ({ kind, learningRate: learningRate.describe(), beta1, beta2, epsilon, weightDecay }),
  }
}

/** (1 − β)/(1 − βᵗ) for the step that `step` steps have gone before, t = step + 1. */
function unbiased(beta: number, step: Sym): Sym {
  const power = beta === 0 ? mul(step, 0) : exp(mul(add(step, 1), Math.log(beta)))
  return div(1 - beta, sub(1, power))
}
