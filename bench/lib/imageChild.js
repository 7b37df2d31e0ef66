/**
 * A process of its own for one measurement: codes one large image, and prints seconds, objective and memory. Takes one JSON argument.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { convolutionalEnergy } from './convolutionalObjective.js'
import { readNpy } from './npy.js'
import { convolutionalCoder } from './oursConvolutional.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/**
 * @typedef {{ image: string, kernels: string, count: number, lambda: number, tolerance: number, threads: number }} Request
 * image and kernels: .npy files, of whose kernels the first `count` are used
 */
/**
 * @typedef {object} Answer
 * @property {number} seconds of making the encoder and coding
 * @property {number} objective a pixel
 * @property {number} active coefficients
 * @property {string} status
 * @property {number} codeBytes of the code that is returned
 * @property {number} extraBytes the peak of resident memory over what there was before coding
 */

/** Lets the peak of resident memory begin anew; where the system cannot (it is Linux that can), it stays that of the whole process. */
function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

/** Bytes of the peak of resident memory. */
function peakBytes() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

/** @param {string} file @returns {Promise<Tensor>} */
async function readTensor(file) {
  const { shape, data } = await readNpy(file)
  return { shape, data: /** @type {Float32Array} */ (data) }
}

/** @type {Request} */
const { image, kernels: file, count, lambda, tolerance, threads } = JSON.parse(process.argv[2])
const { shape, data } = await readTensor(file)
const kernels = { shape: [count, ...shape.slice(1)], data: data.slice(0, (data.length / shape[0]) * count) }
const observation = await readTensor(image)
/** @type {import('./convolutionalObjective.js').ConvolutionalProblem} */
const problem = { observation, kernels, spatial: 2, lambda, boundary: 'valid' }
// What reading left behind goes first; the peak is to be the coding's own.
globalThis.gc?.()
forgetPeak()
const before = process.memoryUsage().rss
const start = performance.now()
const coder = await convolutionalCoder(problem, threads)
const { indices, values, status } = await coder.encode(problem, tolerance)
const seconds = (performance.now() - start) / 1000
const peak = peakBytes()
coder.dispose()
/** @type {Answer} */
const answer = {
  seconds,
  objective: convolutionalEnergy(problem, { indices, values }) / observation.data.length,
  active: values.length,
  status,
  codeBytes: 8 * values.length,
  extraBytes: peak - before,
}
process.stdout.write(`${JSON.stringify(answer)}\n`)
