import {
  type Images,
  type NamedTensors,
  type SavedCodes,
  type StoredTensor,
  storedTensor,
  type Tensor,
} from '../../src/index.js'
import { watchedImages } from './watchedImages.js'

/*
 * What `encode` saves beside codes so that `decode` can go back to the units and images of the data: arrays named
 * `context_…` (what preprocessing took from each observation, "0.mean" as context_0_mean), and for patches of images
 * image_shapes [images, 2 or 3], image_means [images, channels] and image_names (a JSON list in UTF-8).
 */
const PREFIX = 'context_'

/** The columns that a batch's context needs: name, and the shape of one observation's entry. */
export function contextColumns(context: NamedTensors): Record<string, { dtype: 'F32'; row: readonly number[] }> {
  return Object.fromEntries(
    Object.entries(context).map(([name, { shape }]) => [
      PREFIX + name.replaceAll('.', '_'),
      { dtype: 'F32', row: shape.slice(1) },
    ]),
  )
}

/** The entries of those columns. */
export function contextData(context: NamedTensors): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(context).map(([name, { data }]) => [PREFIX + name.replaceAll('.', '_'), data]),
  )
}

/** The context of rows `begin` to `end` of saved codes; undefined where none was saved. */
export function savedContext({ codes, arrays }: SavedCodes, begin: number, end: number): NamedTensors | undefined {
  const found: [string, Tensor][] = []
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    if (!name.startsWith(PREFIX) || dtype !== 'F32' || shape[0] !== codes.shape[0]) continue
    const width = data.length / Math.max(1, shape[0])
    found.push([
      name.slice(PREFIX.length).replaceAll('_', '.'),
      { shape: [end - begin, ...shape.slice(1)], data: data.subarray(begin * width, end * width) },
    ])
  }
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** The images whose patches were coded, in their order. */
export interface ImageLayout {
  /** [height, width] or [height, width, 3] of each. */
  readonly shapes: readonly (readonly number[])[]
  readonly names: readonly string[]
  /** Mean of each image by channel, which whitening takes away. */
  readonly means: readonly Float32Array[]
}

/**
 * Images whose layout is noted as they are read: the constants are whole once every image has been. Shapes are needed to
 * put images together again, means to undo whitening.
 */
export function notingLayout(images: Images): { images: Images; constants: Record<string, StoredTensor> } {
  const { count, channels } = images
  const axes = channels === 1 ? 2 : 3
  const shapes = new BigInt64Array(count * axes)
  const means = new Float32Array(count * channels)
  const names = new TextEncoder().encode(JSON.stringify(Array.from({ length: count }, (_, i) => images.label(i))))
  return {
    images: watchedImages(images, (index, { shape, data }) => {
      shapes.set(shape.map(BigInt), index * axes)
      const sums = new Float64Array(channels)
      for (let i = 0; i < data.length; i++) sums[i % channels] += data[i]
      means.set(
        sums.map((sum) => (sum * channels) / data.length),
        index * channels,
      )
    }),
    constants: {
      image_shapes: storedTensor(shapes, [count, axes]),
      image_means: storedTensor(means, [count, channels]),
      image_names: storedTensor(names),
    },
  }
}

/** The longest side of an image that is believed. */
const LONGEST = 2 ** 20

/** The images that codes were made from; undefined where they were not, or the file does not say so credibly. */
export function savedLayout({ arrays }: SavedCodes): ImageLayout | undefined {
  const { image_shapes: shapes, image_means: means, image_names: names } = arrays
  if (shapes?.dtype !== 'I64' || means?.dtype !== 'F32' || names?.dtype !== 'U8') return undefined
  const [count, axes] = shapes.shape
  const channels = axes === 3 ? 3 : 1
  const labels = parsedList(new TextDecoder().decode(names.data))
  const sides = Array.from(shapes.data, Number)
  if (labels?.length !== count || means.data.length !== count * channels) return undefined
  if (!sides.every((side) => side >= 1 && side <= LONGEST)) return undefined
  return {
    shapes: Array.from({ length: count }, (_, i) => sides.slice(i * axes, (i + 1) * axes)),
    names: labels.map(String),
    means: Array.from({ length: count }, (_, i) => means.data.slice(i * channels, (i + 1) * channels)),
  }
}

/** The names of `count` images; undefined where the file does not hold them. */
export function savedImageNames({ arrays }: SavedCodes, count: number): string[] | undefined {
  const { image_names: names } = arrays
  if (names?.dtype !== 'U8') return undefined
  const labels = parsedList(new TextDecoder().decode(names.data))
  return labels?.length === count ? labels.map(String) : undefined
}

function parsedList(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
