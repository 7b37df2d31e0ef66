import { convolutionalEncoder } from '../inference/convolutional/convolutionalEncoder.js'
import { decodeConvolutional } from '../inference/convolutional/decodeConvolutional.js'
import { highPass } from '../preprocess/highPass.js'
import { CancelledError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { KernelDictionary } from './kernelDictionary.js'

const TOLERANCE = 1e-3

/** How an image is coded as a whole. */
export interface ImageCoding extends KernelDictionary {
  readonly lambda: number
  /** Of the image's shape: 0 where a pixel is missing. */
  readonly mask?: Tensor
  readonly threads: number | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: (part: number) => void
}

/** An image less its low-pass, and that. */
export function split(image: Tensor): { readonly high: Tensor; readonly low: Tensor } {
  const { output, context } = highPass().apply(image)
  return { high: output, low: context.low }
}

/** ΣKᵢ * Zᵢ for the code of an image, with the share of its coefficients that are not 0. */
export async function codeImage(
  high: Tensor,
  { kernels, boundary, lambda, mask, threads, signal, onProgress }: ImageCoding,
): Promise<{ image: Tensor; active: number }> {
  if (signal?.aborted) throw new CancelledError('The restoration was stopped.')
  const encoder = await convolutionalEncoder({
    kernels,
    boundary,
    lambda,
    spatial: 2,
    ...(threads === undefined ? {} : { threads }),
  })
  try {
    let first: number | undefined
    const { codes } = await encoder.encode(high, {
      tolerance: TOLERANCE,
      ...(mask ? { mask } : {}),
      ...(signal ? { signal } : {}),
      onProgress({ gap, energy }) {
        const left = Math.log(Math.max(gap / energy, TOLERANCE) / TOLERANCE)
        first ??= left
        onProgress(first > 0 ? Math.max(0, 1 - left / first) : 1)
      },
    })
    onProgress(1)
    return {
      image: decodeConvolutional(codes, kernels, { boundary, shape: high.shape, spatial: 2 }),
      active: codes.values.length / codes.shape[1],
    }
  } finally {
    encoder.dispose()
  }
}
