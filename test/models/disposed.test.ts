import { expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { convolutionalSparseCoding } from '../../src/models/convolutionalSparseCoding.js'
import { loadModel } from '../../src/models/loadModel.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { rng } from '../../src/tensor/random.js'
import { tensor } from '../../src/tensor/tensor.js'

const random = rng(1)
const batch = tensor(
  [4, 20],
  Float32Array.from({ length: 80 }, () => random.normal()),
)

it.each([
  ['sparse coding', sparseCoding({ atoms: 3, lambda: 0.1 })],
  ['convolutional sparse coding', convolutionalSparseCoding({ kernels: 2, size: [5], lambda: 0.1 })],
])('a model of %s whose encoder cannot start rejects once, and can be disposed of', async (_, definition) => {
  const run = memoryStore('runs')
  const learned = await definition.fit(batch, { epochs: 1, run })
  learned.dispose()
  const unheard: unknown[] = []
  const hear = (reason: unknown) => unheard.push(reason)
  process.on('unhandledRejection', hear)
  const model = await loadModel(run, { threads: 1000 })
  if (model.kind !== 'sparse-coding' && model.kind !== 'conv-sparse-coding') throw new Error(model.kind)
  await expect(model.encode(batch)).rejects.toThrow(/threads/)
  model.dispose()
  await new Promise((resolve) => setTimeout(resolve, 10))
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})
