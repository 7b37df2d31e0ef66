import { DataError, ShapeError } from '../../tensor/errors.js'
import { formatShape, givenTensor, sameShape, type Tensor } from '../../tensor/tensor.js'

/**
 * Throws {@link ShapeError} unless the mask has the observations' shape, {@link DataError} unless it is of 0 and 1. `first` is the
 * number of the first observation.
 */
export function checkMask(mask: Tensor, observations: Tensor, first = 0): void {
  givenTensor(mask, 'mask')
  if (!sameShape(mask.shape, observations.shape)) {
    throw new ShapeError(
      `A mask of ${formatShape(mask.shape)} was given for observations of ${formatShape(observations.shape)}; give one of the same shape, 1 where a number was observed and 0 where it is missing.`,
    )
  }
  const [rows] = mask.shape
  const size = rows === 0 ? 0 : mask.data.length / rows
  for (let i = 0; i < rows; i++) {
    for (let at = i * size; at < (i + 1) * size; at++) {
      const value = mask.data[at]
      if (value !== 0 && value !== 1) {
        throw new DataError(
          `The mask holds ${value} in row ${first + i}; a mask is 1 where a number was observed and 0 where it is missing.`,
        )
      }
    }
  }
}
