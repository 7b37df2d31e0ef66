import type { Regularizer } from '../energy/regularizer.js'
import { l1 } from '../energy/regularizers/l1.js'
import { topK } from '../energy/regularizers/topK.js'
import { decode } from '../inference/linear/decode.js'
import { type LinearEncoder, linearEncoder } from '../inference/linear/linearEncoder.js'
import { type Tensor, takeRows } from '../tensor/tensor.js'
import { ImagePatches, PatchMean } from './imagePatches.js'

/** How the patches of an image are coded and put together. */
export interface PatchCoding {
  /** [k, h, w] or [k, h, w, c] */
  readonly atoms: Tensor
  /** Up to a root mean square of the residual, or with this λ. */
  readonly aim: { readonly residual: number } | { readonly lambda: number }
  /** Of the image's shape: 0 where a pixel is missing. */
  readonly mask?: Tensor
  /** Weight of the image's own pixels in the mean, where a patch without atoms has 1. */
  readonly own: number
  /** Pixels between patches; 1 by default. */
  readonly stride?: number
  readonly threads: number | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: (part: number) => void
}

/** Patches that are coded together. */
const PIECE = 8192
/** A pursuit ends at this share of a patch's numbers. */
const MOST_ACTIVE = 0.5
/** … and, where numbers are missing, at this share of those that were observed: atoms that explain each of few numbers say nothing of the others. */
const MOST_OF_OBSERVED = 1 / 3
const LASSO_TOLERANCE = 1e-3
/** How far a patch may go beyond what was observed, as a share of its range: the mean over patches would be biased if each were cut off at it. */
const MARGIN = 0.5

/**
 * Codes the overlapping patches of an image, each less its mean, and gives the weighted mean of their reconstructions. A patch with s
 * active atoms counts 1/(1 + s), for the noise that a least-squares fit lets through grows with them, and, where pixels are missing,
 * times the square of the share that was observed.
 */
export async function codePatches(image: Tensor, coding: PatchCoding): Promise<{ image: Tensor; active: number }> {
  const { atoms, aim, mask, own, stride, threads, signal, onProgress } = coding
  const [count, height, width] = atoms.shape
  const source = new ImagePatches(image, [height, width], stride)
  const masks = mask && new ImagePatches(mask, [height, width], stride)
  const { size, channels } = source
  const most = Math.max(1, Math.min(count, Math.floor(MOST_ACTIVE * size)))
  const regularizer: Regularizer = 'residual' in aim ? topK({ active: most }) : l1({ lambda: aim.lambda })
  const options = { ...('residual' in aim ? aim : { tolerance: LASSO_TOLERANCE }), ...(signal ? { signal } : {}) }
  const encoder: LinearEncoder = await linearEncoder({
    atoms,
    regularizer,
    ...(threads === undefined ? {} : { threads }),
  })
  const range = mask && observedRange(image, mask, channels)
  const mean = new PatchMean(source, own)
  let active = 0
  let coded = 0
  try {
    for (let first = 0; first < source.count; first += PIECE) {
      const all = Uint32Array.from({ length: Math.min(PIECE, source.count - first) }, (_, i) => first + i)
      const whole = masks?.cut(all)
      const observed =
        whole && all.map((_, i) => whole.data.subarray(i * size, (i + 1) * size).reduce((sum, v) => sum + v, 0))
      for (const seen of observed ? alike(all, observed) : [all]) {
        const { patches, means } = source.centred(seen)
        const share = observed ? observed[seen[0] - first] / size : 1
        const hidden = whole && {
          mask: takeRows(
            whole,
            seen.map((index) => index - first),
          ),
        }
        const pursuit = hidden &&
          'residual' in aim && { maxSteps: Math.max(1, Math.floor(MOST_OF_OBSERVED * share * size)) }
        const { codes } = await encoder.encode(patches, { ...options, ...hidden, ...pursuit })
        const found = decode(codes, atoms)
        if (range) keepWithin(found.data, means, range)
        for (let i = 0; i < seen.length; i++) {
          const atomsInUse = codes.indptr[i + 1] - codes.indptr[i]
          mean.add(seen[i], found.data, i * size, means, i * channels, share ** 2 / (1 + atomsInUse))
        }
        active += codes.values.length
        coded += seen.length
      }
      onProgress((first + all.length) / source.count)
    }
  } finally {
    encoder.dispose()
  }
  return { image: mean.image(), active: coded === 0 ? 0 : active / coded }
}

/** The patches of which something was observed, those of which as much was together. */
function alike(patches: Uint32Array, observed: Uint32Array): Uint32Array[] {
  const groups = new Map<number, number[]>()
  patches.forEach((patch, i) => {
    if (observed[i] === 0) return
    const group = groups.get(observed[i])
    if (group) group.push(patch)
    else groups.set(observed[i], [patch])
  })
  return Array.from(groups.values(), (group) => Uint32Array.from(group))
}

/** From the least to the largest number observed, of each channel, with {@link MARGIN}. */
type Range = readonly { readonly low: number; readonly high: number }[]

function observedRange({ data }: Tensor, mask: Tensor, channels: number): Range {
  return Array.from({ length: channels }, (_, channel) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = channel; at < data.length; at += channels) {
      if (mask.data[at] === 0) continue
      low = Math.min(low, data[at])
      high = Math.max(high, data[at])
    }
    const margin = MARGIN * (high - low)
    return { low: low - margin, high: high + margin }
  })
}

/**
 * Brings patches, given less their means, near the range of what was observed of the image. An atom that is nearly 0 at the few pixels of a patch that
 * were observed is scaled by the inverse of that, and says enormous things of the others.
 */
function keepWithin(patches: Float32Array, means: Float32Array, range: Range): void {
  const channels = range.length
  const size = (patches.length / means.length) * channels
  for (let at = 0; at < patches.length; at++) {
    const channel = at % channels
    const mean = means[Math.floor(at / size) * channels + channel]
    const { low, high } = range[channel]
    patches[at] = Math.min(high, Math.max(low, mean + patches[at])) - mean
  }
}
