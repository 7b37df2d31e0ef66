import {
  ConfigurationError,
  DataError,
  formatShape,
  type Images,
  type ObservationMasks,
  type Observations,
  openSource,
  readNpy,
  sizeOf,
  type Tensor,
} from '../../src/index.js'
import { asShare } from './heldOut.js'
import { isImages } from './openData.js'

/** Masks as a file has them; what its axes mean depends on whether the data has channels, and how many. */
export type MaskFile = (channels: number | undefined) => ObservationMasks

/**
 * Masks of a file: an npy array of 0 and 1 (in bytes also 0 and 255), of one mask for all observations or of one each, with or without the
 * channels of the data; or images, white where there is something to see, from half grey on. A single one counts for all.
 * Throws ConfigurationError where the file holds no masks, DataError where they hold other numbers.
 */
export async function readMasks(file: string, spatial: 1 | 2): Promise<MaskFile> {
  if (/\.npy$/i.test(file)) {
    const mask = zerosAndOnes(await readNpy(file), file)
    return (channels) => masksOfArray(mask, file, spatial, channels)
  }
  const opened = await openSource(file)
  if (opened.kind !== 'images' || spatial === 1) {
    throw new ConfigurationError(
      `${file} holds no masks; give an npy file${spatial === 2 ? ' or images' : ''} with 1 for what was observed and 0 for what is missing.`,
    )
  }
  const { images } = opened
  const masks: Tensor[] = []
  for (let i = 0; i < images.count; i++) masks.push(whiteOf(await images.image(i)))
  return () => (masks.length === 1 ? masks[0] : eachOf(file, masks.length, (index) => masks[index]))
}

/** How many channels data has; undefined where it has no axis of them. */
export function channelsOf(data: Observations | Images, spatial: 1 | 2): number | undefined {
  return isImages(data) ? (data.channels === 1 ? undefined : data.channels) : data.shape[spatial]
}

/**
 * The masks of what --held-out takes out of the data that `masks` belong to; undefined where one mask serves all, or other data is held out.
 * Throws ConfigurationError for a share of observations, which are held out by what they hold and not by their place.
 */
export function heldOutMasks(
  masks: ObservationMasks | undefined,
  heldOut: string | undefined,
  learning: Observations | Images,
): ObservationMasks | undefined {
  if (typeof masks !== 'function' || heldOut === undefined || asShare(heldOut) === undefined) return undefined
  if (isImages(learning)) return (index) => masks(learning.count + index)
  throw new ConfigurationError(
    'A share of observations cannot be held out of those that have a mask each; give --held-out other data, with its masks as --held-out-mask.',
  )
}

/** An array as one mask or as many. */
function masksOfArray(mask: Tensor, file: string, spatial: 1 | 2, channels: number | undefined): ObservationMasks {
  const { shape, data } = mask
  const axes = shape.length
  // A mask that ends with as many numbers as there are channels has them.
  const hasChannels = channels !== undefined && axes > spatial && shape[axes - 1] === channels
  const own = spatial + (hasChannels ? 1 : 0)
  if (axes === own) return mask
  if (axes === own + 1) {
    const each = shape.slice(1)
    const size = sizeOf(each)
    return eachOf(file, shape[0], (index) => ({ shape: each, data: data.subarray(index * size, (index + 1) * size) }))
  }
  const one = spatial === 2 ? 'height, width' : 'length'
  const more = channels === undefined ? '' : `, also with the ${channels} channels of the data as a last axis`
  throw new ConfigurationError(
    `${file} holds an array of ${formatShape(shape)}; a mask is [${one}], or [n, ${one}] with one for each observation${more}.`,
  )
}

/** One mask for each observation. Throws ConfigurationError, when asked, where there are more observations than masks. */
function eachOf(file: string, count: number, mask: (index: number) => Tensor): ObservationMasks {
  return (index) => {
    if (index < count) return mask(index)
    throw new ConfigurationError(
      `${file} holds ${count} masks, and there are more observations; give one mask for all, or one for each.`,
    )
  }
}

/** An array of nothing but 0 and 1. Throws DataError for other numbers. */
function zerosAndOnes({ shape, data }: Awaited<ReturnType<typeof readNpy>>, file: string): Tensor {
  const numbers = typeof data === 'string' ? [] : data
  // Bytes may be those of a picture.
  const one = numbers instanceof Uint8Array && numbers.includes(255) ? 255 : 1
  const mask = new Float32Array(sizeOf(shape))
  for (let i = 0; i < mask.length; i++) {
    const value = Number(numbers[i])
    if (value !== 0 && value !== one) {
      throw new DataError(
        `${file} holds ${value} where a mask is ${one} for what was observed and 0 for what is missing; write it so.`,
      )
    }
    mask[i] = value / one
  }
  return { shape, data: mask }
}

function whiteOf({ shape, data }: Tensor): Tensor {
  return { shape, data: data.map((value) => (value >= 0.5 ? 1 : 0)) }
}
