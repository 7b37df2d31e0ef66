import type { Images, Observations } from '../data/observations.js'
import { CancelledError, DataError } from '../tensor/errors.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { imageCache } from './imageCache.js'
import { requireBatchSize } from './patches.js'
import { corner, type GridOptions, type PatchGrid, patchGrid } from './patchGrid.js'
import { cutPatch, patchSize } from './patchSize.js'
import type { ImageStep } from './preprocessor.js'

export interface GridPatchesOptions extends GridOptions {
  readonly transform?: ImageStep | readonly ImageStep[]
  /** Bytes of transformed images kept in memory between uses; 256 MiB by default. */
  readonly cacheBytes?: number
}

/** Images whose patches a shuffled pass mixes. */
const MIXED_IMAGES = 16

/**
 * Patches that cover each image completely ({@link patchGrid}), image after image, as observations; {@link assemble} puts an image's
 * patches back together. `count` is undefined: only opening the images tells their sizes. A shuffled pass takes the images in
 * random order and mixes the patches of 16 at a time (fewer where they outgrow `cacheBytes`).
 * Throws what {@link patchGrid} throws, with the image's name where it is too small.
 */
export function gridPatches(images: Images, options: GridPatchesOptions): Observations {
  const { transform, cacheBytes = 256 * 2 ** 20 } = options
  const size = patchSize(options.size)
  if (options.stride !== undefined) patchGrid(size, options)
  if (images.count < 1) throw new DataError(`${images.name} holds no images to cut patches from.`)
  const shape = images.channels === 1 ? size : [...size, images.channels]
  const width = size[0] * size[1] * images.channels
  const cache = imageCache(images, { patch: size, transform, bytes: cacheBytes })

  return {
    name: `${images.name} ${size[0]}×${size[1]}`,
    shape,
    count: undefined,
    async *batches({ batchSize, seed, epoch = 0, skip = 0, signal }) {
      requireBatchSize(batchSize)
      const order = Uint32Array.from({ length: images.count }, (_, i) => i)
      if (seed !== undefined) rng(seed, epoch, 0).shuffle(order)
      let toSkip = batchSize * skip
      let filled = 0
      let data = new Float32Array(batchSize * width)
      for (let next = 0; next < order.length; ) {
        const group: { image: Tensor; grid: PatchGrid; first: number }[] = []
        const firstImage = next
        let total = 0
        for (let bytes = 0; next < order.length; next++) {
          if (signal?.aborted) throw new CancelledError(`Cutting patches of ${images.name} was cancelled.`)
          if (group.length === (seed === undefined ? 1 : MIXED_IMAGES)) break
          const image = await cache.image(order[next])
          bytes += image.data.byteLength
          if (group.length > 0 && bytes > cacheBytes) break
          const grid = patchGrid(image.shape, options)
          group.push({ image, grid, first: total })
          total += grid.count
        }
        const places = Uint32Array.from({ length: total }, (_, i) => i)
        if (seed !== undefined) rng(seed, epoch, 1 + firstImage).shuffle(places)
        const skipped = Math.min(toSkip, total)
        toSkip -= skipped
        for (const place of places.subarray(skipped)) {
          const { image, grid, first } = group.findLast((member) => member.first <= place) ?? group[0]
          cutPatch(image, ...corner(grid, place - first), size, data, filled * width)
          if (++filled === batchSize) {
            yield { shape: [batchSize, ...shape], data }
            filled = 0
            data = new Float32Array(batchSize * width)
          }
        }
      }
      if (filled > 0) yield { shape: [filled, ...shape], data: data.slice(0, filled * width) }
    },
  }
}
