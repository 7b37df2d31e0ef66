import { toTensor } from '../data/fromTensor.js'
import type { Images, Observations, Pass } from '../data/observations.js'
import { permutation } from '../data/permutation.js'
import type { LearningObservation } from '../learning/convolutional/convolutionalLearner.js'
import { imageCache } from '../preprocess/imageCache.js'
import { patches } from '../preprocess/patches.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { checkFits, maskOf, type Reading, rowCount, rowOf } from './convolutionalData.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { isImages, isTensor } from './dataKind.js'
import type { BatchSource } from './epochLearner.js'

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
  const count = rowCount(data)
  // What is wrong with a row is said before anything is learned.
  for (let row = 0; row < count; row++) rowOf(data, row, reading)
  return {
    name,
    count,
    shape: data.shape.slice(1),
    batches: (pass) =>
      indexed(count, pass, async (index) => {
        const { raw, mask } = rowOf(data, index, reading)
        return { observation: reading.transform.apply(raw).output, mask, index }
      }),
  }
}

function ofImages(images: Images, reading: Reading): ConvolutionalSource {
  const cache = imageCache(images, { patch: [1, 1], transform: reading.transform, bytes: CACHE_BYTES })
  return {
    name: images.name,
    count: images.count,
    shape: undefined,
    batches: (pass) =>
      indexed(images.count, pass, async (index) => {
        const observation = await cache.image(index)
        const what = `image ${images.label(index)}`
        checkFits(observation.shape, reading, what)
        return { observation, mask: maskOf(reading, index, observation.shape, what), index }
      }),
  }
}

/** Observations that can be fetched by number, in the order of the pass. */
async function* indexed(
  count: number,
  { batchSize, seed, epoch = 0, skip = 0, signal }: Pass,
  item: (index: number) => Promise<SourceItem>,
): AsyncGenerator<ConvolutionalBatch> {
  const order = seed === undefined ? (position: number) => position : permutation(count, seed, epoch)
  for (let begin = skip * batchSize; begin < count; begin += batchSize) {
    if (signal?.aborted) throw new CancelledError('Learning was stopped.')
    const end = Math.min(count, begin + batchSize)
    const items: SourceItem[] = []
    for (let position = begin; position < end; position++) items.push(await item(order(position)))
    yield { items, last: end === count }
  }
}

/**
 * Observations of a stream with a mask each, in memory as the masks are: a stream that is shuffled does not say which observation comes.
 */
function ofCollected(stream: Observations, reading: Reading): ConvolutionalSource {
  const { name, shape, count } = stream
  checkFits(shape, reading, `observations of ${name}`)
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
