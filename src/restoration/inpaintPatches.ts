import type { Tensor } from '../tensor/tensor.js'
import { codePatches } from './codePatches.js'
import { noiseReach } from './denoisePatches.js'
import { learnAtoms, otherAtoms } from './patchDictionary.js'
import { type Restoration, type RestorationOptions, stages } from './restoration.js'
import { smoothFill } from './smoothFill.js'

/** What atoms need not explain of an image without noise: root mean square, in units of pixels from 0 to 1. */
const LEAST_RESIDUAL = 0.01
/** λ of learning in each pass, and no less than the noise asks for. */
const LEARNING_LAMBDAS = [0.1, 0.1, 0.07, 0.05]
const NOISE_LAMBDA = 2.8
/** λ of the lasso's final codes without noise, and in units of it. */
const CODING_LAMBDA = 0.02
const CODING_NOISE_LAMBDA = 2.1
/** Weight of the present image in the mean: it stands where patches say next to nothing, and is nothing beside what half-observed ones say. */
const OWN = 0.03
/** Pixels between patches in all passes but the last. */
const STRIDE = 2

/** How missing pixels are filled. */
export interface Inpainting {
  /** Of the image's shape. */
  readonly mask: Tensor
  readonly sigma: number
  readonly passes: number
}

/** Fills missing pixels by the overlapping patches of an image: `inpaint` has the formula. */
export async function inpaintPatches(
  image: Tensor,
  { mask, sigma, passes }: Inpainting,
  options: RestorationOptions,
): Promise<Restoration> {
  const { codes = 'pursuit', lambda = Math.max(CODING_LAMBDA, CODING_NOISE_LAMBDA * sigma), threads, signal } = options
  const own = (options.dictionary ?? 'itself') === 'itself'
  const learnings = own ? passes : 1
  const plan = Array.from({ length: passes }, (_, pass) => [
    ...(pass < learnings ? ([['learning', pass === 0 ? 2 : 1]] as const) : []),
    ['coding', pass < passes - 1 ? 1 : 4] as const,
  ])
  const work = stages(options, plan.flat())
  let present = smoothFill(image, mask)
  let atoms: Tensor | undefined
  let active = 0
  for (let pass = 0; pass < passes; pass++) {
    if (pass < learnings) {
      const onProgress = work.next()
      const least = LEARNING_LAMBDAS[Math.min(pass, LEARNING_LAMBDAS.length - 1)]
      atoms =
        (await otherAtoms(present, options, onProgress)) ??
        (await learnAtoms(present, options, {
          lambda: Math.max(least, NOISE_LAMBDA * sigma),
          // The first atoms come from what was observed alone, later ones from the image as it then stands.
          ...(pass === 0 ? { mask } : {}),
          onProgress,
        }))
    }
    const dictionary = atoms! // learned in the first pass
    const size = dictionary.data.length / dictionary.shape[0]
    const coded = await codePatches(present, {
      atoms: dictionary,
      aim: codes === 'pursuit' ? { residual: Math.max(LEAST_RESIDUAL, noiseReach(size) * sigma) } : { lambda },
      mask,
      own: OWN,
      stride: pass < passes - 1 ? STRIDE : 1,
      threads,
      signal,
      onProgress: work.next(),
    })
    active = coded.active
    // Without noise what was observed is certain.
    present =
      sigma > 0
        ? coded.image
        : { shape: image.shape, data: coded.image.data.map((value, at) => (mask.data[at] ? image.data[at] : value)) }
  }
  return { image: present, dictionary: atoms!, sigma, active, seconds: work.seconds() }
}
