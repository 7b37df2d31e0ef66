import { energies, mean, relativeGap } from './objective.js'
import { encoder } from './ours.js'
import { equalObjective } from './results.js'
import { rest, timing } from './statistics.js'

/**
 * @typedef {import('./objective.js').Tensor} Tensor
 * @typedef {object} Contender one way in which a peer codes
 * @property {string} name
 * @property {'SPAMS' | 'scikit-learn' | 'PyTorch'} package
 * @property {string} solver its name among its family's ENCODERS in bench/peers
 * @property {boolean} [parallel] whether it gains from more than one thread
 * @property {readonly number[]} [settings] its knob, from fast to accurate: the first that reaches an equal objective is used
 * @property {number} [count] how many observations it gets, where all would take minutes
 * @property {number} [repeats]
 *
 * @typedef {object} OurEncoder which of ours is measured
 * @property {(atoms: Tensor, lambda: number, threads: number) => ReturnType<typeof encoder>} make
 * @property {boolean} compiles whether making it compiles something, which is outside the clock as it is for the peers; else
 *   making it is inside, as the peers form their Gram matrix in every call
 */

/**
 * Times ours and the peers on the same observations, dictionary and λ, in alternation, and judges every code by one objective
 * and one duality gap.
 * @param {{ observations: Tensor, atoms: Tensor, lambda: number, threads: readonly number[], contenders: readonly Contender[],
 *   peers: import('./peers.js').Peers | undefined, repeats: number, say: (line: string) => void, ours?: OurEncoder }} job
 * @returns {Promise<import('./results.js').Case[]>} a case for each number of threads
 */
export async function compareEncoders({
  observations,
  atoms,
  lambda,
  threads,
  contenders,
  peers,
  repeats,
  say,
  ours: ourEncoder = { make: encoder, compiles: false },
}) {
  await peers?.load('observations', observations)
  await peers?.load('atoms', atoms)
  const cases = []
  for (const threadCount of threads) {
    const kept = await ourEncoder.make(atoms, lambda, threadCount)
    const codes = await kept.encode(observations)
    const ourEnergies = energies(observations, atoms, codes, lambda)
    const time = () =>
      timed(async () => {
        const coder = ourEncoder.compiles ? kept : await ourEncoder.make(atoms, lambda, threadCount)
        await coder.encode(observations)
        if (coder !== kept) coder.dispose()
      })
    const ours = { threads: threadCount, seconds: /** @type {number[]} */ ([]) }
    const theirs = peers
      ? await tuneAll(
          contenders.filter((one) => one.parallel || threadCount === 1),
          { observations, atoms, lambda, threadCount, peers, ourEnergies },
        )
      : []
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`${threadCount} ${threadCount === 1 ? 'thread' : 'threads'}: repeat ${repeat + 1} of ${repeats}`)
      ours.seconds.push(await time())
      for (const row of theirs) {
        if (repeat >= (row.contender.repeats ?? repeats)) continue
        row.seconds.push(await /** @type {import('./peers.js').Peers} */ (peers).encode(row.request))
        ours.seconds.push(await time())
      }
    }
    kept.dispose()
    const count = observations.shape[0]
    const our = timing(ours.seconds)
    const oursEach = our.seconds / count
    cases.push({
      case: threadCount === 1 ? '1 thread' : `${threadCount} threads`,
      observations: count,
      atoms: atoms.shape[0],
      lambda,
      active: codes.values.length / count,
      ours: {
        ...our,
        secondsEach: oursEach,
        objective: mean(ourEnergies),
        gap: relativeGap(observations, atoms, codes, lambda),
        threads: threadCount,
      },
      peers: theirs.map((row) => peerRow(row, ourEnergies, oursEach, count)),
    })
  }
  return cases
}

/** The seconds of some work, after a rest. @param {() => Promise<void>} work */
async function timed(work) {
  await rest(20)
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/**
 * Runs every contender once, which warms it, and again with better settings until its objective equals the best known.
 * @param {readonly Contender[]} contenders
 * @param {{ observations: Tensor, atoms: Tensor, lambda: number, threadCount: number, peers: import('./peers.js').Peers, ourEnergies: Float64Array }} job
 */
async function tuneAll(contenders, { observations, atoms, lambda, threadCount, peers, ourEnergies }) {
  const rows = []
  for (const contender of contenders) {
    const count = contender.count ?? observations.shape[0]
    const request = {
      solver: contender.solver,
      observations: 'observations',
      atoms: 'atoms',
      penalty: lambda,
      threads: threadCount,
      count,
    }
    const settings = contender.settings ?? [undefined]
    let row
    for (const setting of settings) {
      const set = setting === undefined ? request : { ...request, setting }
      await peers.encode(set)
      const codes = await peers.codes()
      const objective = mean(energies(observations, atoms, codes, lambda))
      row = {
        contender,
        request: set,
        objective,
        gap: relativeGap(observations, atoms, codes, lambda),
        version: peers.hello.versions[contender.package],
        seconds: /** @type {number[]} */ ([]),
      }
      if (objective <= mean(ourEnergies, count) * (1 + equalObjective)) break
    }
    if (row) rows.push(row)
  }
  return rows
}

/**
 * @param {Awaited<ReturnType<typeof tuneAll>>[number]} row
 * @param {Float64Array} ourEnergies
 * @param {number} oursEach
 * @param {number} count
 */
function peerRow({ contender, request, objective, gap, version, seconds }, ourEnergies, oursEach, count) {
  const own = contender.count ?? count
  const difference = objective / mean(ourEnergies, own) - 1
  const spread = timing(seconds)
  const equal = Math.abs(difference) <= equalObjective
  return {
    name: `${contender.package} ${contender.name}`,
    version,
    ...spread,
    secondsEach: spread.seconds / own,
    observations: own,
    objective,
    gap,
    difference,
    ...('setting' in request ? { setting: request.setting } : {}),
    threads: request.threads,
    ratio: equal ? spread.seconds / own / oursEach : null,
    ...(equal ? {} : { flag: `objective differs by ${difference.toExponential(1)}` }),
  }
}
