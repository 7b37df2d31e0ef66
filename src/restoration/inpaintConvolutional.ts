import type { Tensor } from '../tensor/tensor.js'
import { codeImage, split } from './codeImage.js'
import type { Inpainting } from './inpaintPatches.js'
import { type KernelDictionary, learnKernels, otherKernels } from './kernelDictionary.js'
import { type Restoration, type RestorationOptions, stages } from './restoration.js'
import { smoothFill } from './smoothFill.js'

/** λ of learning and of the codes without noise, for pixels from 0 to 1, and in units of it. */
const LEARNING_LAMBDA = 0.1
const CODING_LAMBDA = 0.01
const LEARNING_NOISE_LAMBDA = 2.8
const CODING_NOISE_LAMBDA = 2.6

/**
 * Fills missing pixels by one code of the whole image, its low-pass being that of the image filled so far: `inpaint` has the formula.
 * Kernels are learned on the image filled so far, too. From what was observed alone they learn worse: a code that need not
 * explain the missing pixels has room to explain each of the others by a kernel of its own.
 */
export async function inpaintConvolutional(
  image: Tensor,
  { mask, sigma, passes }: Inpainting,
  options: RestorationOptions,
): Promise<Restoration> {
  const { lambda = Math.max(CODING_LAMBDA, CODING_NOISE_LAMBDA * sigma), threads, signal } = options
  const itself = (options.dictionary ?? 'itself') === 'itself'
  const [learning, coding] = [['learning', 2] as const, ['coding', 1] as const]
  const work = stages(options, [
    ...(itself ? [] : [learning]),
    ...Array.from({ length: passes }, () => (itself ? [learning, coding] : [coding])).flat(),
  ])
  const given = itself ? undefined : await otherKernels(image, options, work.next())
  const learned = (filled: Tensor): Promise<KernelDictionary> =>
    learnKernels(filled, options, {
      lambda: Math.max(LEARNING_LAMBDA, LEARNING_NOISE_LAMBDA * sigma),
      onProgress: work.next(),
    })
  let present = smoothFill(image, mask)
  let dictionary = given
  let active = 0
  for (let pass = 0; pass < passes; pass++) {
    const { low, high: filled } = split(present)
    dictionary = given ?? (await learned(filled))
    const high: Tensor = {
      shape: image.shape,
      data: image.data.map((value, at) => (mask.data[at] === 0 ? 0 : value - low.data[at])),
    }
    const coded = await codeImage(high, { ...dictionary, lambda, mask, threads, signal, onProgress: work.next() })
    active = coded.active
    // Without noise what was observed is certain.
    present = {
      shape: image.shape,
      data: coded.image.data.map((value, at) =>
        sigma === 0 && mask.data[at] === 1 ? image.data[at] : value + low.data[at],
      ),
    }
  }
  return { image: present, dictionary: dictionary!.kernels, sigma, active, seconds: work.seconds() } // there is one pass at least
}
