/** Everything the benchmarks of convolutional sparse coding ask of the library. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as energia from 'energia'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {import('./convolutionalObjective.js').ConvolutionalProblem} ConvolutionalProblem */
/** @typedef {import('./convolutionalObjective.js').Maps} Maps */

/**
 * An encoder that holds a problem's kernels.
 * @param {ConvolutionalProblem} problem
 * @param {number} threads
 */
export async function convolutionalCoder({ kernels, spatial, boundary, lambda, nonNegative, weights }, threads) {
  const coder = await energia.convolutionalEncoder({
    kernels,
    spatial,
    boundary,
    lambda,
    threads,
    ...(nonNegative ? { nonNegative } : {}),
    ...(weights ? { positionWeights: weights } : {}),
  })
  return {
    /**
     * @param {{ observation: Tensor, mask?: Tensor }} problem
     * @param {number} tolerance of the duality gap, relative
     * @returns {Promise<Maps & { seconds: number, status: string }>} seconds of coding alone
     */
    async encode({ observation, mask }, tolerance) {
      const start = performance.now()
      const { codes, status } = await coder.encode(observation, { tolerance, ...(mask ? { mask } : {}) })
      const seconds = (performance.now() - start) / 1000
      return { indices: codes.indices, values: codes.values, seconds, status: status[0] }
    },
    dispose: () => coder.dispose(),
  }
}

/** An image less its blur by a Gaussian. @param {Tensor} image @param {number} sigma */
export function aboveGaussian(image, sigma) {
  return energia.highPass({ kind: 'gaussian', sigma }).apply(image).output
}

/** An image less its smooth part, SPORCO's `tikhonov_filter`. @param {Tensor} image @param {number} strength */
export function aboveTikhonov(image, strength) {
  return energia.highPass({ kind: 'tikhonov', strength }).apply(image).output
}

/** A grey image of a folder by its name without ending. @param {string} folder @param {string} name @returns {Promise<Tensor>} */
export async function namedImage(folder, name) {
  const file = (await readdir(folder)).find((each) => each.replace(/\.[^.]*$/, '') === name)
  if (file === undefined)
    throw new Error(`${folder} holds no image called ${name}; --images wants house and cameraman.`)
  return energia.imageFiles([join(folder, file)]).image(0)
}

/** Kernels [m, h, w] of an npz file in SPORCO's layout [h, w, m]. @param {string} file @param {string} name @returns {Promise<Tensor>} */
export async function storedKernels(file, name) {
  const array = (await energia.readNpz(file))[name]
  if (array === undefined) throw new Error(`${file} holds no dictionary ${name}.`)
  const [height, width, count] = array.shape
  const data = new Float32Array(count * height * width)
  for (let p = 0; p < height * width; p++) {
    for (let i = 0; i < count; i++) data[i * height * width + p] = Number(array.data[p * count + i])
  }
  return { shape: [count, height, width], data }
}

/**
 * Learns kernels in a budget of passes.
 * @param {Tensor} images [n, h, w]
 * @param {{ kernels: number, size: number, lambda: number, boundary: 'circular' | 'same', threads: number, epochs: number, seed?: number }} options
 * @returns {Promise<{ seconds: number, kernels: Tensor }>} wall seconds of `fit`
 */
export async function learnKernels(images, { epochs, ...options }) {
  const learner = energia.convolutionalSparseCoding({ seed: 0, ...options })
  const start = performance.now()
  const model = await learner.fit(images, { epochs })
  const seconds = (performance.now() - start) / 1000
  const { kernels } = model
  model.dispose()
  return { seconds, kernels }
}

/**
 * An image without its noise.
 * @param {Tensor} image
 * @param {{ sigma: number, method: 'patches' | 'convolutional', dictionary: 'itself' | 'photographs', threads: number }} options
 * @returns {Promise<Tensor>}
 */
export async function denoised(image, options) {
  return (await energia.denoise(image, options)).image
}
