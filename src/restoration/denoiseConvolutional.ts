import type { Tensor } from '../tensor/tensor.js'
import { codeImage, split } from './codeImage.js'
import { learnKernels, otherKernels } from './kernelDictionary.js'
import { type Restoration, type RestorationOptions, stages } from './restoration.js'

/** λ of learning and of the final code, in units of the noise. */
const LEARNING_LAMBDA = 2.8
const CODING_LAMBDA = 2.6

/** Removes noise by one code of the whole image: `denoise` has the formula. */
export async function denoiseConvolutional(
  image: Tensor,
  sigma: number,
  options: RestorationOptions,
): Promise<Restoration> {
  const { lambda = CODING_LAMBDA * sigma, threads, signal } = options
  const work = stages(options, [
    ['learning', 0.7],
    ['coding', 0.3],
  ])
  const { high, low } = split(image)
  const learned = work.next()
  const dictionary =
    (await otherKernels(image, options, learned)) ??
    (await learnKernels(high, options, { lambda: LEARNING_LAMBDA * sigma, onProgress: learned }))
  const coded = await codeImage(high, { ...dictionary, lambda, threads, signal, onProgress: work.next() })
  return {
    image: { shape: image.shape, data: coded.image.data.map((value, at) => value + low.data[at]) },
    dictionary: dictionary.kernels,
    sigma,
    active: coded.active,
    seconds: work.seconds(),
  }
}
