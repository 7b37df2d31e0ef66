import { describe, expect, it } from 'vitest'
import { centre } from '../../src/preprocess/centre.js'
import { contrastNormalize } from '../../src/preprocess/contrastNormalize.js'
import { localContrast } from '../../src/preprocess/localContrast.js'
import { olshausen } from '../../src/preprocess/olshausen.js'
import { imagePipeline, pipeline } from '../../src/preprocess/pipeline.js'
import { preprocessed, preprocessedImages } from '../../src/preprocess/preprocessed.js'
import type { ObservationStep } from '../../src/preprocess/preprocessor.js'
import { restore, restoreImageStep } from '../../src/preprocess/restore.js'
import { unitVariance } from '../../src/preprocess/unitVariance.js'
import { zca } from '../../src/preprocess/zca.js'
import { collect, distance, imagesOf, inMemory, noise } from './samples.js'

describe('pipeline', () => {
  it('fits each step on what the steps before it leave', async () => {
    const data = noise([200, 5], 3, 4, 10)
    const chain = await pipeline([centre(), unitVariance()]).fit(inMemory(data), { batchSize: 64 })
    const centred = centre().apply(data).output
    const alone = await unitVariance().fit(inMemory(centred), { batchSize: 64 })
    expect(chain.apply(data).output).toEqual(alone.apply(centred).output)
    expect(Object.keys(chain.tensors)).toEqual(['1.scale'])
    expect(Object.keys(chain.apply(data).context)).toEqual(['0.mean'])
  })

  it('nests, and is restored with its nesting', async () => {
    const data = noise([50, 6], 3)
    const chain = await pipeline([centre(), pipeline([contrastNormalize(), zca()])]).fit(inMemory(data))
    const { output, context } = chain.apply(data)
    expect(Object.keys(context)).toEqual(['0.mean', '1.0.mean', '1.0.scale'])
    expect(distance(chain.invert(output, context), data)).toBeLessThan(1e-4)
    expect(restore(JSON.parse(JSON.stringify(chain.config)), chain.tensors).apply(data).output).toEqual(output)
  })

  it('of image steps serves whole images and is restored', async () => {
    const picture = noise([20, 30], 3, 0.1, 0.5)
    const chain = imagePipeline([olshausen({ cutoff: 0.6, floor: 0 }), localContrast()])
    const { output, context } = chain.apply(picture)
    expect(distance(chain.invert(output, context), picture)).toBeLessThan(1e-4)
    const again = restoreImageStep(JSON.parse(JSON.stringify(chain.config)))
    expect(again.apply(picture)).toEqual({ output, context })
    expect(await again.fit(imagesOf([]))).toBe(again)
    expect((await preprocessedImages(imagesOf([picture]), chain).image(0)).data).toEqual(output.data)
  })

  it('refuses a step of the other kind', () => {
    const misplaced = olshausen() as unknown as ObservationStep // a caller without types
    expect(() => pipeline([centre(), misplaced])).toThrow(/Step 1 .* works on images/)
  })
})

describe('preprocessed', () => {
  it('delivers the same batches as the source, transformed', async () => {
    const data = noise([25, 4], 3, 1, 5)
    const source = preprocessed(inMemory(data), centre())
    expect([source.count, source.shape]).toEqual([25, [4]])
    const pass = { batchSize: 10, seed: 3, epoch: 1, skip: 1 }
    const batches = await collect(source.batches(pass))
    const plain = await collect(inMemory(data).batches(pass))
    expect(batches).toEqual(plain.map((batch) => centre().apply(batch).output))
  })

  it('refuses data of another shape before it is read', async () => {
    const fitted = await zca().fit(inMemory(noise([9, 2, 2], 1)))
    expect(() => preprocessed(inMemory(noise([9, 3], 1)), fitted)).toThrow(/fitted on observations of 2×2.*holds 3/)
  })
})

describe('restore', () => {
  it('refuses damaged configurations and tensors', async () => {
    const fitted = await zca().fit(inMemory(noise([9, 3], 1)))
    const bad: [unknown, Parameters<typeof restore>[1], RegExp][] = [
      [null, {}, /"kind"/],
      ['zca', {}, /"kind"/],
      [{ kind: 7 }, {}, /"kind"/],
      [{ kind: 'zco' }, {}, /unknown kind "zco"/],
      [{ kind: 'olshausen', cutoff: 1, floor: 0 }, {}, /unknown kind/],
      [{ kind: 'zca', floor: 'x' }, fitted.tensors, /a number "floor"/],
      [{ kind: 'zca', floor: 0.1 }, {}, /lacks its tensor "mean"/],
      [fitted.config, { ...fitted.tensors, whitening: noise([2, 2], 1) }, /2×2; 3×3/],
      [fitted.config, { ...fitted.tensors, mean: { shape: [3], data: Float32Array.of(1, Number.NaN, 2) } }, /NaN/],
      [{ kind: 'contrastNormalize', floor: -1 }, {}, /cannot be restored.*above 0/],
      [{ kind: 'unitVariance', per: 'row', floor: 0.1 }, {}, /one of all, feature/],
      [
        { kind: 'unitVariance', per: 'all', floor: 0.1 },
        { scale: { shape: [], data: Float32Array.of(0) } },
        /above 0 everywhere/,
      ],
      [{ kind: 'pipeline', steps: {} }, {}, /a list "steps"/],
      [{ kind: 'pipeline', steps: [{}] }, {}, /"kind"/],
      [{ kind: 'centre' }, {}, /true or false "perChannel"/],
    ]
    for (const [config, tensors, message] of bad) expect(() => restore(config, tensors)).toThrow(message)
    expect(() => restoreImageStep({ kind: 'olshausen', cutoff: 0, floor: 0 })).toThrow(/cannot be restored.*cutoff/)
    expect(() => restoreImageStep({ kind: 'zca' })).toThrow(/unknown kind/)
  })
})
