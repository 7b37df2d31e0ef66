import { checkData } from '../data/checkData.js'
import { fromTensor } from '../data/fromTensor.js'
import type { LatentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { ConfigurationError } from '../tensor/errors.js'
import { type LatentVariableData, type PairSource, pairSource } from './latentVariableData.js'

/** Data as pairs that fit an energy; a batch in memory is not copied. Throws ShapeError or ConfigurationError where they do not fit. */
export function variationalSource(energy: LatentVariableEnergy, data: LatentVariableData): PairSource {
  checkData(data, 'pairs')
  const alone = 'data' in data ? data : 'y' in data && !data.x && !energy.xShape ? data.y : undefined
  return pairSource(energy, alone ? fromTensor(alone) : data)
}

/** The shapes of one x and y in data, without the batch. Throws {@link ConfigurationError} where it cannot be cut as it says. */
export function shapesOf(data: LatentVariableData): { readonly x?: readonly number[]; readonly y: readonly number[] } {
  checkData(data, 'pairs')
  if ('data' in data) return { y: data.shape.slice(1) }
  if ('y' in data) return { ...(data.x ? { x: data.x.shape.slice(1) } : {}), y: data.y.shape.slice(1) }
  if (!('observations' in data)) return { y: data.shape }
  const { shape, name } = data.observations
  const { axis = 0, at } = data
  const size = shape[axis]
  if (!(Number.isInteger(at) && at >= 1 && at < size)) {
    throw new ConfigurationError(
      `${name} holds observations of [${shape.join(', ')}], which cannot be cut along axis ${axis} at ${at}; cut inside of one of its axes.`,
    )
  }
  return { x: shape.with(axis, at), y: shape.with(axis, size - at) }
}
