import { describe, expect, it } from 'vitest'
import { imageCache } from '../../src/preprocess/imageCache.js'
import { imagesOf, noise } from './samples.js'

/** Asks for images in this order and tells how often each was opened. */
async function opened(order: readonly number[], bytes: number): Promise<number[]> {
  const images = imagesOf([noise([5, 5], 1), noise([5, 5], 2), noise([5, 5], 3), noise([10, 10], 4)])
  const cache = imageCache(images, { patch: [1, 1], bytes })
  for (const index of order) expect(await cache.image(index)).toMatchObject({ shape: index === 3 ? [10, 10] : [5, 5] })
  return images.opened
}

describe('imageCache', () => {
  it('keeps the most recently used images within its bytes', async () => {
    expect(await opened([0, 1, 0, 2, 0, 1], 200)).toEqual([1, 2, 1, 0])
    expect(await opened([0, 1, 2, 0, 1, 2], 200)).toEqual([2, 2, 2, 0])
    // Room that was given up is used again.
    expect(await opened([0, 1, 2, 0, 1, 1, 0], 200)).toEqual([2, 2, 1, 0])
  })

  it('hands out an image above its budget without giving up the others', async () => {
    expect(await opened([0, 1, 3, 3, 0, 1], 200)).toEqual([1, 1, 0, 2])
    expect(await opened([0, 0], 0)).toEqual([2, 0, 0, 0])
  })
})
