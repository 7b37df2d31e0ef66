import {
  ConfigurationError,
  DataError,
  formatShape,
  type ObservationMasks,
  openSource,
  readNpy,
  sizeOf,
  type Tensor,
} from '../../src/index.js'
import type { SignalCut } from './openData.js'
import { pairByName } from './pairMasks.js'

/** Masks as a file has them; what its axes mean depends on the data. Throws ConfigurationError where they do not go with it. */
export type MaskFile = (data: MaskedData) => Masks

/** The masks of some data. */
export interface Masks {
  readonly masks: ObservationMasks
  /** Whether the file holds one for all observations, or for all signals. */
  readonly shared: boolean
}

/** What masks have to go with. */
export interface MaskedData {
  readonly name: string
  /** Axes of an observation without its channels: images, or signals and vectors. */
  readonly spatial: 1 | 2
  /** How many channels there are; undefined where there is no axis of them. */
  readonly channels: number | undefined
  /** How many observations there are, where that is known. */
  readonly count?: number | undefined
  /** The file names of images. */
  readonly files?: readonly string[] | undefined
  /** Axes of a whole observation; undefined for images, whose sizes may differ. */
  readonly shape?: readonly number[] | undefined
  /** How the observations were cut out of the signals that masks belong to. */
  readonly cut?: SignalCut | undefined
}

/**
 * Masks of a file: an npy array of 0 and 1 (in bytes also 0 and 255), of one mask for all observations or of one each, with or without the
 * channels of the data; or images, white where there is something to see, from half grey on, which go with images by name and with other data by their order.
 * A single one counts for all.
 * Throws ConfigurationError where the file holds no masks, DataError where they hold other numbers.
 */
export async function readMasks(file: string, spatial: 1 | 2): Promise<MaskFile> {
  if (file === '-') {
    throw new ConfigurationError('Standard input may be the data, and not a mask; give the mask as a file.')
  }
  if (/\.npy$/i.test(file)) {
    const mask = zerosAndOnes(await readNpy(file), file)
    return (data) => masksOfArray(mask, file, data)
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
  if (!masks.some(({ data }) => data.includes(1))) throw nothingObserved(file, 'white')
  const files = masks.map((_, i) => images.label(i))
  return (data) => {
    if (masks.length === 1) return { masks: masks[0], shared: true }
    const inOrder = eachOf(file, masks.length, data, (index) => masks[index])
    if (!data.files) return { masks: inOrder, shared: false }
    const places = pairByName({ name: file, files }, { name: data.name, files: data.files })
    return { masks: (index) => inOrder(places[index]), shared: false }
  }
}

/** An array as one mask or as many. */
function masksOfArray(mask: Tensor, file: string, data: MaskedData): Masks {
  const { shape } = mask
  const { spatial, channels, cut } = data
  const axes = shape.length
  if (data.shape && data.shape.length > spatial + 1) return masksOfManyAxes(mask, file, data, data.shape)
  // A mask that ends with as many numbers as there are channels has them.
  const hasChannels = channels !== undefined && axes > spatial && shape[axes - 1] === channels
  const own = spatial + (hasChannels ? 1 : 0)
  if (axes === own || axes === own + 1) {
    const shared = axes === own
    const each = shared ? shape : shape.slice(1)
    const count = shared ? 1 : shape[0]
    if (cut) return { masks: masksOfWindows({ shape: [count, ...each], data: mask.data }, file, data, cut), shared }
    if (shared) return { masks: mask, shared }
    return { masks: eachOf(file, count, data, rowsOf(mask)), shared }
  }
  const one = spatial === 2 ? 'height, width' : 'length'
  const more = channels === undefined ? '' : `, also with the ${channels} channels of the data as a last axis`
  throw new ConfigurationError(
    `${file} holds an array of ${formatShape(shape)}; a mask is [${one}], or [n, ${one}] with one for each observation${more}.`,
  )
}

/** An array as one mask, or as many, of observations with more axes than images have: of just their shape. */
function masksOfManyAxes(mask: Tensor, file: string, data: MaskedData, own: readonly number[]): Masks {
  const [wanted, given] = [formatShape(own), formatShape(mask.shape)]
  if (given === wanted) return { masks: mask, shared: true }
  const [count, ...each] = mask.shape
  if (formatShape(each) !== wanted) {
    throw new ConfigurationError(
      `${file} holds an array of ${given}; a mask of observations of ${wanted} has their shape, or is n×${wanted} with one for each.`,
    )
  }
  return { masks: eachOf(file, count, data, rowsOf(mask)), shared: false }
}

/** The rows of an array. */
function rowsOf({ shape: [, ...each], data }: Tensor): (index: number) => Tensor {
  const size = sizeOf(each)
  return (index) => ({ shape: each, data: data.subarray(index * size, (index + 1) * size) })
}

/** Masks [n, t, …] of signals, or a single one of all, cut as the signals were. Throws ConfigurationError where they are of another length. */
function masksOfWindows({ shape, data }: Tensor, file: string, signals: MaskedData, cut: SignalCut): ObservationMasks {
  const [count, samples, ...channels] = shape
  if (samples !== cut.samples) {
    throw new ConfigurationError(
      `${file} holds masks of ${samples} samples, and signals have ${cut.samples} before --window cuts them; give masks of whole signals, which are cut with them.`,
    )
  }
  const each = Math.floor((samples - cut.length) / cut.hop) + 1
  const width = sizeOf(channels)
  if (count > 1 && signals.count !== undefined) checkCount(file, count, 'the data', signals.count / each, 'signals')
  return (index) => {
    const signal = count === 1 ? 0 : Math.floor(index / each)
    const begin = (signal * samples + (index % each) * cut.hop) * width
    return { shape: [cut.length, ...channels], data: data.subarray(begin, begin + cut.length * width) }
  }
}

/** One mask for each observation. Throws ConfigurationError where there are not as many observations, at once or when that many are asked for. */
function eachOf(
  file: string,
  count: number,
  data: MaskedData,
  mask: (index: number) => Tensor,
): (index: number) => Tensor {
  if (data.count !== undefined) checkCount(file, count, data.name, data.count)
  return (index) => {
    if (index >= count) checkCount(file, count, data.name, 'more')
    return mask(index)
  }
}

function checkCount(file: string, masks: number, name: string, count: number | 'more', what = 'observations'): void {
  if (masks === count) return
  throw new ConfigurationError(
    `${file} holds ${masks} masks, and ${name} holds ${count} ${what}; give one mask for all, or one for each.`,
  )
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
  if (mask.length > 0 && !mask.includes(1)) throw nothingObserved(file, String(one))
  return { shape, data: mask }
}

const nothingObserved = (file: string, one: string): DataError =>
  new DataError(`${file} says that nothing was observed; a mask is ${one} for what was observed.`)

function whiteOf({ shape, data }: Tensor): Tensor {
  return { shape, data: data.map((value) => (value >= 0.5 ? 1 : 0)) }
}
