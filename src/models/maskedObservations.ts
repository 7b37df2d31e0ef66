import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import { checkMask } from '../inference/linear/checkMask.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { isTensor } from './dataKind.js'
import type { BatchSource } from './epochLearner.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Observations of a step, with their masks where numbers are missing. */
export interface MaskedBatch {
  readonly observations: Tensor
  readonly mask?: Tensor
}

/**
 * Observations with 0 where `mask` says that a number is missing, whatever stood there. Throws ConfigurationError unless both are tensors,
 * ShapeError and DataError as {@link checkMask}.
 */
export function withoutMissing(data: SparseCodingData, mask: Tensor): Tensor {
  if (!isTensor(data)) {
    throw new ConfigurationError(
      `A mask goes with observations in memory, [n, …shape], and ${data.name} is a stream; collect it with toTensor first.`,
    )
  }
  checkMask(mask, data)
  return { shape: data.shape, data: data.data.map((value, at) => (mask.data[at] === 0 ? 0 : value)) }
}

/** Throws {@link ConfigurationError} where preprocessing would take means and scales of numbers that are missing. */
export function checkUnprocessed({ kind, steps }: StepConfig): void {
  if (kind !== 'pipeline' || !Array.isArray(steps) || steps.length > 0) {
    throw new ConfigurationError(
      'Preprocessing takes means and scales of whole observations; with a mask, prepare the observations yourself and leave preprocess out.',
    )
  }
}

/** Batches of observations, each with the same rows of `mask`. */
export function maskedObservations(observations: Observations, mask: Tensor | undefined): BatchSource<MaskedBatch> {
  const { name, count } = observations
  return {
    name,
    count,
    async *batches(pass) {
      if (!mask) {
        for await (const batch of observations.batches(pass)) yield { observations: batch }
        return
      }
      // The order of a pass is a function of its seed, its epoch and the number of rows, which are the same.
      const masks = fromTensor(mask, 'the mask').batches(pass)[Symbol.asyncIterator]()
      for await (const batch of observations.batches(pass)) {
        yield { observations: batch, mask: (await masks.next()).value as Tensor } // as many batches as there are of observations
      }
    },
  }
}
