import { denseCodes, squaredDistance } from '../lib/codes.js'
import { listaCodes } from '../lib/lista.js'
import { listaProblem, optimalCodes } from '../lib/listaProblem.js'
import { listaTraining } from '../lib/ours.js'
import { rest, timing } from '../lib/statistics.js'

const sizes = [100, 400]
const turn = 1000
const settings = { steps: 3, batch: 256, rate: 1e-3 }
/** Errors after the same steps count as equal up to this relative difference. */
const equalError = 0.05

const contenders = [
  { name: 'eager', learner: 'lista' },
  { name: 'compiled', learner: 'lista-compiled' },
]

/**
 * @typedef {import('../lib/lista.js').ListaParameters} ListaParameters
 * @typedef {object} Racer
 * @property {string} name
 * @property {string} version
 * @property {(steps: number) => Promise<{ seconds: number, learned: ListaParameters }>} advance towards a number of steps; the
 *   seconds count from the start
 * @property {number[]} seconds of each turn
 * @property {number} error after the first turn
 */

/**
 * Seconds for 1,000 training steps of LISTA with K = 3 on optimal codes of 10×10 patches, batch 256, Adam 1e-3, the same batches in
 * the same order for all. Ours and the peers take turns of 1,000 steps and go on from where they were. The objective is the mean
 * squared error of held-out codes after the first turn, relative to that of z = 0. @type {import('../run.js').Benchmark}
 */
export async function listaTrain({ threads, peers, repeats, say }) {
  const cases = []
  for (const atomCount of sizes) {
    const problem = await listaProblem(atomCount, { count: 51_200, tests: 1000, threads, say })
    const targets = denseCodes(await optimalCodes(problem.train, problem.atoms, Math.max(...threads)))
    await peers?.load('observations', problem.train)
    await peers?.load('targets', targets)
    await peers?.load('atoms', problem.atoms)
    for (const threadCount of threads) {
      const title = `${atomCount} units, ${threadCount} ${threadCount === 1 ? 'thread' : 'threads'}`
      const training = await listaTraining(problem, targets, { ...settings, threads: threadCount })
      const ours = racer('energia', '', training.advance)
      const theirs = peers ? await startAll(peers, problem.lambda, threadCount, say) : []
      for (let repeat = 1; repeat <= repeats; repeat++) {
        say(`${title}: turn ${repeat} of ${repeats}`)
        for (const each of [ours, ...theirs]) await take(each, repeat, problem)
      }
      training.dispose()
      const our = summary(ours, threadCount)
      cases.push({
        case: title,
        gap: problem.gap,
        ours: our,
        peers: theirs.map((each) => {
          const row = { name: each.name, version: each.version, ...summary(each, threadCount) }
          const difference = row.objective / our.objective - 1
          const equal = Math.abs(difference) <= equalError
          return {
            ...row,
            difference,
            ratio: equal ? row.seconds / our.seconds : null,
            ...(equal ? {} : { flag: `error differs by ${(difference * 100).toFixed(0)} %` }),
          }
        }),
      })
    }
  }
  return { data: 'embedded photographs, mean removed', settings, cases }
}

/** @param {string} name @param {string} version @param {Racer['advance']} advance @returns {Racer} */
const racer = (name, version, advance) => ({ name, version, advance, seconds: [], error: Number.NaN })

/** 1,000 more steps. @param {Racer} each @param {number} repeat from 1 @param {import('../lib/listaProblem.js').ListaProblem} problem */
async function take(each, repeat, { test, testCodes }) {
  await rest(20)
  const { seconds, learned } = await each.advance(repeat * turn)
  each.seconds.push(seconds - each.seconds.reduce((sum, one) => sum + one, 0))
  if (repeat > 1) return
  const zero = { ...testCodes, data: new Float32Array(testCodes.data.length) }
  const codes = listaCodes(test, learned, settings.steps)
  each.error = squaredDistance(codes, testCodes) / squaredDistance(zero, testCodes)
}

/** @param {Racer} each @param {number} threads */
const summary = ({ seconds, error }, threads) => ({ ...timing(seconds), objective: error, threads })

/**
 * The peers that start here; PyTorch's compiler needs a C++ compiler, and is left out with a word where there is none.
 * @param {import('../lib/peers.js').Peers} peers
 * @param {number} penalty
 * @param {number} threads
 * @param {(line: string) => void} say
 */
async function startAll(peers, penalty, threads, say) {
  const started = []
  for (const { name, learner } of contenders) {
    try {
      const data = { observations: 'observations', targets: 'targets', atoms: 'atoms' }
      await peers.learn(learner, data, { ...settings, penalty, threads })
    } catch (error) {
      say(`PyTorch, ${name}, is left out: ${error instanceof Error ? error.message : error}`)
      continue
    }
    started.push(
      racer(`PyTorch, ${name}`, peers.hello.versions.PyTorch, async (steps) => {
        const { seconds, learned } = await peers.advance(learner, steps)
        return { seconds, learned: /** @type {ListaParameters & typeof learned} */ (learned) }
      }),
    )
  }
  return started
}
