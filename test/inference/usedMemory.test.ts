import { expect, it } from 'vitest'
import type { Regularizer } from '../../src/energy/regularizer.js'
import { elasticNet } from '../../src/energy/regularizers/elasticNet.js'
import { group } from '../../src/energy/regularizers/group.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { nonNegative } from '../../src/energy/regularizers/nonNegative.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { convolutionalEncoder, convolutionalSolvers } from '../../src/inference/convolutional/convolutionalEncoder.js'
import type { Inference } from '../../src/inference/inference.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import type { SolverName } from '../../src/inference/linear/solvers.js'
import { sharedEngine } from '../../src/kernels/engine.js'
import { learnerAt, statisticsOf } from '../learning/learners.js'
import { dictionaries, mixedObservations, normalBatch, rng } from './problems.js'

/** What memory may hold from earlier work: numbers that are no numbers, addresses beyond the end, large and small numbers. */
const leftovers = [0xff, 0x7f, 0x41, 0x01]

/** Fills the memory that the next to come will be given with `byte`. */
async function leave(byte: number): Promise<void> {
  const engine = await sharedEngine(1)
  const bytes = 2 ** 25
  const at = engine.allocator.allocate(bytes, 'What was before')
  new Uint8Array(engine.buffer, at, bytes).fill(byte)
  engine.allocator.free(at)
}

async function expectSame(work: () => Promise<unknown>): Promise<void> {
  await leave(0)
  const clean = await work()
  for (const byte of leftovers) {
    await leave(byte)
    expect(await work()).toEqual(clean)
  }
}

const found = ({ codes, energy, gap, steps, status }: Inference) => ({ codes, energy, gap, steps, status: [...status] })

const random = rng(53)
const atoms = dictionaries.unit(random, 30, 21)
const observations = mixedObservations(random, atoms, 23)
for (let p = 0; p < observations.data.length; p++) if (p % 5 > 1 && p > 200) observations.data[p] = 0

const cases: readonly (readonly [SolverName, Regularizer])[] = [
  ['active-set', l1({ lambda: 0.1 })],
  ['active-set', l1({ lambdaRatio: 0.2 })],
  ['active-set', nonNegative({ lambdaRatio: 0.2 })],
  ['active-set', elasticNet({ lambdaRatio: 0.1, ridge: 0.3 })],
  ['coordinate-descent', l1({ lambdaRatio: 0.1 })],
  ['coordinate-descent', group({ lambdaRatio: 0.2, groupSize: 4 })],
  ['fista', group({ lambda: 0.2, groupSize: 4 })],
  ['ista', l1({ lambdaRatio: 0.3 })],
  ['omp', topK({ active: 5 })],
]
for (const [solver, regularizer] of cases) {
  it(`does not depend on what memory held before: ${solver}, ${regularizer.kind} ${JSON.stringify(regularizer.strength)}`, async () => {
    await expectSame(async () => {
      const encoder = await linearEncoder({ atoms, regularizer, threads: 1 })
      const result = found(await encoder.encode(observations, { solver, maxSteps: 300 }))
      encoder.dispose()
      return result
    })
  })
}

it('does not depend on what memory held before: masks', async () => {
  const mask = { shape: observations.shape, data: observations.data.map((_, at) => +(at % 4 > 0)) }
  await expectSame(async () => {
    const encoder = await linearEncoder({ atoms, regularizer: l1({ lambdaRatio: 0.1 }), threads: 1 })
    const result = found(await encoder.encode(observations, { mask }))
    encoder.dispose()
    return result
  })
})

for (const regularizer of [l1({ lambdaRatio: 0.2 }), nonNegative({ lambda: 0.1 }), topK({ active: 3 })]) {
  it(`does not depend on what memory held before: learning, ${regularizer.kind}`, async () => {
    await expectSame(async () => {
      const learner = await learnerAt(atoms, { regularizer }, 1)
      learner.step(observations.data, 0, 15)
      learner.step(observations.data, 15, 8)
      const state = statisticsOf(learner.state(), atoms)
      learner.dispose()
      return state
    })
  })
}

for (const solver of convolutionalSolvers) {
  it(`does not depend on what memory held before: convolutional, ${solver}`, async () => {
    const kernels = { shape: [5, 3, 3], data: normalBatch(rng(3), 5, 9).data }
    const image = { shape: [40, 37], data: normalBatch(rng(4), 40, 37).data }
    const mask = { shape: image.shape, data: image.data.map((_, at) => +(at % 7 > 0)) }
    for (const observed of [{}, { mask }]) {
      await expectSame(async () => {
        const encoder = await convolutionalEncoder({ kernels, spatial: 2, lambdaRatio: 0.1, threads: 1 })
        const result = found(await encoder.encode(image, { solver, maxSteps: 2000, ...observed }))
        encoder.dispose()
        return result
      })
    }
  })
}
