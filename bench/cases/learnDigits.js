import { embeddedDigits, mnist, unitRows } from '../lib/data.js'
import { energies, mean, relativeGap } from '../lib/objective.js'
import { encoder, learn } from '../lib/ours.js'
import { timing } from '../lib/statistics.js'
import { smallestBudget, walkToTarget } from '../lib/timeToTarget.js'

/** @typedef {import('../lib/objective.js').Tensor} Tensor */
/** @typedef {import('../lib/timeToTarget.js').Search} Search */

const atomCount = 256
const lambda = 1
/** The peers' batches; ours are the library's default. */
const batch = 512

/**
 * The objectives to reach. MNIST's stands in the issue; SPAMS gets there with some 145 batches. The embedded digits' is where
 * SPAMS stands after 100 to 145 (16.49 and 16.52 from two starts).
 */
const targets = { mnist: 16.54, embedded: 16.5 }

const contenders = [
  { name: 'trainDL', package: 'SPAMS', learner: 'spams-train-dl', find: smallestBudget, cap: 20 },
  {
    name: 'MiniBatchDictionaryLearning',
    package: 'scikit-learn',
    learner: 'sklearn-mini-batch',
    find: walkToTarget,
    cap: 60,
  },
]

/** Seconds until 256 atoms reach a mean energy on held-out digits, λ = 1, pixels in [0, 1]; each repeat starts elsewhere. @type {import('../run.js').Benchmark} */
export async function learnDigits({ folder, threads, peers, repeats, say }) {
  const { train, test } = folder ? await mnist(folder) : await embeddedDigits()
  const target = folder ? targets.mnist : targets.embedded
  const threadCount = Math.max(...threads)
  const judge = heldOutJudge(test, threadCount)
  await peers?.load('train', train)

  /** @type {Search[]} */
  const ours = []
  /** @type {Search[][]} */
  const theirs = contenders.map(() => [])
  for (let seed = 0; seed < repeats; seed++) {
    say(`start ${seed + 1} of ${repeats}: energia`)
    const run = async (/** @type {number} */ steps) => {
      const options = { atoms: atomCount, lambda, threads: threadCount, seed, batches: steps }
      const { atoms, seconds } = await learn(train, options)
      return { steps, seconds, objective: await judge.objective(atoms) }
    }
    ours.push(await smallestBudget(run, { target, first: 8, cap: 20 }))
    if (!peers) continue
    await peers.load('initial', unitRows(train, atomCount, seed + 1))
    for (const [i, { package: system, name, learner, find, cap }] of contenders.entries()) {
      say(`start ${seed + 1} of ${repeats}: ${system} ${name}`)
      const data = { observations: 'train', initial: 'initial' }
      await peers.learn(learner, data, { penalty: lambda, batch, threads: threadCount, seed })
      const advance = async (/** @type {number} */ steps) => {
        const { seconds, learned } = await peers.advance(learner, steps)
        return { steps, seconds, objective: await judge.objective(learned.atoms) }
      }
      theirs[i].push(await find(advance, { target, first: 32, cap }))
    }
  }

  const our = summary(ours, threadCount)
  return {
    data: folder
      ? 'MNIST: 60,000 digits to learn from, 10,000 held out'
      : 'embedded digits: 9,000 to learn from, 1,000 held out',
    target,
    objectiveGap: judge.gap(),
    cases: [
      {
        case: `held-out objective ${target}`,
        ours: our,
        peers: !peers
          ? []
          : contenders.map(({ package: system, name, cap }, i) => {
              const row = {
                name: `${system} ${name}`,
                version: peers.hello.versions[system],
                ...summary(theirs[i], threadCount),
              }
              if (row.repeats === repeats) return { ...row, ratio: row.seconds / our.seconds }
              return {
                ...row,
                ratio: null,
                flag: `${repeats - row.repeats} of ${repeats} starts missed the target in ${cap} s`,
              }
            }),
      },
    ],
  }
}

/**
 * Judges a dictionary by its held-out objective: codes within 1e-7 of the optimum, energies in double precision. The energy at
 * any code bounds the optimum from above; `gap` certifies by how little, for the last dictionary seen.
 * @param {Tensor} test
 * @param {number} threads
 */
function heldOutJudge(test, threads) {
  /** @type {() => number} */
  let gap = () => Number.NaN
  return {
    /** @param {Tensor} learned the peers' come flat */
    async objective(learned) {
      const atoms = { shape: [learned.shape[0], ...test.shape.slice(1)], data: learned.data }
      const coder = await encoder(atoms, lambda, threads)
      const codes = await coder.encode(test, 1e-7)
      coder.dispose()
      gap = () => relativeGap(test, atoms, codes, lambda)
      return mean(energies(test, atoms, codes, lambda))
    },
    gap: () => gap(),
  }
}

/** The starts that arrived: their seconds, and the way of every start. @param {readonly Search[]} searches @param {number} threads */
function summary(searches, threads) {
  const reached = searches.flatMap((search) => search.reached ?? [])
  return {
    ...timing(reached.map((point) => point.seconds)),
    objective: Math.max(...reached.map((point) => point.objective)),
    threads,
    steps: reached.map((point) => point.steps),
    curves: searches.map((search) => search.points),
  }
}
