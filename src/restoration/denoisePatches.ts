import type { Tensor } from '../tensor/tensor.js'
import { codePatches } from './codePatches.js'
import { learnAtoms, otherAtoms } from './patchDictionary.js'
import { type Restoration, type RestorationOptions, stages } from './restoration.js'

/** λ of learning, in units of the noise: low enough to see edges, and high enough that atoms do not learn noise. */
const LEARNING_LAMBDA = 2.8
/** λ of the lasso's final codes, likewise. */
const CODING_LAMBDA = 2.1
/** Weight of the noisy pixels themselves in the mean, as K-SVD's 30/σ is beside its 64 patches. */
const OWN = 0.15

/** Removes noise by the overlapping patches of an image: `denoise` has the formula. */
export async function denoisePatches(image: Tensor, sigma: number, options: RestorationOptions): Promise<Restoration> {
  const { codes = 'pursuit', lambda = CODING_LAMBDA * sigma, threads, signal } = options
  const work = stages(options, [
    ['learning', 0.6],
    ['coding', 0.4],
  ])
  const learned = work.next()
  const atoms =
    (await otherAtoms(image, options, learned)) ??
    (await learnAtoms(image, options, { lambda: LEARNING_LAMBDA * sigma, onProgress: learned }))
  const size = atoms.data.length / atoms.shape[0]
  const { image: restored, active } = await codePatches(image, {
    atoms,
    aim: codes === 'pursuit' ? { residual: noiseReach(size) * sigma } : { lambda },
    own: OWN,
    threads,
    signal,
    onProgress: work.next(),
  })
  return { image: restored, dictionary: atoms, sigma, active, seconds: work.seconds() }
}

/**
 * The root mean square that unit noise over n numbers does not exceed in nine cases of ten: √(χ²/n), by Wilson and Hilferty. 1.10 for
 * patches of 8×8.
 */
export function noiseReach(n: number): number {
  const spread = 2 / (9 * n)
  return (1 - spread + 1.2 * Math.sqrt(spread)) ** 1.5
}
