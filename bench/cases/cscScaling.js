import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kernelsPath, largeImage, photographKernels } from '../lib/convolutionalProblems.js'
import { timing } from '../lib/statistics.js'

/** @typedef {import('../lib/imageChild.js').Request} Request */
/** @typedef {import('../lib/imageChild.js').Answer} Answer */

const run = promisify(execFile)
const child = fileURLToPath(new URL('../lib/imageChild.js', import.meta.url))
const [lambda, tolerance] = [0.05, 1e-3]

/** Kernels, and the sides of the images: 0.25, 1, 4 and 16 megapixels. */
const plan = /** @type {const} */ ([
  { count: 64, side: 512 },
  { count: 64, side: 1024 },
  { count: 64, side: 2048 },
  { count: 64, side: 4096 },
  { count: 16, side: 1024 },
  { count: 16, side: 4096 },
])

/** Runs of an image; large ones take long enough to repeat themselves less. @param {number} side @param {number} repeats */
const repeatsOf = (side, repeats) => (side <= 1024 ? repeats : side <= 2048 ? 3 : 1)

/**
 * How coding one image grows with its pixels: 0.25 to 16 megapixels of photographs, 16 and 64 kernels of 8×8, one thread against all of
 * them in alternation. Every run is a process of its own; `peak` is what its resident memory grew by while it coded, less
 * the code itself. @type {import('../run.js').Benchmark}
 */
export async function cscScaling({ threads, repeats, say }) {
  const cases = []
  for (const { count, side } of plan) {
    const pixels = side * side
    const title = `${(pixels / 2 ** 20).toLocaleString('en')} megapixels, ${count} kernels`
    await photographKernels(64, { threads, say })
    const image = await largeImage(side, say)
    const answers = threads.map(() => /** @type {Answer[]} */ ([]))
    for (let repeat = 0; repeat < repeatsOf(side, repeats); repeat++) {
      say(`${title}: repeat ${repeat + 1}`)
      for (const [i, threadCount] of threads.entries()) {
        const request = { image, kernels: kernelsPath(64), count, lambda, tolerance, threads: threadCount }
        answers[i].push(await measure(request))
      }
    }
    const alone = timing(answers[0].map((answer) => answer.seconds)).seconds
    for (const [i, threadCount] of threads.entries()) {
      const spread = timing(answers[i].map((answer) => answer.seconds))
      const [{ objective, active, codeBytes, status }] = answers[i]
      const beyond = Math.max(...answers[i].map((answer) => answer.extraBytes)) - codeBytes
      const ours = {
        ...spread,
        secondsEach: spread.seconds / pixels,
        objective,
        threads: threadCount,
        speedup: alone / spread.seconds,
        peakMiB: beyond / 2 ** 20,
        bytesEach: beyond / pixels,
        status,
        note: `${Math.round(beyond / pixels)} B a pixel${status === 'converged' ? '' : `, ${status}`}`,
      }
      cases.push({ case: title, pixels, kernels: count, lambda, active: active / pixels, ours, peers: [] })
    }
  }
  return { data: `embedded photographs, mirrored to size, above a Gaussian of σ = 5; gap ${tolerance}`, cases }
}

/** @param {Request} request @returns {Promise<Answer>} */
async function measure(request) {
  const { stdout } = await run(process.execPath, ['--expose-gc', child, JSON.stringify(request)])
  return JSON.parse(stdout)
}
