import { checkIsBatch } from '../../data/checkData.js'
import type { LatentVariableEnergy } from '../../energy/latentVariableEnergy.js'
import { checkedCount } from '../../energy/regularizer.js'
import { ConfigurationError, DataError, ShapeError } from '../../tensor/errors.js'
import { formatShape, sameShape, sizeOf, type Tensor, tensor } from '../../tensor/tensor.js'

/** What is observed: a batch of y, and one of x where the energy has it. */
export interface Observed {
  readonly x?: Tensor
  readonly y: Tensor
}

/**
 * Checks observations against an energy, and gives how many there are. Throws {@link ShapeError} with both shapes where they do not
 * fit, {@link ConfigurationError} where x is missing or not wanted, and what the cost throws for values without meaning to it.
 */
export function checkObserved(energy: LatentVariableEnergy, observed: Observed): number {
  const { x, y }: Observed = observed ?? {} // callers without types
  checkBatch('y', y, energy.yShape)
  if (energy.xShape === undefined) {
    if (x) throw new ConfigurationError('x was given to an energy without one; leave it out, or state its shape.')
  } else {
    if (!x) throw new ConfigurationError('The energy explains y from x, and x was not given; pass { x, y }.')
    checkBatch('x', x, energy.xShape)
    if (x.shape[0] !== y.shape[0]) {
      throw new ShapeError(`There are ${x.shape[0]} rows of x and ${y.shape[0]} of y; give one x for each y.`)
    }
  }
  return y.shape[0]
}

/** Throws {@link ShapeError} unless a batch is [n, …shape], and {@link ConfigurationError} where it is none. */
export function checkBatch(name: string, batch: Tensor, shape: readonly number[]): void {
  checkIsBatch(name, batch)
  tensor(batch.shape, batch.data)
  if (!sameShape(batch.shape.slice(1), shape)) {
    throw new ShapeError(
      `${name} was given as [${batch.shape.join(', ')}]; the energy has ${name} of ${formatShape(shape)}, so pass [n, ${shape.join(', ')}].`,
    )
  }
}

/** Throws {@link DataError} with the place unless a batch holds only finite numbers. */
export function checkFinite(name: string, { data }: Tensor): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) throw new DataError(`${name} holds ${data[i]} at element ${i}; give finite numbers.`)
  }
}

/** The most numbers that samples may hold at once, 1 GiB. */
const MOST_SAMPLED = 2 ** 28

/** Checks how many samples are asked for. Throws {@link ConfigurationError} where they, or their codes, are more than memory should hold. */
export function checkedSamples(energy: LatentVariableEnergy, count: number): number {
  checkedCount('The number of samples', count)
  const most = Math.floor(MOST_SAMPLED / Math.max(energy.codeSize, sizeOf(energy.yShape)))
  if (count > most) {
    throw new ConfigurationError(
      `${count} samples of ${formatShape(energy.yShape)} are too many to hold at once; draw ${Math.max(1, most)} at most, and more with other seeds.`,
    )
  }
  return count
}

/** Which rows of observations hold only finite numbers. */
export function finiteRows({ x, y }: Observed): readonly boolean[] {
  const [count] = y.shape
  return Array.from({ length: count }, (_, i) => [x, y].every((batch) => !batch || rowIsFinite(batch, i)))
}

function rowIsFinite({ shape, data }: Tensor, i: number): boolean {
  const width = sizeOf(shape.slice(1))
  for (let at = i * width; at < (i + 1) * width; at++) if (!Number.isFinite(data[at])) return false
  return true
}
