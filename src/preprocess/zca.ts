import { ConfigurationError, DataError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { Moments } from './moments.js'
import { multiplyRows } from './multiplyRows.js'
import { type FittedStep, fitBatches, type NamedTensors, type ObservationStep, requireShape } from './preprocessor.js'
import { symmetricEigen } from './symmetricEigen.js'

export interface ZcaOptions {
  /**
   * Eigenvalues below this fraction of the largest are raised to it, in (0, 1]; 1e-3 by default. What is below is mostly noise and
   * rounding, which whitening would blow up to the size of the signal.
   */
  readonly floor?: number
}

/** Variances between which whitening and its inverse are numbers of single precision. */
const SMALLEST = 1e-30
const LARGEST = 1e30

/**
 * ZCA whitening, the whitening that changes observations least. With the covariance Σ = U diag(e) Uᵀ of the data about its
 * mean μ, and floored eigenvalues e′ = max(e, floor · max e):
 *
 *     y = U diag(e′^−½) Uᵀ (x − μ),   x = U diag(e′^½) Uᵀ y + μ
 *
 * The covariance of y is the identity in every direction above the floor, and e/e′ < 1 below. μ belongs to the
 * data, not to one observation, so the context is empty and `invert` is exact without it. Data without any variance gives 0.
 *
 * Tensors: `mean` […shape], `eigenvalues` [m] (decreasing), `whitening` and `unwhitening` [m, m], m the size of an observation.
 * Accumulated and decomposed in double precision; m up to about a thousand is a matter of seconds.
 * Throws {@link ConfigurationError} for a floor out of range; fitting throws {@link DataError} for variances that single
 * precision cannot hold.
 * Source: Bell and Sejnowski, Vision Research 37 (1997).
 */
export function zca(options: ZcaOptions = {}): ObservationStep {
  const { floor = 1e-3 } = options
  if (!(floor > 0 && floor <= 1)) {
    throw new ConfigurationError(
      `ZCA needs a floor above 0 and at most 1, a fraction of the largest eigenvalue; got ${floor}. Usual: 1e-5 to 1e-2.`,
    )
  }
  return {
    on: 'observations',
    kind: 'zca',
    async fit(observations, fitOptions) {
      const m = sizeOf(observations.shape)
      const moments = new Moments(m, { covariances: true })
      for await (const batch of fitBatches(observations, fitOptions)) moments.add(batch)
      const { values, vectors } = symmetricEigen(moments.covariance(), m)
      if (values[0] > 0 && !(values[0] > SMALLEST && values[0] < LARGEST)) {
        throw new DataError(
          `The largest variance of ${observations.name} is ${values[0]}, which single precision cannot whiten; scale the data to about 1.`,
        )
      }
      const lowest = floor * values[0]
      const flat = !(values[0] > 0)
      const deviations = values.map((value) => (flat ? 0 : Math.sqrt(Math.max(value, lowest))))
      return fittedZca(floor, {
        mean: { shape: [...observations.shape], data: Float32Array.from(moments.mean()) },
        eigenvalues: { shape: [m], data: Float32Array.from(values, (value) => Math.max(0, value)) },
        whitening: reassemble(
          vectors,
          deviations.map((deviation) => (flat ? 0 : 1 / deviation)),
          m,
        ),
        unwhitening: reassemble(vectors, deviations, m),
      })
    },
  }
}

/** A fitted ZCA from its parts. */
export function fittedZca(floor: number, tensors: NamedTensors): FittedStep {
  const { mean, whitening, unwhitening } = tensors
  const m = mean.data.length
  const forward = Float64Array.from(whitening.data)
  const backward = Float64Array.from(unwhitening.data)
  return {
    on: 'observations',
    shape: mean.shape,
    config: { kind: 'zca', floor },
    tensors,
    apply(batch) {
      requireShape(batch, mean.shape, 'the batch given to ZCA')
      const centred = batch.data.slice()
      for (let i = 0; i < centred.length; i++) centred[i] -= mean.data[i % m]
      return { output: { shape: batch.shape, data: multiplyRows(centred, forward, m) }, context: {} }
    },
    invert(batch) {
      requireShape(batch, mean.shape, 'the batch given to ZCA')
      const data = multiplyRows(batch.data, backward, m)
      for (let i = 0; i < data.length; i++) data[i] += mean.data[i % m]
      return { shape: batch.shape, data }
    },
  }
}

/** U diag(scales) Uᵀ, where the rows of `vectors` are the columns of U. */
function reassemble(vectors: Float64Array, scales: Float64Array, m: number): Tensor {
  const sum = new Float64Array(m * m)
  for (let k = 0; k < m; k++) {
    const vector = vectors.subarray(k * m, (k + 1) * m)
    for (let i = 0; i < m; i++) {
      const scaled = scales[k] * vector[i]
      const row = sum.subarray(i * m, i * m + i + 1)
      for (let j = 0; j <= i; j++) row[j] += scaled * vector[j]
    }
  }
  const data = new Float32Array(m * m)
  for (let i = 0; i < m; i++) for (let j = 0; j <= i; j++) data[i * m + j] = data[j * m + i] = sum[i * m + j]
  return { shape: [m, m], data }
}
