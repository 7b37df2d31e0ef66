import { ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** Which numbers of a code tell observations apart. */
export interface ActiveUnits {
  /** Units whose activity is above the threshold. */
  readonly count: number
  /** Variance of the unit's mean z̄ over the observations, one a unit. */
  readonly activity: Float64Array
  readonly threshold: number
}

/** The threshold of Burda et al. */
const THRESHOLD = 0.01

/** Activity over batches of any number: variances by Welford's update, in double precision. */
export class UnitActivity {
  private readonly mean: Float64Array
  private readonly squares: Float64Array
  private count = 0

  constructor(private readonly units: number) {
    this.mean = new Float64Array(units)
    this.squares = new Float64Array(units)
  }

  /** Takes in the means z̄ of a batch, [n, units]. Throws {@link ShapeError} for others. */
  add({ shape, data }: Tensor): void {
    const { units, mean, squares } = this
    if (shape.length !== 2 || shape[1] !== units || data.length !== shape[0] * units) {
      throw new ShapeError(`Means must be [n, ${units}]; got [${shape.join(', ')}].`)
    }
    for (let row = 0; row < shape[0]; row++) {
      this.count++
      for (let unit = 0; unit < units; unit++) {
        const value = data[row * units + unit]
        const before = value - mean[unit]
        mean[unit] += before / this.count
        squares[unit] += before * (value - mean[unit])
      }
    }
  }

  result(threshold = THRESHOLD): ActiveUnits {
    const activity = this.squares.map((sum) => (this.count > 1 ? sum / (this.count - 1) : 0))
    return { count: activity.reduce((active, value) => active + (value > threshold ? 1 : 0), 0), activity, threshold }
  }
}

/**
 * Active units: unit u is active where Cov over y of E[z_u | y] exceeds 0.01 (Burda, Grosse and Salakhutdinov 2016, section 5.2).
 * `means` are [n, units]; activity is the unbiased variance of each column, 0 for one observation.
 */
export function activeUnits(means: Tensor, threshold?: number): ActiveUnits {
  const activity = new UnitActivity(means.shape[1] ?? 0)
  activity.add(means)
  return activity.result(threshold)
}
