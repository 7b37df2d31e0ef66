import type { Images } from '../data/observations.js'
import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { imagePipeline } from './pipeline.js'
import type { ImageStep } from './preprocessor.js'

/** Transformed images, of which the most recently used stay in memory. */
export interface ImageCache {
  /** Image `index` after the transform, checked. */
  image(index: number): Promise<Tensor>
}

export interface ImageCacheOptions {
  /** Height and width of the patches that will be cut: a smaller image is a {@link DataError}. */
  readonly patch: readonly [number, number]
  readonly transform?: ImageStep | readonly ImageStep[] | undefined
  /** Bytes of images kept. */
  readonly bytes: number
}

/**
 * Decodes and transforms images on demand and keeps the most recently used within a budget of bytes; an image above
 * the budget is handed out but not kept. Throws {@link DataError}, with the image's name, where it is smaller than a patch or not
 * finite.
 */
export function imageCache(images: Images, options: ImageCacheOptions): ImageCache {
  const { patch, transform = [], bytes } = options
  const step = 'apply' in transform ? transform : imagePipeline(transform)
  // A Map keeps insertion order: the first key is the one that was used longest ago.
  const kept = new Map<number, Tensor>()
  let size = 0

  const load = async (index: number): Promise<Tensor> => {
    const image = await images.image(index)
    const channels = images.channels === 1 ? [] : [images.channels]
    if (!sameShape(image.shape.slice(2), channels) || image.shape.length !== 2 + channels.length) {
      throw new ShapeError(
        `Image ${images.label(index)} is ${formatShape(image.shape)}, but ${images.name} promises images with ` +
          `${images.channels} channel${images.channels === 1 ? '' : 's'}.`,
      )
    }
    if (image.shape[0] < patch[0] || image.shape[1] < patch[1]) {
      throw new DataError(
        `Image ${images.label(index)} is ${formatShape(image.shape.slice(0, 2))} (height×width), smaller than a patch of ` +
          `${formatShape(patch)}. Use smaller patches or leave this image out.`,
      )
    }
    const { output } = step.apply(image)
    if (!output.data.every(Number.isFinite)) {
      throw new DataError(`Image ${images.label(index)} holds NaN or infinite pixels; repair it or leave it out.`)
    }
    return output
  }

  return {
    async image(index) {
      const found = kept.get(index)
      if (found !== undefined) {
        kept.delete(index)
        kept.set(index, found)
        return found
      }
      const image = await load(index)
      if (image.data.byteLength > bytes || kept.has(index)) return image
      for (const [oldest, { data }] of kept) {
        if (size + image.data.byteLength <= bytes) break
        kept.delete(oldest)
        size -= data.byteLength
      }
      kept.set(index, image)
      size += image.data.byteLength
      return image
    },
  }
}
