import {
  ConfigurationError,
  type Images,
  type ObservationMasks,
  type Observations,
  type Tensor,
} from '../../src/index.js'
import { given } from '../given.js'
import type { MaskOptions } from '../models/options.js'
import { asShare } from './heldOut.js'
import { fileNames, isImages, signalCut } from './openData.js'
import { type MaskedData, type MaskFile, readMasks } from './readMasks.js'
import { noteUnobserved } from './unobserved.js'

/** The axes of linear observations that are not channels: vectors have one, images two. */
export const spatialOf = (data: Observations | Images): 1 | 2 => (isImages(data) || data.shape.length > 1 ? 2 : 1)

/** The files of masks that learning is given. */
export interface MaskFiles {
  readonly mask: MaskFile | undefined
  readonly heldOutMask: MaskFile | undefined
}

/** Reads them. Throws ConfigurationError for masks of what is not held out, and as {@link readMasks}. */
export async function maskFiles(
  { mask, heldOutMask, heldOut }: MaskOptions & { readonly heldOut?: string },
  spatial: 1 | 2,
): Promise<MaskFiles> {
  if (heldOutMask !== undefined && heldOut === undefined) {
    throw new ConfigurationError('--held-out-mask goes with --held-out; give both.')
  }
  if (heldOutMask !== undefined && mask === undefined) {
    throw new ConfigurationError('--held-out-mask goes with --mask; give both.')
  }
  const read = (file: string | undefined) => (file === undefined ? undefined : readMasks(file, spatial))
  return { mask: await read(mask), heldOutMask: await read(heldOutMask) }
}

/** What masks of this data have to go with. */
export function maskedData(data: Observations | Images, spatial: 1 | 2): MaskedData {
  const { name, count } = data
  const channels = isImages(data) ? (data.channels === 1 ? undefined : data.channels) : data.shape[spatial]
  const shape = isImages(data) ? undefined : data.shape
  return { name, spatial, channels, count, cut: signalCut(data), shape, files: fileNames(data) }
}

/** The masks of data that is coded, from the file that was named; says of how many observations nothing was observed. */
export async function codingMasks(
  file: string | undefined,
  data: Observations | Images,
  spatial: 1 | 2,
  note: (text: string) => void,
): Promise<ObservationMasks | undefined> {
  if (file === undefined) return undefined
  const known = maskedData(data, spatial)
  const { masks } = (await readMasks(file, spatial))(known)
  noteUnobserved(note, masks, known, 'coded as 0, with energy 0')
  return masks
}

/**
 * The masks of what is learned from and of what is held out: by default one mask that serves all, or those of the images that --held-out takes
 * out of the data; `note` is told of how many nothing was observed. Throws ConfigurationError for a share of observations with a mask each, since
 * they are held out by what they hold and not by their place.
 */
export function learningMasks(
  files: MaskFiles,
  options: { readonly heldOut?: string; readonly window?: number },
  spatial: 1 | 2,
  learning: Observations | Images,
  heldOut: Observations | Images | Tensor | undefined,
  note: (text: string) => void,
): LearningMasks {
  const masks = chosenMasks(files, options, spatial, learning, heldOut)
  noteUnobserved(note, masks.mask, maskedData(learning, spatial), 'left out of learning')
  if (heldOut && !('data' in heldOut)) {
    noteUnobserved(note, masks.heldOutMask, maskedData(heldOut, spatial), 'held out, but not measured')
  }
  return masks
}

/** What fit takes of masks. */
export interface LearningMasks {
  readonly mask?: ObservationMasks
  readonly heldOutMask?: ObservationMasks
}

function chosenMasks(
  files: MaskFiles,
  options: { readonly heldOut?: string; readonly window?: number },
  spatial: 1 | 2,
  learning: Observations | Images,
  heldOut: Observations | Images | Tensor | undefined,
): LearningMasks {
  const data = maskedData(learning, spatial)
  if (heldOut === undefined) return given({ mask: files.mask?.(data).masks })
  const isShare = options.heldOut !== undefined && asShare(options.heldOut) !== undefined
  const apart = 'data' in heldOut ? { ...data, count: undefined, files: undefined } : maskedData(heldOut, spatial)
  const whole = { ...data, count: sum(data.count, apart.count), files: data.files?.concat(apart.files ?? []) }
  const heldOutMask = files.heldOutMask?.(apart).masks
  if (files.mask === undefined) return given({ heldOutMask })
  const { masks, shared } = files.mask(isShare ? whole : data)
  if (isShare && !isImages(learning) && (!shared || options.window !== undefined)) {
    throw new ConfigurationError(
      'A share of observations cannot be held out of those that have a mask each; give --held-out other data, with its masks as --held-out-mask.',
    )
  }
  const first = learning.count ?? 0 // images are counted
  const rest = typeof masks === 'function' && isShare ? (index: number) => masks(first + index) : undefined
  return { mask: masks, ...given({ heldOutMask: heldOutMask ?? (shared ? files.mask(apart).masks : rest) }) }
}

const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b
