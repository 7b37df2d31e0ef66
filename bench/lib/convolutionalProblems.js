import { atomsPath, cachedAtoms } from './cache.js'
import { convolutionalLambdaMax } from './convolutionalObjective.js'
import { normals, uniform } from './data.js'
import { photographs } from './ours.js'
import { aboveGaussian, aboveTikhonov, learnKernels, namedImage, storedKernels } from './oursConvolutional.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {import('./convolutionalObjective.js').ConvolutionalProblem} ConvolutionalProblem */
/** @typedef {Pick<import('../run.js').Job, 'images' | 'kernels' | 'peers' | 'threads' | 'say'>} Job */

/** The middle of an image. @param {Tensor} image @param {number} side @returns {Tensor} */
export function centre({ shape: [height, width], data }, side) {
  if (Math.min(height, width) < side) throw new Error(`No ${side}×${side} pixels are in ${height}×${width}.`)
  const [top, left] = [(height - side) >> 1, (width - side) >> 1]
  const cut = new Float32Array(side * side)
  for (let y = 0; y < side; y++)
    cut.set(data.subarray((top + y) * width + left, (top + y) * width + left + side), y * side)
  return { shape: [side, side], data: cut }
}

/** Means over squares. @param {Tensor} image @param {number} factor @returns {Tensor} */
export function shrunk({ shape: [height, width], data }, factor) {
  const shape = [Math.floor(height / factor), Math.floor(width / factor)]
  const small = new Float32Array(shape[0] * shape[1])
  for (let y = 0; y < shape[0] * factor; y++) {
    for (let x = 0; x < shape[1] * factor; x++) {
      small[Math.floor(y / factor) * shape[1] + Math.floor(x / factor)] += data[y * width + x] / factor ** 2
    }
  }
  return { shape, data: small }
}

/** Two grey images of 256×256 in [0, 1]: house and cameraman of a folder, else the middle of two embedded photographs. @param {Job} job */
export async function greyImages({ images }) {
  const names = images ? ['house', 'cameraman'] : ['photograph 1', 'photograph 2']
  const embedded = images ? [] : await photographs()
  return Promise.all(
    names.map(async (name, i) => ({
      name,
      image: images ? await namedImage(images, name) : centre(shrunk(embedded[i], 2), 256),
    })),
  )
}

/** Five photographs above their smooth part (Tikhonov, 5), as large as in SPORCO's example. @returns {Promise<Tensor>} [5, 128, 128] */
export async function fivePhotographs() {
  const side = 128
  const images = { shape: [5, side, side], data: new Float32Array(5 * side * side) }
  for (const [i, image] of (await photographs()).slice(0, 5).entries()) {
    const factor = Math.min(4, Math.floor(Math.min(image.shape[0], image.shape[1]) / side))
    images.data.set(aboveTikhonov(centre(shrunk(image, factor), side), 5).data, i * side * side)
  }
  return images
}

/**
 * SPORCO's dictionary G:8x8x64, from --kernels or from its package where the peers run; else as many kernels learned by us from the
 * embedded photographs, once.
 * @param {Job} job
 * @returns {Promise<{ name: string, kernels: Tensor }>} [64, 8, 8]
 */
export async function dictionary64({ kernels: file, peers, threads, say }) {
  const name = 'G:8x8x64'
  if (file) return { name, kernels: await storedKernels(file, name) }
  if (peers) {
    await peers.learn('sporco-dictionary', {}, { name })
    return { name, kernels: (await peers.advance('sporco-dictionary', 0)).learned.kernels }
  }
  return { name: '64 kernels learned from photographs', kernels: await photographKernels(64, { threads, say }) }
}

/** @param {number} count */
const nameOf = (count) => `photograph-kernels-${count}`

/** Where {@link photographKernels} are kept. @param {number} count */
export const kernelsPath = (count) => atomsPath(nameOf(count))

/**
 * Unit kernels [count, 8, 8] learned by us from the embedded photographs, once.
 * @param {number} count
 * @param {{ threads: readonly number[], say: (line: string) => void }} job
 */
export function photographKernels(count, { threads, say }) {
  const recipe = { data: 'photographs', kernels: count, size: 8, lambda: 0.1, epochs: 10, seed: 0 }
  return cachedAtoms(nameOf(count), recipe, async () => {
    say(`Learning ${count} kernels from photographs (once) …`)
    const options = { ...recipe, boundary: /** @type {const} */ ('same'), threads: Math.max(...threads) }
    const { data, ...settings } = options
    return (await learnKernels(await fivePhotographs(), settings)).kernels
  })
}

/**
 * A file with a square image of photographs above their Gaussian blur of σ = 5, made once.
 * @param {number} side
 * @param {(line: string) => void} say
 */
export async function largeImage(side, say) {
  const name = `photographs-mirrored-${side}`
  await cachedAtoms(name, { data: 'photographs', side, sigma: 5 }, async () => {
    say(`Laying out ${side}×${side} pixels of photographs (once) …`)
    return aboveGaussian(await mirroredPhotographs(side), 5)
  })
  return atomsPath(name)
}

/** A place beyond an axis, mirrored into it. @param {number} at @param {number} length */
function mirrored(at, length) {
  const turn = at % (2 * length)
  return turn < length ? turn : 2 * length - 1 - turn
}

/** The embedded photographs side by side, mirrored until they fill a square. @param {number} side @returns {Promise<Tensor>} */
async function mirroredPhotographs(side) {
  const images = await photographs()
  const data = new Float32Array(side * side)
  const tile = 512
  const tiles = Math.ceil(side / tile)
  for (let row = 0; row < tiles; row++) {
    for (let column = 0; column < tiles; column++) {
      const { shape, data: pixels } = images[(row * tiles + column) % images.length]
      for (let y = 0; y < Math.min(tile, side - row * tile); y++) {
        for (let x = 0; x < Math.min(tile, side - column * tile); x++) {
          // Every other tile is turned round, so that neighbours of one photograph differ.
          const fromY = mirrored((row & 1 ? tile - 1 - y : y) + 64, shape[0])
          const fromX = mirrored((column & 1 ? tile - 1 - x : x) + 64, shape[1])
          data[(row * tile + y) * side + column * tile + x] = pixels[fromY * shape[1] + fromX]
        }
      }
    }
  }
  return { shape: [side, side], data }
}

/**
 * An image above its Gaussian blur of σ = 5, at λ = 0.05.
 * @param {Tensor} image
 * @param {Tensor} kernels
 * @param {'valid' | 'circular'} boundary
 * @returns {ConvolutionalProblem}
 */
export function imageProblem(image, kernels, boundary) {
  return { observation: aboveGaussian(image, 5), kernels, spatial: 2, lambda: 0.05, boundary }
}

const samples = 20_000
const signal = { channels: 4, kernels: 16, length: 64, events: 400, noise: 0.05 }

/**
 * A signal of four channels made of 16 kernels of 64 samples at 400 random times with noise, at a tenth of λmax; codes are nowhere
 * negative, as alphacsc's.
 * @returns {ConvolutionalProblem}
 */
export function signalProblem() {
  const { channels, length, noise } = signal
  const random = uniform(11)
  const normal = normals(12)
  const kernels = {
    shape: [signal.kernels, length, channels],
    data: new Float32Array(signal.kernels * length * channels),
  }
  for (let i = 0; i < signal.kernels; i++) {
    const kernel = kernels.data.subarray(i * length * channels, (i + 1) * length * channels)
    const [frequency, phase] = [1 + 7 * random(), 2 * Math.PI * random()]
    const topography = Array.from({ length: channels }, normal)
    for (let t = 0; t < length; t++) {
      const wave = Math.sin(Math.PI * (t / length)) ** 2 * Math.cos(2 * Math.PI * frequency * (t / length) + phase)
      for (let c = 0; c < channels; c++) kernel[t * channels + c] = wave * topography[c]
    }
    const norm = Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0))
    for (let p = 0; p < kernel.length; p++) kernel[p] /= norm
  }
  const observation = {
    shape: [samples, channels],
    data: Float32Array.from({ length: samples * channels }, () => noise * normal()),
  }
  for (let event = 0; event < signal.events; event++) {
    const kernel = Math.floor(random() * signal.kernels) * length * channels
    const start = Math.floor(random() * (samples - length + 1)) * channels
    const strength = 0.5 + random()
    for (let p = 0; p < length * channels; p++) observation.data[start + p] += strength * kernels.data[kernel + p]
  }
  /** @type {ConvolutionalProblem} */
  const problem = { observation, kernels, spatial: 1, lambda: 1, boundary: 'valid', nonNegative: true }
  return { ...problem, lambda: Number((0.1 * convolutionalLambdaMax(problem)).toPrecision(3)) }
}
