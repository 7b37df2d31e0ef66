import type { Images, Observations } from '../../src/data/observations.js'
import { rng } from '../../src/tensor/random.js'
import { sizeOf, type Tensor, takeRows } from '../../src/tensor/tensor.js'

/** Normal numbers of any shape. */
export function noise(shape: readonly number[], seed: number, scale = 1, offset = 0): Tensor {
  const random = rng(seed)
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => offset + scale * random.normal()) }
}

/** Observations in memory, in stored order or shuffled. */
export function inMemory(all: Tensor): Observations {
  return {
    name: 'sample',
    shape: all.shape.slice(1),
    count: all.shape[0],
    async *batches({ batchSize, seed, epoch = 0, skip = 0 }) {
      const order = Uint32Array.from({ length: all.shape[0] }, (_, i) => i)
      if (seed !== undefined) rng(seed, epoch).shuffle(order)
      for (let begin = skip * batchSize; begin < order.length; begin += batchSize) {
        yield takeRows(all, order.subarray(begin, begin + batchSize))
      }
    },
  }
}

/** Images in memory; `opened` counts how often each was asked for. */
export function imagesOf(list: readonly Tensor[], channels: 1 | 3 = 1): Images & { opened: number[] } {
  const opened = list.map(() => 0)
  return {
    name: 'pictures',
    count: list.length,
    channels,
    opened,
    label: (index) => `picture-${index}.png`,
    async image(index) {
      opened[index]++
      return list[index]
    },
  }
}

/** The largest absolute difference; Infinity where shapes differ or a number is not finite. */
export function distance(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY
  return a.data.reduce((most, value, i) => {
    const gap = Math.abs(value - b.data[i])
    return Number.isFinite(gap) ? Math.max(most, gap) : Number.POSITIVE_INFINITY
  }, 0)
}

/** All batches of a pass. */
export async function collect(batches: AsyncIterable<Tensor>): Promise<Tensor[]> {
  const all: Tensor[] = []
  for await (const batch of batches) all.push(batch)
  return all
}
