import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { type FixedStep, fromContext, requireAxes } from './preprocessor.js'

export interface CentreOptions {
  /** One mean a channel, for observations [h, w, c] (the last of three axes); otherwise one mean an observation. False by default. */
  readonly perChannel?: boolean
}

/**
 * Takes each observation's mean away: y = x − mean(x). A constant observation gives exactly 0.
 *
 * Batches [n, …shape]; the context holds `mean` [n], or [n, c] per channel. Without it `invert` returns mean 0.
 */
export function centre(options: CentreOptions = {}): FixedStep {
  const perChannel = options.perChannel ?? false
  const groupsOf = (shape: readonly number[]): number => (perChannel && shape.length === 4 ? shape[3] : 1)

  const step: FixedStep = {
    on: 'observations',
    kind: 'centre',
    shape: undefined,
    config: { kind: 'centre', perChannel },
    tensors: {},
    fit: async () => step,
    apply(batch) {
      requireAxes(batch, 1, 'Centring')
      const groups = groupsOf(batch.shape)
      const mean = observationMeans(batch, groups)
      const output = shifted(batch, mean, groups, -1)
      return { output, context: { mean: contextTensor(batch, groups, mean) } }
    },
    invert(batch, context) {
      requireAxes(batch, 1, 'Centring')
      const groups = groupsOf(batch.shape)
      const mean = fromContext(context, 'mean', contextShape(batch, groups))
      return mean === undefined
        ? { shape: batch.shape, data: batch.data.slice() }
        : shifted(batch, mean.data, groups, 1)
    },
  }
  return step
}

/** Means in double precision, groups (channels) innermost: [n · groups]. Exact for constant observations. */
export function observationMeans(batch: Tensor, groups: number): Float64Array {
  const width = sizeOf(batch.shape.slice(1))
  const means = new Float64Array(batch.shape[0] * groups)
  const share = width / groups
  for (let row = 0; row < batch.shape[0]; row++) {
    for (let group = 0; group < groups && width > 0; group++) {
      const start = row * width + group
      // Summing what differs from the first element keeps the mean of equal numbers equal to them.
      const first = batch.data[start]
      let sum = 0
      for (let i = 0; i < share; i++) sum += batch.data[start + i * groups] - first
      means[row * groups + group] = first + sum / share
    }
  }
  return means
}

function shifted(batch: Tensor, means: ArrayLike<number>, groups: number, sign: 1 | -1): Tensor {
  const width = sizeOf(batch.shape.slice(1))
  const data = new Float32Array(batch.data.length)
  for (let row = 0; row < batch.shape[0]; row++) {
    for (let group = 0; group < groups; group++) {
      const shift = sign * means[row * groups + group]
      for (let i = row * width + group; i < (row + 1) * width; i += groups) data[i] = batch.data[i] + shift
    }
  }
  return { shape: batch.shape, data }
}

function contextShape(batch: Tensor, groups: number): number[] {
  return groups === 1 ? [batch.shape[0]] : [batch.shape[0], groups]
}

function contextTensor(batch: Tensor, groups: number, means: Float64Array): Tensor {
  return { shape: contextShape(batch, groups), data: Float32Array.from(means) }
}
