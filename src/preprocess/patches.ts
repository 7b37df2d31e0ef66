import type { Images, Observations, Pass } from '../data/observations.js'
import { CancelledError, ConfigurationError, DataError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { type ImageCache, imageCache } from './imageCache.js'
import { cutPatch, type PatchSize, patchSize } from './patchSize.js'
import type { ImageStep } from './preprocessor.js'

export interface PatchesOptions {
  readonly size: PatchSize
  /** Patches an epoch; 100,000 by default. */
  readonly count?: number
  /** 0 by default. */
  readonly seed?: number
  /** What happens to whole images first: whitening, local contrast normalization. */
  readonly transform?: ImageStep | readonly ImageStep[]
  /**
   * Patches of a lower standard deviation (after `transform`) are drawn again; 0, the default, takes all. Where an image has
   * none that pass in 100 draws, another image takes its place.
   */
  readonly minimumDeviation?: number
  /** Bytes of transformed images kept in memory between uses; 256 MiB by default. */
  readonly cacheBytes?: number
}

/** Patches drawn together (fewer where they are large), and from how many images: an opened image yields about 64 patches. */
const CHAPTER_PATCHES = 4096
const CHAPTER_BYTES = 64 * 2 ** 20
const CHAPTER_IMAGES = 64
const DRAWS = 100
const ROUNDS = 20

/**
 * Random patches of images, [n, h, w] or [n, h, w, 3]: every image is equally likely, and every position in it.
 * Images are opened one at a time. An epoch is drawn in chapters of 4,096 patches from 64 images (or all, if fewer), the
 * images taking turns, so that memory holds one chapter and the cache, however many images there are, and a
 * batch mixes them.
 *
 * Epochs draw different patches; the seed given here, and the pass's seed and epoch, give the same patches on every machine, and `skip`
 * goes straight to its chapter. Throws {@link ConfigurationError} for options out of range, {@link DataError} for an
 * image smaller than a patch, and where no patch reaches `minimumDeviation`.
 */
export function patches(images: Images, options: PatchesOptions): Observations {
  const { count = 100_000, seed = 0, minimumDeviation = 0, cacheBytes = 256 * 2 ** 20 } = options
  const size = patchSize(options.size)
  if (!Number.isInteger(count) || count < 1) {
    throw new ConfigurationError(`The number of patches must be a whole number of 1 or more; got ${count}.`)
  }
  if (!(minimumDeviation >= 0 && Number.isFinite(minimumDeviation))) {
    throw new ConfigurationError(`The minimum deviation of a patch must be 0 or more; got ${minimumDeviation}.`)
  }
  if (!(cacheBytes >= 0)) throw new ConfigurationError(`The image cache needs 0 bytes or more; got ${cacheBytes}.`)
  if (images.count < 1) throw new DataError(`${images.name} holds no images to cut patches from.`)
  rng(seed)

  const shape = images.channels === 1 ? size : [...size, images.channels]
  const width = sizeOf(shape)
  const chapterSize = Math.max(1, Math.min(CHAPTER_PATCHES, Math.floor(CHAPTER_BYTES / (4 * width))))
  const cache = imageCache(images, { patch: size, transform: options.transform, bytes: cacheBytes })
  const chapterOf = (pass: Pass, chapter: number): Promise<Float32Array> =>
    drawChapter({ images, cache, size, width, chapterSize, minimumDeviation, pass, chapter, seed, count })

  return {
    name: `${images.name} ${size[0]}×${size[1]}`,
    shape,
    count,
    async *batches(pass) {
      const { batchSize, skip = 0 } = pass
      requireBatchSize(batchSize)
      let chapter = -1
      let drawn: Float32Array = new Float32Array(0)
      for (let begin = batchSize * skip; begin < count; begin += batchSize) {
        const end = Math.min(count, begin + batchSize)
        const data = new Float32Array((end - begin) * width)
        for (let i = begin; i < end; ) {
          const wanted = Math.floor(i / chapterSize)
          if (wanted !== chapter) drawn = await chapterOf(pass, wanted)
          chapter = wanted
          const until = Math.min(end, (chapter + 1) * chapterSize)
          const first = i - chapter * chapterSize
          data.set(drawn.subarray(first * width, (first + until - i) * width), (i - begin) * width)
          i = until
        }
        yield { shape: [end - begin, ...shape], data }
      }
    },
  }
}

/** Throws {@link ConfigurationError} unless a batch holds a whole number of observations, at least one. */
export function requireBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ConfigurationError(`A batch holds a whole number of observations, 1 or more; got ${batchSize}.`)
  }
}

interface Chapter {
  readonly images: Images
  readonly cache: ImageCache
  readonly size: readonly [number, number]
  readonly width: number
  readonly chapterSize: number
  readonly minimumDeviation: number
  readonly pass: Pass
  readonly chapter: number
  readonly seed: number
  readonly count: number
}

/** The patches of one chapter, in the order in which they are delivered. */
async function drawChapter(plan: Chapter): Promise<Float32Array> {
  const { images, cache, size, width, chapterSize, minimumDeviation, pass, chapter, seed, count } = plan
  const { epoch = 0, signal } = pass
  const order = rng(seed, pass.seed ?? 0, epoch, 0).shuffle(Uint32Array.from({ length: images.count }, (_, i) => i))
  const open = Math.min(CHAPTER_IMAGES, images.count)
  const random = rng(seed, pass.seed ?? 0, epoch, chapter + 1)
  const anImage = (): number => order[(chapter * CHAPTER_IMAGES + random.integer(open)) % images.count]

  const total = Math.min(chapterSize, count - chapter * chapterSize)
  const out = new Float32Array(total * width)
  let waiting = Array.from({ length: total }, (_, position) => ({ position, image: anImage() }))
  for (let round = 0; waiting.length > 0; round++) {
    if (round === ROUNDS) {
      throw new DataError(
        `No patches of ${images.name} with a standard deviation of ${minimumDeviation} or more were found in ` +
          `${ROUNDS * DRAWS} draws; lower the minimum deviation.`,
      )
    }
    const refused: typeof waiting = []
    waiting.sort((a, b) => a.image - b.image || a.position - b.position)
    let image: Tensor | undefined
    let opened = -1
    for (const patch of waiting) {
      if (signal?.aborted) throw new CancelledError(`Drawing patches of ${images.name} was cancelled.`)
      if (image === undefined || patch.image !== opened) image = await cache.image(patch.image)
      opened = patch.image
      const slot = out.subarray(patch.position * width, (patch.position + 1) * width)
      if (!drawPatch(image, size, minimumDeviation, random, slot)) refused.push(patch)
    }
    waiting = refused.map(({ position }) => ({ position, image: anImage() }))
  }
  return out
}

/** Draws until a patch passes, at most {@link DRAWS} times; whether one did. */
function drawPatch(
  image: Tensor,
  size: readonly [number, number],
  minimumDeviation: number,
  random: Rng,
  out: Float32Array,
): boolean {
  for (let draw = 0; draw < DRAWS; draw++) {
    const row = random.integer(image.shape[0] - size[0] + 1)
    const column = random.integer(image.shape[1] - size[1] + 1)
    cutPatch(image, row, column, size, out, 0)
    if (minimumDeviation === 0 || deviation(out) >= minimumDeviation) return true
  }
  return false
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
