/**
 * A process of its own for one measurement: encodes a stream of photograph patches or learns from it, keeps nothing, and prints
 * seconds, objective and peak resident memory. Takes one JSON argument.
 */
import { patchSource } from './data.js'
import { readNpy } from './npy.js'
import { energies, mean } from './objective.js'
import { encoder, learn } from './ours.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {{ work: 'encode' | 'learn', atoms: string, lambda: number, observations: number, threads: number }} Request atoms: a .npy file */
/** @typedef {{ seconds: number, objective: number, active?: number, peakBytes: number }} Answer seconds: the work without cutting patches */

const batch = 8192
/** Patches whose objective is looked at. */
const judged = 2048

/** @param {Request} request @param {Tensor} atoms @returns {Promise<Omit<Answer, 'peakBytes'>>} */
async function encodeStream({ lambda, observations, threads }, atoms) {
  const next = await patchSource(3)
  const coder = await encoder(atoms, lambda, threads)
  const looked = next(judged)
  const codes = await coder.encode(looked)
  const objective = mean(energies(looked, atoms, codes, lambda))
  let seconds = 0
  let active = 0
  /** @type {Tensor | undefined} */
  let patches
  for (let done = 0; done < observations; done += batch) {
    patches = next(Math.min(batch, observations - done), patches?.data)
    const start = performance.now()
    const { values } = await coder.encode(patches)
    seconds += (performance.now() - start) / 1000
    active += values.length
  }
  coder.dispose()
  return { seconds, objective, active: active / observations }
}

/**
 * One pass. The patches are cut before the clock starts and handed out again and again, so that the source costs nothing.
 * @param {Request} request
 * @param {Tensor} atoms only their number counts
 * @returns {Promise<Omit<Answer, 'peakBytes'>>}
 */
async function learnStream({ lambda, observations, threads }, { shape }) {
  const next = await patchSource(3)
  const pool = next(4 * batch)
  const [, height, width] = pool.shape
  const source = {
    name: 'patches',
    shape: [height, width],
    count: observations,
    /** @param {import('energia').Pass} pass */
    async *batches({ batchSize, skip = 0 }) {
      for (let done = skip * batchSize; done < observations; done += batchSize) {
        const count = Math.min(batchSize, observations - done)
        const from = Math.min(done % pool.shape[0], pool.shape[0] - count) * height * width
        yield { shape: [count, height, width], data: pool.data.subarray(from, from + count * height * width) }
      }
    },
  }
  const { seconds, atoms } = await learn(source, { atoms: shape[0], lambda, threads, epochs: 1 })
  const looked = next(judged)
  const coder = await encoder(atoms, lambda, 1)
  const codes = await coder.encode(looked)
  coder.dispose()
  return { seconds, objective: mean(energies(looked, atoms, codes, lambda)) }
}

/** @type {Request} */
const request = JSON.parse(process.argv[2])
const { shape, data } = await readNpy(request.atoms)
const work = { encode: encodeStream, learn: learnStream }[request.work]
const answer = await work(request, { shape, data: Float32Array.from(data) })
process.stdout.write(`${JSON.stringify({ ...answer, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`)
