import { DataError } from '../tensor/errors.js'
import { givenTensor, sizeOf, type Tensor, takeRows } from '../tensor/tensor.js'
import type { Observations } from './observations.js'
import { checkFinite, checkSomething, indexedObservations } from './passes.js'

/**
 * Observations in memory: the rows of a batch [n, …shape]. Throws DataError where there are none, or a number is NaN or
 * infinite, and ShapeError where the shape does not hold the data.
 */
export function fromTensor(batch: Tensor, name = 'the given tensor'): Observations {
  const { shape, data } = givenTensor(batch, 'The given data')
  if (shape.length < 2) {
    throw new DataError(
      `${name} has shape [${shape.join(', ')}]; observations need [n, …shape], for example [n, 28, 28].`,
    )
  }
  const [count, ...observation] = shape
  checkSomething(name, observation, count)
  checkFinite(data, name)
  return indexedObservations({
    name,
    shape: observation,
    count,
    checked: true,
    open: async () => ({
      take: async (indices, room) => takeRows({ shape, data }, indices, room).data,
      close: async () => {},
    }),
  })
}

/** All observations of one pass in stored order as one batch. Throws DataError where they exceed `limit` numbers. */
export async function toTensor(observations: Observations, limit = 1 << 28): Promise<Tensor> {
  const width = sizeOf(observations.shape)
  const pieces: Tensor[] = []
  let count = 0
  for await (const batch of observations.batches({ batchSize: Math.max(1, Math.floor((1 << 20) / width)) })) {
    pieces.push(batch)
    count += batch.shape[0]
    if (count * width > limit) {
      throw new DataError(
        `${observations.name} does not fit in memory as one tensor. Walk through it in batches instead.`,
      )
    }
  }
  const data = new Float32Array(count * width)
  let at = 0
  for (const piece of pieces) {
    data.set(piece.data, at)
    at += piece.data.length
  }
  return { shape: [count, ...observations.shape], data }
}
