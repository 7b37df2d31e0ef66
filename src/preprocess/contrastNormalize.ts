import { ConfigurationError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { observationMeans } from './centre.js'
import { type FixedStep, fromContext, requireAxes } from './preprocessor.js'

export interface ContrastNormalizeOptions {
  /**
   * The smallest standard deviation that is divided by, in the observations' units, above 0; 0.01 by default (two and a
   * half grey levels of 256, for pixels in [0, 1]): flatter observations stay faint instead of showing their noise.
   */
  readonly floor?: number
}

/**
 * Global contrast normalization: y = (x − mean(x)) / max(deviation(x), floor), so that every observation has mean 0 and, above
 * the floor, standard deviation 1. A constant observation gives exactly 0.
 *
 * Batches [n, …shape]; the context holds `mean` [n] and `scale` [n]. Without it `invert` assumes mean 0 and scale 1.
 * Throws {@link ConfigurationError} for a floor that is not above 0.
 */
export function contrastNormalize(options: ContrastNormalizeOptions = {}): FixedStep {
  const { floor = 0.01 } = options
  if (!(floor > 0 && Number.isFinite(floor))) {
    throw new ConfigurationError(`The floor of contrast normalization must be above 0; got ${floor}.`)
  }

  const step: FixedStep = {
    on: 'observations',
    kind: 'contrastNormalize',
    shape: undefined,
    config: { kind: 'contrastNormalize', floor },
    tensors: {},
    fit: async () => step,
    apply(batch) {
      requireAxes(batch, 1, 'Contrast normalization')
      const [count] = batch.shape
      const width = sizeOf(batch.shape.slice(1))
      const means = observationMeans(batch, 1)
      const scale = new Float32Array(count)
      const data = new Float32Array(batch.data.length)
      for (let row = 0; row < count; row++) {
        const begin = row * width
        let squares = 0
        for (let i = begin; i < begin + width; i++) squares += (batch.data[i] - means[row]) ** 2
        scale[row] = Math.max(floor, Math.sqrt(squares / Math.max(1, width)))
        for (let i = begin; i < begin + width; i++) data[i] = (batch.data[i] - means[row]) / scale[row]
      }
      const mean: Tensor = { shape: [count], data: Float32Array.from(means) }
      return { output: { shape: batch.shape, data }, context: { mean, scale: { shape: [count], data: scale } } }
    },
    invert(batch, context) {
      requireAxes(batch, 1, 'Contrast normalization')
      const [count] = batch.shape
      const width = sizeOf(batch.shape.slice(1))
      const mean = fromContext(context, 'mean', [count])
      const scale = fromContext(context, 'scale', [count])
      const data = new Float32Array(batch.data.length)
      for (let i = 0; i < data.length; i++) {
        const row = Math.floor(i / width)
        data[i] = batch.data[i] * (scale?.data[row] ?? 1) + (mean?.data[row] ?? 0)
      }
      return { shape: batch.shape, data }
    },
  }
  return step
}
