import { energies, mean } from './objective.js'
import { encoder } from './ours.js'
import { equalObjective } from './results.js'
import { rest, timing } from './statistics.js'

/**
 * @typedef {import('./objective.js').Tensor} Tensor
 * @typedef {object} Contender one way in which a peer codes
 * @property {string} name
 * @property {'SPAMS' | 'scikit-learn'} package
 * @property {string} solver its name in bench/peers/sparse/encoders.py
 * @property {boolean} [parallel] whether it gains from more than one thread
 * @property {readonly number[]} [settings] its knob, from fast to accurate: the first that reaches an equal objective is used
 * @property {number} [count] how many observations it gets, where all would take minutes
 * @property {number} [repeats]
 */

/**
 * Times ours and the peers on the same observations, dictionary and λ, in alternation, and judges every code by one objective.
 * @param {{ observations: Tensor, atoms: Tensor, lambda: number, threads: readonly number[], contenders: readonly Contender[],
 *   peers: import('./peers.js').Peers | undefined, repeats: number, say: (line: string) => void }} job
 * @returns {Promise<import('./results.js').Case[]>} a case for each number of threads
 */
export async function compareEncoders({ observations, atoms, lambda, threads, contenders, peers, repeats, say }) {
  await peers?.load('observations', observations)
  await peers?.load('atoms', atoms)
  const cases = []
  for (const threadCount of threads) {
    const coder = await encoder(atoms, lambda, threadCount)
    const codes = await coder.encode(observations)
    coder.dispose()
    const ourEnergies = energies(observations, atoms, codes, lambda)
    const ours = { threads: threadCount, seconds: /** @type {number[]} */ ([]) }
    const theirs = peers
      ? await tuneAll(
          contenders.filter((one) => one.parallel || threadCount === 1),
          { observations, atoms, lambda, threadCount, peers, ourEnergies },
        )
      : []
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`${threadCount} ${threadCount === 1 ? 'thread' : 'threads'}: repeat ${repeat + 1} of ${repeats}`)
      ours.seconds.push(await timeOurs(observations, atoms, lambda, threadCount))
      for (const row of theirs) {
        if (repeat >= (row.contender.repeats ?? repeats)) continue
        row.seconds.push(await /** @type {import('./peers.js').Peers} */ (peers).encode(row.request))
        ours.seconds.push(await timeOurs(observations, atoms, lambda, threadCount))
      }
    }
    const count = observations.shape[0]
    const our = timing(ours.seconds)
    const oursEach = our.seconds / count
    cases.push({
      case: threadCount === 1 ? '1 thread' : `${threadCount} threads`,
      observations: count,
      atoms: atoms.shape[0],
      lambda,
      active: codes.values.length / count,
      ours: { ...our, secondsEach: oursEach, objective: mean(ourEnergies), threads: threadCount },
      peers: theirs.map((row) => peerRow(row, ourEnergies, oursEach, count)),
    })
  }
  return cases
}

/**
 * Seconds for an encoder to be made, to encode and to be given back: the peers form their Gram matrix in every call, too.
 * @param {Tensor} observations
 * @param {Tensor} atoms
 * @param {number} lambda
 * @param {number} threads
 */
async function timeOurs(observations, atoms, lambda, threads) {
  await rest(20)
  const start = performance.now()
  const coder = await encoder(atoms, lambda, threads)
  await coder.encode(observations)
  coder.dispose()
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
      const objective = mean(energies(observations, atoms, await peers.codes(), lambda))
      row = {
        contender,
        request: set,
        objective,
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
function peerRow({ contender, request, objective, version, seconds }, ourEnergies, oursEach, count) {
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
    difference,
    ...('setting' in request ? { setting: request.setting } : {}),
    threads: request.threads,
    ratio: equal ? spread.seconds / own / oursEach : null,
    ...(equal ? {} : { flag: `objective differs by ${difference.toExponential(1)}` }),
  }
}
