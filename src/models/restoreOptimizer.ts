import * as valid from '../artifacts/validate.js'
import { adam } from '../learning/optimizers/adam.js'
import { adamW } from '../learning/optimizers/adamW.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import { sgd } from '../learning/optimizers/sgd.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import { exponentialRate } from '../learning/schedules/exponentialRate.js'
import { constantRate, type LearningRate, type Schedule } from '../learning/schedules/schedule.js'
import { stepRate } from '../learning/schedules/stepRate.js'
import { warmUp } from '../learning/schedules/warmUp.js'

const amount = valid.number({ min: 0 })
const factor = valid.number({ above: 0, max: 1 })
const steps = valid.whole({ min: 1 })

/** A number, or a schedule by its kind. */
const learningRate: valid.Validator<LearningRate> = (value, path) =>
  typeof value === 'number' ? amount(value, path) : restoreSchedule(value, path)

const schedule = valid.variant('kind', {
  constant: valid.object({ kind: valid.oneOf('constant'), rate: amount }),
  cosine: valid.object({ kind: valid.oneOf('cosine'), rate: amount, steps, floor: valid.optional(amount) }),
  exponential: valid.object({
    kind: valid.oneOf('exponential'),
    rate: amount,
    factor,
    every: valid.optional(steps),
  }),
  step: valid.object({ kind: valid.oneOf('step'), rate: amount, factor, at: valid.array(steps) }),
  'warm-up': valid.object({ kind: valid.oneOf('warm-up'), steps, to: learningRate }),
})

/** The schedule that a plain object describes. Throws FileFormatError where a setting is unknown, missing or wrong. */
export const restoreSchedule: valid.Validator<Schedule> = (value, path) => {
  const config = schedule(value, path)
  switch (config.kind) {
    case 'constant':
      return constantRate(config.rate)
    case 'cosine':
      return cosineRate(config)
    case 'exponential':
      return exponentialRate(config)
    case 'step':
      return stepRate(config)
    case 'warm-up':
      return warmUp(config)
  }
}

const weightDecay = valid.optional(amount)
const decay = valid.optional(valid.number({ min: 0, max: 1 }))
const adaptive = {
  learningRate: valid.optional(learningRate),
  beta1: decay,
  beta2: decay,
  epsilon: valid.optional(valid.number({ above: 0 })),
  weightDecay,
}
const optimizer = valid.variant('kind', {
  adam: valid.object({ kind: valid.oneOf('adam'), ...adaptive }),
  adamW: valid.object({ kind: valid.oneOf('adamW'), ...adaptive }),
  sgd: valid.object({
    kind: valid.oneOf('sgd'),
    learningRate,
    momentum: decay,
    nesterov: valid.optional(valid.boolean),
    weightDecay,
  }),
})

/**
 * The optimizer that a plain object describes, as `config.json` has it. Throws FileFormatError where a setting is unknown,
 * missing or wrong, and ConfigurationError where two do not go together.
 */
export const restoreOptimizer: valid.Validator<Optimizer> = (value, path) => {
  const config = optimizer(value, path)
  switch (config.kind) {
    case 'adam':
      return adam(config)
    case 'adamW':
      return adamW(config)
    case 'sgd':
      return sgd(config)
  }
}
