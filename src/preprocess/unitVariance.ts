import { ConfigurationError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { Moments } from './moments.js'
import { type FittedStep, fitBatches, type ObservationStep, requireAxes, requireShape } from './preprocessor.js'

export interface UnitVarianceOptions {
  /** One scale for all pixels ('all', the default), which keeps observations looking as they did, or one a feature. */
  readonly per?: 'all' | 'feature'
  /**
   * With 'feature': deviations below this fraction of the largest are raised to it, in (0, 1]; 0.01 by default. A pixel that
   * hardly ever changes would otherwise outweigh all others the day that it does.
   */
  readonly floor?: number
}

/**
 * Scales the data to variance 1: y = x / s. With 'all', s² is the mean over features of each feature's variance
 * about its own mean; with 'feature', every feature is divided by its own deviation. Means are left alone (see {@link centre}).
 * Data without any variance keeps its scale (s = 1). s belongs to the data, so the context is empty and `invert` is exact.
 *
 * Tensors: `scale`, [] or […shape]. Throws {@link ConfigurationError} for options out of range.
 */
export function unitVariance(options: UnitVarianceOptions = {}): ObservationStep {
  const { per = 'all', floor = 0.01 } = options
  if (per !== 'all' && per !== 'feature') {
    throw new ConfigurationError(`Unit variance is taken per 'all' or per 'feature'; got ${JSON.stringify(per)}.`)
  }
  if (!(floor > 0 && floor <= 1)) {
    throw new ConfigurationError(
      `Unit variance needs a floor above 0 and at most 1, a fraction of the largest deviation; got ${floor}.`,
    )
  }
  return {
    on: 'observations',
    kind: 'unitVariance',
    async fit(observations, fitOptions) {
      const moments = new Moments(sizeOf(observations.shape), { covariances: false })
      for await (const batch of fitBatches(observations, fitOptions)) moments.add(batch)
      const variances = moments.variances()
      if (per === 'all') {
        const mean = variances.reduce((sum, variance) => sum + variance, 0) / Math.max(1, variances.length)
        return fittedUnitVariance(per, floor, { shape: [], data: Float32Array.of(Math.sqrt(mean) || 1) })
      }
      const largest = Math.sqrt(variances.reduce((most, variance) => Math.max(most, variance), 0))
      const scale = Float32Array.from(variances, (variance) => Math.max(Math.sqrt(variance), floor * largest) || 1)
      return fittedUnitVariance(per, floor, { shape: [...observations.shape], data: scale })
    },
  }
}

/** A fitted unit variance from its parts. */
export function fittedUnitVariance(per: 'all' | 'feature', floor: number, scale: Tensor): FittedStep {
  const shape = per === 'all' ? undefined : scale.shape
  const width = scale.data.length
  const check = (batch: Tensor): void => {
    requireAxes(batch, 1, 'Scaling to unit variance')
    if (shape !== undefined) requireShape(batch, shape, 'the batch given to unit variance')
  }
  return {
    on: 'observations',
    shape,
    config: { kind: 'unitVariance', per, floor },
    tensors: { scale },
    apply(batch) {
      check(batch)
      const data = batch.data.slice()
      for (let i = 0; i < data.length; i++) data[i] /= scale.data[i % width]
      return { output: { shape: batch.shape, data }, context: {} }
    },
    invert(batch) {
      check(batch)
      const data = batch.data.slice()
      for (let i = 0; i < data.length; i++) data[i] *= scale.data[i % width]
      return { shape: batch.shape, data }
    },
  }
}
