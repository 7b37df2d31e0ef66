import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { digits, photographs } from './ours.js'

/** @typedef {import('./objective.js').Tensor} Tensor */

/** A small generator of its own (xorshift32), so that a benchmark's data stays the same when the library's changes. @param {number} seed */
export function uniform(seed) {
  let state = (seed * 2654435761 + 1) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Numbers from the standard normal distribution, by Box and Muller. @param {number} seed */
export function normals(seed) {
  const random = uniform(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Every tenth embedded digit is held out. @returns {Promise<{ train: Tensor, test: Tensor }>} [9000, 28, 28] and [1000, 28, 28] */
export async function embeddedDigits() {
  const all = await digits()
  const count = all.shape[0]
  /** @param {(i: number) => boolean} chosen */
  const take = (chosen) => rowsOf(all, Array.from({ length: count }, (_, i) => i).filter(chosen))
  return { train: take((i) => i % 10 !== 9), test: take((i) => i % 10 === 9) }
}

/** MNIST from a folder with the four IDX files, compressed or not. @param {string} folder @returns {Promise<{ train: Tensor, test: Tensor }>} */
export async function mnist(folder) {
  return {
    train: await readImages(folder, 'train-images-idx3-ubyte'),
    test: await readImages(folder, 't10k-images-idx3-ubyte'),
  }
}

/** @param {string} folder @param {string} name */
async function readImages(folder, name) {
  const plain = readFile(join(folder, name))
  const bytes = await plain.catch(async () => gunzipSync(await readFile(join(folder, `${name}.gz`))))
  const [count, height, width] = [4, 8, 12].map((at) => bytes.readUInt32BE(at))
  const data = new Float32Array(count * height * width)
  for (let i = 0; i < data.length; i++) data[i] = bytes[16 + i] / 255
  return { shape: [count, height, width], data }
}

/**
 * A walk over random patches of the embedded photographs, each with its mean removed: as many as are asked for, and never
 * more than one batch of them in memory.
 * @param {number} seed
 * @param {number} [side]
 * @param {{ from: number, to: number }} [band] the part of each photograph to walk over, as fractions of its height
 * @returns {Promise<(count: number, into?: Float32Array) => Tensor>} the next `count` patches [count, side, side], in the memory of
 *   earlier ones where it fits, so that a stream leaves no garbage behind
 */
export async function patchSource(seed, side = 16, { from, to } = { from: 0, to: 1 }) {
  const images = (await photographs()).map((image) => rows(image, from, to))
  const random = uniform(seed)
  /** @param {number} limit */
  const below = (limit) => Math.floor(random() * limit)
  return (count, into) => {
    const size = side * side
    const data = into && into.length === count * size ? into : new Float32Array(count * size)
    for (let i = 0; i < count; i++) {
      const { shape, data: pixels } = images[below(images.length)]
      const top = below(shape[0] - side + 1)
      const left = below(shape[1] - side + 1)
      let sum = 0
      for (let p = 0; p < size; p++) {
        const value = pixels[(top + Math.floor(p / side)) * shape[1] + left + (p % side)]
        data[i * size + p] = value
        sum += value
      }
      const mean = sum / size
      for (let p = i * size; p < (i + 1) * size; p++) data[p] -= mean
    }
    return { shape: [count, side, side], data }
  }
}

/** @param {Tensor} image [height, width] @param {number} from @param {number} to @returns {Tensor} */
function rows({ shape: [height, width], data }, from, to) {
  const [first, last] = [Math.round(from * height), Math.round(to * height)]
  return { shape: [last - first, width], data: data.subarray(first * width, last * width) }
}

/** @param {Tensor} tensor @param {ArrayLike<number>} indices @returns {Tensor} */
export function rowsOf(tensor, indices) {
  const width = tensor.data.length / tensor.shape[0]
  const data = new Float32Array(indices.length * width)
  for (let i = 0; i < indices.length; i++)
    data.set(tensor.data.subarray(indices[i] * width, (indices[i] + 1) * width), i * width)
  return { shape: [indices.length, ...tensor.shape.slice(1)], data }
}

/** Different rows drawn with a seed, each scaled to unit length: where a dictionary starts. @param {Tensor} tensor @param {number} count @param {number} seed */
export function unitRows(tensor, count, seed) {
  const random = uniform(seed)
  const width = tensor.data.length / tensor.shape[0]
  const chosen = new Set()
  while (chosen.size < count) chosen.add(Math.floor(random() * tensor.shape[0]))
  const result = rowsOf(tensor, [...chosen])
  for (let i = 0; i < count; i++) {
    const row = result.data.subarray(i * width, (i + 1) * width)
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
    for (let p = 0; p < width; p++) row[p] /= norm || 1
  }
  return result
}
