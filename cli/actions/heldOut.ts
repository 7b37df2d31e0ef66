import { ConfigurationError, DataError, type Images, type Observations, sizeOf, type Tensor } from '../../src/index.js'

/** The most held-out observations that are measured on. */
export const HELD_OUT_LIMIT = 10_000

/** Data to learn from, and data kept from learning. */
export interface Split<Data> {
  readonly learning: Data
  readonly heldOut: Data
}

/** The last images are held out: a share of them, at least one. Throws DataError where there are fewer than two. */
export function splitImages(images: Images, share: number): Split<Images> {
  if (images.count < 2) throw new DataError(`${images.name} holds one image; a held-out share needs two at least.`)
  const kept = Math.min(images.count - 1, Math.max(1, Math.round(images.count * share)))
  return {
    learning: part(images, 0, images.count - kept, `${images.name} (${kept} held out)`),
    heldOut: part(images, images.count - kept, images.count, `the last ${kept} of ${images.name}`),
  }
}

function part(images: Images, begin: number, end: number, name: string): Images {
  return {
    name,
    count: end - begin,
    channels: images.channels,
    image: (index) => images.image(begin + index),
    label: (index) => images.label(begin + index),
  }
}

/**
 * Observations held out by a hash of their numbers, so that every pass in any order leaves the same ones out, and equal
 * observations stay together. Walks through the data once to count. Throws DataError where a side stays empty.
 */
export async function splitObservations(
  data: Observations,
  share: number,
  signal: AbortSignal,
): Promise<Split<Observations> & { readonly sample: Tensor }> {
  const threshold = share * 2 ** 32
  const width = sizeOf(data.shape)
  const sample: Float32Array[] = []
  let heldOut = 0
  let learning = 0
  for await (const batch of data.batches({ batchSize: 4096, signal })) {
    for (let row = 0; row < batch.shape[0]; row++) {
      const values = batch.data.subarray(row * width, (row + 1) * width)
      if (hash(values) >= threshold) learning++
      else if (heldOut++ < HELD_OUT_LIMIT) sample.push(values.slice())
    }
  }
  if (heldOut === 0 || learning === 0) {
    throw new DataError(
      `${data.name} has too few different observations for a held-out share of ${share}: ${heldOut} would be held out and ${learning} left to learn from.`,
    )
  }
  const rows = new Float32Array(sample.length * width)
  for (const [i, values] of sample.entries()) rows.set(values, i * width)
  return {
    learning: filtered(data, `${data.name} (a share of ${share} held out)`, learning, (row) => hash(row) >= threshold),
    heldOut: filtered(data, `a share of ${share} of ${data.name}`, heldOut, (row) => hash(row) < threshold),
    sample: { shape: [sample.length, ...data.shape], data: rows },
  }
}

/** The observations that `keep` keeps, in batches filled up again. */
function filtered(data: Observations, name: string, count: number, keep: (row: Float32Array) => boolean): Observations {
  const width = sizeOf(data.shape)
  return {
    name,
    shape: data.shape,
    count,
    async *batches({ skip = 0, ...pass }) {
      const { batchSize } = pass
      let left = skip * batchSize
      let rows = new Float32Array(batchSize * width)
      let filled = 0
      for await (const batch of data.batches(pass)) {
        for (let row = 0; row < batch.shape[0]; row++) {
          const values = batch.data.subarray(row * width, (row + 1) * width)
          if (!keep(values) || left-- > 0) continue
          rows.set(values, filled * width)
          if (++filled < batchSize) continue
          yield { shape: [filled, ...data.shape], data: rows }
          rows = new Float32Array(batchSize * width)
          filled = 0
        }
      }
      if (filled > 0) yield { shape: [filled, ...data.shape], data: rows.slice(0, filled * width) }
    },
  }
}

/** 32 bits of the numbers' bits (FNV-1a by words, then MurmurHash3's finish), even over their range. */
function hash(values: Float32Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let h = 0x811c9dc5
  for (const word of words) {
    h = Math.imul(h ^ word, 0x01000193)
    h ^= h >>> 15
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** "0.1" as a share; undefined where the text names a source. Throws ConfigurationError for a number outside 0 to 1. */
export function asShare(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined
  const share = Number(text)
  if (!(share > 0 && share < 1)) {
    throw new ConfigurationError(`--held-out takes a source, or a share between 0 and 1; got ${text}.`)
  }
  return share
}
