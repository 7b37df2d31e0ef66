import type { ConvolutionalSparseCodingModel } from '../models/convolutionalSparseCodingModel.js'
import type { SparseCodingModel } from '../models/sparseCodingModel.js'
import type { PatchSize } from '../preprocess/patchSize.js'
import { imageSize } from '../preprocess/preprocessor.js'
import { ConfigurationError, DataError } from '../tensor/errors.js'
import type { OptionNames } from '../tensor/options.js'
import { givenTensor, type Tensor } from '../tensor/tensor.js'

/**
 * What an image is taken to be made of: atoms (or kernels) learned on the image itself, on the photographs that come with Energia, or
 * given: a learned model, or atoms [k, h, w] (or [k, h, w, c]).
 */
export type DictionaryChoice = 'itself' | 'photographs' | SparseCodingModel | ConvolutionalSparseCodingModel | Tensor

/** What restorations have in common. */
export interface RestorationOptions {
  /** By overlapping patches (the default), or convolutionally: one code of the whole image. */
  readonly method?: 'patches' | 'convolutional'
  /** Learned on the image itself by default. */
  readonly dictionary?: DictionaryChoice
  /** Side, or height and width, of patches or kernels in pixels; 8 by default, and as the dictionary has it where one is given. */
  readonly patch?: PatchSize
  /** How many atoms (256 by default) or kernels (32) are learned. */
  readonly atoms?: number
  /** λ of the code: of the convolutional one, and of patches where they are coded by the lasso. Follows the noise by default. */
  readonly lambda?: number
  /** How patches are coded: by matching pursuit up to what noise explains (the default), or by the lasso. */
  readonly codes?: 'pursuit' | 'lasso'
  readonly seed?: number
  /** Threads; all of the machine's by default. They do not change a bit of the result. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RestorationProgress) => void
}

/** The names of {@link RestorationOptions}. */
export const restorationOptions: OptionNames<RestorationOptions> = {
  method: true,
  dictionary: true,
  patch: true,
  atoms: true,
  lambda: true,
  codes: true,
  seed: true,
  threads: true,
  signal: true,
  onProgress: true,
}

export interface RestorationProgress {
  readonly stage: 'learning' | 'coding'
  /** Of the whole work, from 0 to 1. */
  readonly fraction: number
  readonly seconds: number
}

/** A restored image, and what it was restored with. */
export interface Restoration {
  /** Of the given image's shape. */
  readonly image: Tensor
  /** Atoms or kernels. */
  readonly dictionary: Tensor
  /** Standard deviation of the noise, given or estimated. */
  readonly sigma: number
  /** By patches: mean active atoms a patch. Convolutionally: the share of coefficients that are not 0. */
  readonly active: number
  readonly seconds: number
}

/** Checks an image. Throws {@link ShapeError} unless it is [h, w] or [h, w, c], DataError for no pixels and pixels that are not finite. */
export function checkedImage(image: Tensor): Tensor {
  const { height, width, channels } = imageSize(givenTensor(image, 'The image'))
  if (height * width * channels === 0) throw new DataError(`The image has no pixels: ${image.shape.join('×')}.`)
  if (!image.data.every(Number.isFinite)) {
    throw new DataError('The image holds NaN or infinite pixels; what is missing is told by a mask.')
  }
  return image
}

/** Throws {@link ConfigurationError} for options out of range, or that are not of the method. */
export function checkRestoration({ method = 'patches', codes, lambda, atoms }: RestorationOptions): void {
  if (method !== 'patches' && method !== 'convolutional') {
    throw new ConfigurationError(`The method is "patches" or "convolutional"; got ${JSON.stringify(method)}.`)
  }
  if (codes !== undefined && codes !== 'pursuit' && codes !== 'lasso') {
    throw new ConfigurationError(`Patches are coded by "pursuit" or by "lasso"; got ${JSON.stringify(codes)}.`)
  }
  if (codes !== undefined && method !== 'patches') {
    throw new ConfigurationError('How patches are coded is for the method "patches"; leave codes out.')
  }
  if (lambda !== undefined && method === 'patches' && codes !== 'lasso') {
    throw new ConfigurationError(
      'λ is of the lasso, or of the convolutional method; leave lambda out, or give codes: "lasso".',
    )
  }
  if (lambda !== undefined && !(lambda > 0 && lambda < Infinity)) {
    throw new ConfigurationError(`lambda must be a finite number above 0; got ${lambda}.`)
  }
  if (atoms !== undefined && !(Number.isInteger(atoms) && atoms >= 1 && atoms <= 1 << 16)) {
    throw new ConfigurationError(`atoms must be a whole number from 1 to ${1 << 16}; got ${atoms}.`)
  }
}

/** The strongest noise that is believed, in units of pixels from 0 to 1. */
const MOST_SIGMA = 1e9

/** Throws {@link ConfigurationError} for noise that is none, or stronger than any image's. */
export function checkSigma(sigma: number, { zero }: { readonly zero: boolean }): void {
  if ((zero ? sigma >= 0 : sigma > 0) && sigma <= MOST_SIGMA) return
  throw new ConfigurationError(
    `sigma must be a number ${zero ? 'from 0' : 'above 0'}, and no more than ${MOST_SIGMA} times the range of pixels; got ${sigma}.`,
  )
}

/** Throws {@link ConfigurationError} where the photographs that ship cannot be cut like an image with these channels ([]: grey). */
export function checkPhotographChannels(channels: readonly number[]): void {
  if (channels.length > 0 && channels[0] !== 3) {
    throw new ConfigurationError(
      `The photographs have 1 or 3 channels, and the image has ${channels[0]}; learn on the image itself.`,
    )
  }
}

/** Whether a dictionary is given as a tensor. */
export const isTensor = (choice: DictionaryChoice): choice is Tensor => typeof choice === 'object' && 'data' in choice

/** Tells how far work in several stages has come; each call of the result begins the next stage and gives its reporter. */
export function stages(
  { onProgress }: RestorationOptions,
  shares: readonly (readonly [stage: RestorationProgress['stage'], share: number])[],
): { readonly seconds: () => number; next(): (part: number) => void } {
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1000
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  let at = -1
  let before = 0
  return {
    seconds,
    next() {
      if (at >= 0) before += shares[at][1]
      const [stage, share] = shares[++at]
      const from = before
      return (part) => onProgress?.({ stage, fraction: Math.min(1, (from + share * part) / total), seconds: seconds() })
    },
  }
}
