import { convolutionalEnergy, convolutionalGap, sparseMaps } from './convolutionalObjective.js'
import { convolutionalCoder } from './oursConvolutional.js'
import { rest, timing } from './statistics.js'

/**
 * @typedef {import('./convolutionalObjective.js').ConvolutionalProblem} ConvolutionalProblem
 * @typedef {import('./convolutionalObjective.js').Maps} Maps
 * @typedef {import('./peers.js').Peers} Peers
 *
 * @typedef {object} Solver one way in which a peer codes
 * @property {string} name
 * @property {'SPORCO' | 'alphacsc' | 'DiCoDiLe'} package
 * @property {string} solver its name among the family's LEARNERS
 * @property {readonly number[]} settings what `advance` is told, from fast to accurate: the first that reaches the target is used
 * @property {(setting: number) => string} note what a setting means
 * @property {Record<string, number | boolean>} options
 * @property {boolean} parallel whether it gains from more than one thread
 * @property {number} cap seconds of one run after which the search ends
 * @property {number} repeats
 *
 * @typedef {{ setting: number, seconds: number, energy: number, note: string }} Run
 */

/** How far above the optimum a code may lie. */
export const nearness = 1e-3

const tolerances = [0.5, 0.3, 0.2, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 7e-3, 5e-3, 3e-3, 2e-3, 1e-3]

/**
 * Seconds until a code lies within 10⁻³ of the optimum, ours and the peers' in alternation, from the kernels and the observation to the
 * code. The optimum is our code at a gap of 10⁻⁶, certified by the judge; every side gets the loosest setting that arrives.
 * @param {ConvolutionalProblem} problem
 * @param {{ title: string, threads: readonly number[], solvers: readonly Solver[], peers: Peers | undefined, repeats: number, say: (line: string) => void }} job
 * @returns {Promise<import('./results.js').Case[]>} a case for each number of threads
 */
export async function compareConvolutional(problem, { title, threads, solvers, peers, repeats, say }) {
  const optimum = await optimumOf(problem, Math.max(...threads))
  if (!(optimum.gap < nearness / 10))
    throw new Error(
      `${title}: the optimum is known to ${optimum.gap.toExponential(1)} only, too little to measure ${nearness}.`,
    )
  const target = optimum.energy * (1 + nearness)
  say(`${title}: the optimum is ${optimum.energy.toFixed(4)}, certified to ${optimum.gap.toExponential(1)}`)
  await peers?.load('observation', problem.observation, { whole: true })
  await peers?.load('kernels', problem.kernels, { whole: true })
  const cases = []
  for (const threadCount of threads) {
    const ours = await tuneOurs(problem, threadCount, target)
    const asked = solvers.filter((one) => one.parallel || threadCount === 1)
    const rows = []
    for (const solver of peers ? asked : []) {
      say(`${title}: ${solver.package} ${solver.name}, ${threadCount === 1 ? '1 thread' : `${threadCount} threads`}`)
      rows.push({ solver, ...(await tunePeer(/** @type {Peers} */ (peers), solver, problem, threadCount, target)) })
    }
    const seconds = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`${title}: repeat ${repeat + 1} of ${repeats}`)
      seconds.push((await codeOurs(problem, threadCount, ours.setting)).seconds)
      for (const row of rows) {
        if (repeat + 1 >= row.solver.repeats || row.reached === undefined) continue
        await start(/** @type {Peers} */ (peers), row.solver, problem, threadCount)
        row.seconds.push((await /** @type {Peers} */ (peers).advance(row.solver.solver, row.reached.setting)).seconds)
        seconds.push((await codeOurs(problem, threadCount, ours.setting)).seconds)
      }
    }
    const our = timing(seconds)
    cases.push({
      case: threadCount === 1 ? `${title}, 1 thread` : `${title}, ${threadCount} threads`,
      lambda: problem.lambda,
      optimum: optimum.energy,
      optimumGap: optimum.gap,
      target,
      active: optimum.active,
      ours: {
        ...our,
        objective: ours.energy,
        threads: threadCount,
        setting: ours.setting,
        note: ours.note,
        searched: ours.points,
      },
      peers: rows.map((row) => peerRow(row, our.seconds, threadCount, /** @type {Peers} */ (peers))),
    })
  }
  return cases
}

/** @param {ConvolutionalProblem} problem @param {number} threads @param {number} tolerance */
async function codeOurs(problem, threads, tolerance) {
  await rest(20)
  const start = performance.now()
  const coder = await convolutionalCoder(problem, threads)
  const maps = await coder.encode(problem, tolerance)
  const seconds = (performance.now() - start) / 1000
  coder.dispose()
  return { maps, seconds }
}

/** @param {ConvolutionalProblem} problem @param {number} threads */
async function optimumOf(problem, threads) {
  const { maps } = await codeOurs(problem, threads, 1e-6)
  return {
    energy: convolutionalEnergy(problem, maps),
    gap: convolutionalGap(problem, maps),
    active: maps.values.length,
  }
}

/** The loosest of our tolerances that arrives. @param {ConvolutionalProblem} problem @param {number} threads @param {number} target */
async function tuneOurs(problem, threads, target) {
  await codeOurs(problem, threads, 0.5)
  /** @type {Run[]} */
  const points = []
  for (const setting of tolerances) {
    const { maps, seconds } = await codeOurs(problem, threads, setting)
    points.push({ setting, seconds, energy: convolutionalEnergy(problem, maps), note: `tolerance ${setting}` })
    if (points[points.length - 1].energy <= target) break
  }
  return { ...points[points.length - 1], points }
}

/** @param {Peers} peers @param {Solver} solver @param {ConvolutionalProblem} problem @param {number} threads */
async function start(peers, { solver, options, parallel }, { lambda }, threads) {
  await peers.learn(
    solver,
    { observation: 'observation', kernels: 'kernels' },
    { penalty: lambda, ...(parallel ? { threads } : {}), ...options },
  )
}

/**
 * @param {Peers} peers
 * @param {Solver} solver
 * @param {ConvolutionalProblem} problem
 * @param {number} threads
 * @param {number} target
 * @returns {Promise<{ reached: Run | undefined, points: Run[], seconds: number[] }>} seconds: the first timing, of the run that arrived
 */
async function tunePeer(peers, solver, problem, threads, target) {
  await start(peers, solver, problem, threads)
  /** @type {Run[]} */
  const points = []
  for (const setting of solver.settings) {
    const { seconds, learned } = await peers.advance(solver.solver, setting)
    const energy = convolutionalEnergy(problem, sparseMaps(learned.codes))
    points.push({ setting, seconds, energy, note: solver.note(setting) })
    if (energy <= target) return { reached: points[points.length - 1], points, seconds: [seconds] }
    if (seconds > solver.cap) break
  }
  return { reached: undefined, points, seconds: [] }
}

/**
 * @param {{ solver: Solver, reached: Run | undefined, points: Run[], seconds: number[] }} row
 * @param {number} ours seconds
 * @param {number} threads
 * @param {Peers} peers
 */
function peerRow({ solver, reached, points, seconds }, ours, threads, peers) {
  const last = points[points.length - 1]
  const spread = timing(reached ? seconds : [last.seconds])
  return {
    name: `${solver.package} ${solver.name}`,
    version: peers.hello.versions[solver.package],
    ...spread,
    objective: last.energy,
    threads,
    ratio: reached ? spread.seconds / ours : null,
    ...(reached ? {} : { flag: 'not there yet' }),
    note: last.note,
    curve: points,
  }
}
