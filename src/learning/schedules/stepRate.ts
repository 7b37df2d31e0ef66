import { constant, greaterEqual, mul, type Sym, where } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { checkFactor } from './exponentialRate.js'
import { checkRate, checkSteps, type Schedule } from './schedule.js'

/** Drops after which a rate counts as 0; it keeps the graph small. */
const MOST_DROPS = 64

/** `rate`, multiplied by `factor` (0 < factor ≤ 1) after each of the steps `at`, which are rising step counts. */
export function stepRate(options: { rate: number; factor: number; at: readonly number[] }): Schedule {
  const { rate, factor } = options
  const at = [...options.at]
  checkRate('The rate of a step schedule', rate)
  checkFactor('a step schedule', factor)
  for (const [i, step] of at.entries()) {
    checkSteps('Each drop of a step schedule', step)
    if (i > 0 && step <= at[i - 1]) {
      throw new ConfigurationError(`The drops of a step schedule must rise; got ${at.join(', ')}.`)
    }
  }
  if (at.length > MOST_DROPS) {
    throw new ConfigurationError(
      `A step schedule has at most ${MOST_DROPS} drops; got ${at.length}. Use exponentialRate for many.`,
    )
  }
  return {
    kind: 'step',
    rate: (step) =>
      at.reduce<Sym>(
        (rate, drop) => mul(rate, where(greaterEqual(step, drop), constant(factor, step.type), 1)),
        constant(rate, step.type),
      ),
    describe: () => ({ kind: 'step', rate, factor, at }),
  }
}
