import { constant, type Sym } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'

/** A schedule as `config.json` holds it. */
export type ScheduleConfig = { readonly kind: string } & {
  readonly [setting: string]: number | string | readonly number[] | ScheduleConfig
}

/** How the learning rate changes from step to step. */
export interface Schedule {
  readonly kind: string
  /** The rate of the step that `step` steps have gone before: a scalar of the type of `step`, float64 or float32. */
  rate(step: Sym): Sym
  describe(): ScheduleConfig
}

/** A learning rate that is a number, or changes by a schedule. */
export type LearningRate = number | Schedule

/** The same rate at every step. Throws {@link ConfigurationError} unless it is a finite number, 0 or more. */
export function constantRate(rate: number): Schedule {
  checkRate('A learning rate', rate)
  return {
    kind: 'constant',
    rate: ({ type }) => constant(rate, type),
    describe: () => ({ kind: 'constant', rate }),
  }
}

/** A number as a schedule; a schedule as it is. */
export const scheduleOf = (rate: LearningRate): Schedule => (typeof rate === 'number' ? constantRate(rate) : rate)

/** Throws {@link ConfigurationError} unless `rate` is a finite number, 0 or more. */
export function checkRate(what: string, rate: number): void {
  if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`${what} must be a finite number, 0 or more; got ${rate}.`)
  }
}

/** Throws {@link ConfigurationError} unless `steps` is a whole number, 1 or more. */
export function checkSteps(what: string, steps: number): void {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigurationError(`${what} must be a whole number of steps, 1 or more; got ${steps}.`)
  }
}
