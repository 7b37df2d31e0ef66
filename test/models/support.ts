import { expect } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { type MemoryStore, memoryStore } from '../../src/artifacts/memoryStore.js'
import type { Store } from '../../src/artifacts/store.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import type { Images, Observations, Pass } from '../../src/data/observations.js'
import type { SparseCodingModel } from '../../src/models/sparseCodingModel.js'
import { CancelledError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { type Tensor, zeros } from '../../src/tensor/tensor.js'

/** All that learning determines, as bits. */
export const bitsOf = ({ atoms, usage }: SparseCodingModel) => ({
  shape: [...atoms.shape],
  atoms: [...new Uint32Array(atoms.data.buffer, atoms.data.byteOffset, atoms.data.length)],
  usage: [...usage],
})

/** Observations that do something before they give their `count`-th batch of this walk and every walk after. */
export function interrupted(batch: Tensor, count: number, action: () => void): Observations {
  const source = fromTensor(batch)
  let given = 0
  return {
    ...source,
    async *batches(pass: Pass) {
      for await (const next of source.batches(pass)) {
        if (++given === count) action()
        yield next
      }
    },
  }
}

/** Learns until batch `count` has been drawn, is cancelled there, and gives the store in which its checkpoint was left. */
export async function stoppedRun(
  batch: Tensor,
  count: number,
  learn: (data: Observations, fit: { run: Store; signal: AbortSignal }) => Promise<unknown>,
): Promise<MemoryStore> {
  const run = memoryStore('run')
  const stop = new AbortController()
  const data = interrupted(batch, count, () => stop.abort())
  await expect(learn(data, { run, signal: stop.signal })).rejects.toThrow(CancelledError)
  expect(await run.exists(checkpointFile)).toBe(true)
  return run
}

/** Pictures of soft stripes in random directions. */
export function stripes(count: number, height: number, width: number, channels: 1 | 3 = 1): Images {
  return {
    name: 'stripes',
    count,
    channels,
    label: (index) => `stripes ${index}`,
    async image(index) {
      const random = rng(77, index)
      const image = zeros(channels === 1 ? [height, width] : [height, width, 3])
      for (let wave = 0; wave < 5; wave++) {
        const angle = Math.PI * random.uniform()
        const pace = 0.3 + 1.2 * random.uniform()
        const phase = 6 * random.uniform()
        for (let at = 0; at < height * width; at++) {
          const along = Math.cos(angle) * Math.floor(at / width) + Math.sin(angle) * (at % width)
          for (let c = 0; c < channels; c++) {
            image.data[at * channels + c] += 0.1 * (1 + Math.cos(pace * along + phase + c))
          }
        }
      }
      return image
    },
  }
}
