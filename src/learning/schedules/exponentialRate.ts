import { exp, mul } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { checkRate, checkSteps, type Schedule } from './schedule.js'

/** Exponential decay, rate·factor^(t/every), with 0 < factor ≤ 1 and `every` steps (1 by default) for one factor. */
export function exponentialRate(options: { rate: number; factor: number; every?: number }): Schedule {
  const { rate, factor, every = 1 } = options
  checkRate('The rate of an exponential schedule', rate)
  checkFactor('an exponential schedule', factor)
  checkSteps('every', every)
  return {
    kind: 'exponential',
    rate: (step) => mul(exp(mul(step, Math.log(factor) / every)), rate),
    describe: () => ({ kind: 'exponential', rate, factor, every }),
  }
}

/** Throws {@link ConfigurationError} unless 0 < factor ≤ 1. */
export function checkFactor(what: string, factor: number): void {
  if (!(factor > 0 && factor <= 1)) {
    throw new ConfigurationError(`The factor of ${what} must be above 0 and at most 1; got ${factor}.`)
  }
}
