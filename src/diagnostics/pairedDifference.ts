import { ShapeError } from '../tensor/errors.js'

/** Mean and spread of repetitions. */
export interface MeanAndDeviation {
  readonly mean: number
  /** The sample's standard deviation, √(Σ(x − mean)²/(n − 1)); 0 of one. */
  readonly deviation: number
}

/** The mean of numbers and their standard deviation; 0 and 0 of none. */
export function meanAndDeviation(values: readonly number[]): MeanAndDeviation {
  if (values.length === 0) return { mean: 0, deviation: 0 }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: values.length === 1 ? 0 : Math.sqrt(squares / (values.length - 1)) }
}

/** Quantiles of 97.5 % of Student's distribution with 1, 2, … 30 degrees of freedom. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]
const NORMAL = 1.96

/** The mean of differences, and the interval that holds the true one with 95 % confidence. */
export interface PairedDifference {
  readonly mean: number
  /** Half the width of the interval; infinite where one pair alone was measured. */
  readonly halfWidth: number
  /** Whether the first is `smaller` or `larger` for sure: the interval does not hold 0. */
  readonly verdict: 'smaller' | 'larger' | 'unsure'
}

/**
 * How much larger `first` is than `second`, measured in pairs: the same repetition, everything but what is compared alike. The
 * interval is that of Student's t-test for paired samples. Throws {@link ShapeError} unless there are as many of both, one or more.
 */
export function pairedDifference(first: readonly number[], second: readonly number[]): PairedDifference {
  const count = first.length
  if (count !== second.length || count === 0) {
    throw new ShapeError(`Differences are of pairs; got ${count} and ${second.length} numbers.`)
  }
  const { mean, deviation } = meanAndDeviation(first.map((value, i) => value - second[i]))
  const quantile = STUDENT[count - 2] ?? NORMAL
  const halfWidth = count === 1 ? Number.POSITIVE_INFINITY : (quantile * deviation) / Math.sqrt(count)
  const verdict = Math.abs(mean) <= halfWidth ? 'unsure' : mean < 0 ? 'smaller' : 'larger'
  return { mean, halfWidth, verdict }
}
