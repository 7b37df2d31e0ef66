import { toTensor } from '../data/fromTensor.js'
import type { Images, Observations, Pass } from '../data/observations.js'
import { permutation } from '../data/permutation.js'
import type { LearningObservation } from '../learning/convolutional/convolutionalLearner.js'
import { imageCache } from '../preprocess/imageCache.js'
import { patches } from '../preprocess/patches.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { checkFits, maskOf, nameOf, type Reading, rowCount, rowOf } from './convolutionalData.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { isImages, isTensor } from './dataKind.js'
import type { BatchSource } from './epochLearner.js'
import { checkObserved, isObserved, nothingObserved } from './observedMasks.js'

/** An observation as learning takes it, but for when kernels move. */
export type SourceItem = Omit<LearningObservation, 'moves'>

/** Some of what a pass walks through; the pass ends with the `last`. */
export interface ConvolutionalBatch {
  readonly items: readonly SourceItem[]
  readonly last: boolean
}

/** What learning walks through. */
export interface ConvolutionalSource extends BatchSource<ConvolutionalBatch> {
  /** The shape of an observation, where it is one for all. */
  readonly shape: readonly number[] | undefined
}

/** Random crops that an epoch draws. */
export interface Crops {
  readonly crop: readonly [number, number]
  readonly count: number
  readonly minimumDeviation: number
  readonly seed: number
}

/** Bytes of transformed images kept in memory between passes. */
const CACHE_BYTES = 256 * 2 ** 20

/** Observations to learn from, in a random order each pass. Throws ShapeError and DataError where they do not fit what is read. */
export function convolutionalSource(data: ConvolutionalData, reading: Reading, crops?: Crops): ConvolutionalSource {
  checkObserved(reading.masks, nameOf(data))
  if (crops) {
    if (!isImages(data)) {
      throw new ConfigurationError('Crops are cut from images, and these are observations of one size; leave crop out.')
    }
    if (reading.masks) throw new ConfigurationError('A mask goes with whole images; leave crop out, or the mask.')
    const { crop, ...rest } = crops
    const options = { ...rest, size: crop, transform: reading.transform, cacheBytes: CACHE_BYTES }
    return ofStream(patches(data, options), reading, false)
  }
  if (isTensor(data)) return ofTensor(data, reading, 'the given tensor')
  if (isImages(data)) return ofImages(data, reading)
  return typeof reading.masks === 'function' ? ofCollected(data, reading) : ofStream(data, reading, true)
}

function ofTensor(data: Tensor, reading: Reading, name: string): ConvolutionalSource {
  // What is wrong with a row is said before anything is learned.
  const learnable = observedOf(rowCount(data), name, (row) => rowOf(data, row, reading).mask)
  return {
    name,
    count: learnable.length,
    shape: data.shape.slice(1),
    batches: (pass) =>
      indexed(learnable, pass, async (index) => {
        const { raw, mask } = rowOf(data, index, reading)
        return { observation: reading.transform.apply(raw).output, mask, index }
      }),
  }
}

function ofImages(images: Images, reading: Reading): ConvolutionalSource {
  const cache = imageCache(images, { patch: [1, 1], transform: reading.transform, bytes: CACHE_BYTES })
  const { masks } = reading
  const learnable = observedOf(images.count, images.name, (index) =>
    typeof masks === 'function' ? masks(index) : undefined,
  )
  return {
    name: images.name,
    count: learnable.length,
    shape: undefined,
    batches: (pass) =>
      indexed(learnable, pass, async (index) => {
        const observation = await cache.image(index)
        const what = `image ${images.label(index)}`
        checkFits(observation.shape, reading, what)
        return { observation, mask: maskOf(reading, index, observation.shape, what), index }
      }),
  }
}

/** The numbers of the observations of which something was observed. Throws DataError where there are observations, but none of these. */
function observedOf(count: number, name: string, mask: (index: number) => Tensor | undefined): number[] {
  const observed: number[] = []
  for (let index = 0; index < count; index++) if (isObserved(mask(index))) observed.push(index)
  if (count > 0 && observed.length === 0) throw nothingObserved(name)
  return observed
}

/** Observations that can be fetched by number, those of `indices` in the order of the pass. */
async function* indexed(
  indices: readonly number[],
  { batchSize, seed, epoch = 0, skip = 0, signal }: Pass,
  item: (index: number) => Promise<SourceItem>,
): AsyncGenerator<ConvolutionalBatch> {
  const count = indices.length
  const order = seed === undefined ? (position: number) => position : permutation(count, seed, epoch)
  for (let begin = skip * batchSize; begin < count; begin += batchSize) {
    if (signal?.aborted) throw new CancelledError('Learning was stopped.')
    const end = Math.min(count, begin + batchSize)
    const items: SourceItem[] = []
    for (let position = begin; position < end; position++) items.push(await item(indices[order(position)]))
    yield { items, last: end === count }
  }
}

/**
 * Observations of a stream with a mask each, in memory as the masks are: a stream that is shuffled does not say which observation comes.
 */
function ofCollected(stream: Observations, reading: Reading): ConvolutionalSource {
  const { name, shape } = stream
  checkFits(shape, reading, `observations of ${name}`)
  const { masks } = reading
  const count =
    stream.count === undefined || typeof masks !== 'function'
      ? stream.count
      : observedOf(stream.count, name, masks).length
  let collected: Promise<ConvolutionalSource> | undefined
  return {
    name,
    count,
    shape,
    async *batches(pass) {
      collected ??= toTensor(stream).then((rows) => ofTensor(rows, reading, name))
      yield* (await collected).batches(pass)
    },
  }
}

/** Observations of a stream. One batch is held back, so that the last can be told. */
function ofStream(stream: Observations, reading: Reading, transformed: boolean): ConvolutionalSource {
  const { name, shape, count } = stream
  checkFits(shape, reading, `observations of ${name}`)
  const mask = maskOf(reading, 0, shape, `observations of ${name}`)
  const width = sizeOf(shape)
  const itemsOf = ({ data, shape: [rows] }: Tensor): SourceItem[] =>
    Array.from({ length: rows }, (_, row) => {
      const raw = { shape, data: data.slice(row * width, (row + 1) * width) }
      return { observation: transformed ? reading.transform.apply(raw).output : raw, mask }
    })
  return {
    name,
    count,
    shape,
    async *batches(pass) {
      let items: readonly SourceItem[] | undefined
      for await (const batch of stream.batches(pass)) {
        if (items) yield { items, last: false }
        items = itemsOf(batch)
      }
      if (items) yield { items, last: true }
    },
  }
}
