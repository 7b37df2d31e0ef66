import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atomsPath } from '../lib/cache.js'
import { photographAtoms } from '../lib/photographAtoms.js'
import { timing } from '../lib/statistics.js'

/** @typedef {import('../lib/streamChild.js').Request} Request */
/** @typedef {import('../lib/streamChild.js').Answer} Answer */

const run = promisify(execFile)
const child = fileURLToPath(new URL('../lib/streamChild.js', import.meta.url))
const lambda = 0.1

/** Work, observations, atoms: one of them varies at a time. */
const plan = /** @type {const} */ ([
  { work: 'encode', observations: 100_000, atoms: 256 },
  { work: 'encode', observations: 10_000, atoms: 256 },
  { work: 'encode', observations: 1_000_000, atoms: 256 },
  { work: 'encode', observations: 10_000, atoms: 1024 },
  { work: 'encode', observations: 10_000, atoms: 4096 },
  { work: 'learn', observations: 100_000, atoms: 256 },
  { work: 'learn', observations: 1_000_000, atoms: 256 },
])

/**
 * How encoding and learning from streams of photograph patches grow: one thread against all of them in alternation, 10⁴ to 10⁶
 * patches, 256 to 4,096 atoms. Every run is a process of its own, whose peak memory is read at its end. @type {import('../run.js').Benchmark}
 */
export async function scaling({ threads, repeats, say }) {
  const cases = []
  for (const { work, observations, atoms } of plan) {
    const title = `${work} ${observations.toLocaleString('en')} patches, ${atoms} atoms`
    await photographAtoms(atoms, { threads, say })
    const answers = threads.map(() => /** @type {Answer[]} */ ([]))
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`${title}: repeat ${repeat + 1}`)
      for (const [i, count] of threads.entries()) {
        answers[i].push(
          await measure({ work, atoms: atomsPath(`photographs-${atoms}`), lambda, observations, threads: count }),
        )
      }
    }
    const alone = timing(answers[0].map((answer) => answer.seconds)).seconds
    for (const [i, count] of threads.entries()) {
      const spread = timing(answers[i].map((answer) => answer.seconds))
      const [{ objective, active }] = answers[i]
      const peakMiB = Math.max(...answers[i].map((answer) => answer.peakBytes)) / 2 ** 20
      const ours = {
        ...spread,
        secondsEach: spread.seconds / observations,
        objective,
        threads: count,
        speedup: alone / spread.seconds,
        peakMiB,
      }
      cases.push({ case: title, observations, atoms, lambda, active, ours, peers: [] })
    }
  }
  return { data: 'embedded photographs, mean removed, streamed', cases }
}

/** @param {Request} request @returns {Promise<Answer>} */
async function measure(request) {
  const { stdout } = await run(process.execPath, [child, JSON.stringify(request)])
  return JSON.parse(stdout)
}
