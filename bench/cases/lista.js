import { denseCodes, sparseCodes, squaredDistance } from '../lib/codes.js'
import { listaProblem } from '../lib/listaProblem.js'
import { energies, mean } from '../lib/objective.js'
import { trainedLista } from '../lib/ours.js'
import { rest, timing } from '../lib/statistics.js'

/** @typedef {import('../lib/objective.js').Tensor} Tensor */

const sizes = [100, 400]
/** K: z = shrink(We y, θ), then K times z ← shrink(We y + S z, θ). */
const depths = [0, 1, 3]
const fistaSteps = 200
const training = { count: 102_400, steps: 16_000 }

/**
 * How good LISTA's codes of held-out 10×10 patches are, measured by FISTA: after how many of its steps its codes are as close to the
 * optimal ones, and after how many its energies are as low. FISTA is counted by numpy in double precision (bench/peers/sparse/fista.py);
 * without peers there are only errors. The time is that of coding all test patches, the objective their mean energy.
 * @type {import('../run.js').Benchmark}
 */
export async function lista({ threads, peers, repeats, say }) {
  const cases = []
  const threadCount = Math.max(...threads)
  for (const atomCount of sizes) {
    const problem = await listaProblem(atomCount, { count: training.count, tests: 2000, threads, say })
    const { atoms, lambda, test, testCodes, gap } = problem
    const zero = { ...testCodes, data: new Float32Array(testCodes.data.length) }
    const scale = squaredDistance(zero, testCodes)
    const least = mean(energies(test, atoms, sparseCodes(testCodes), lambda))
    const curve = peers && (await fistaCurve(peers, problem))
    for (const depth of depths) {
      const title = `${atomCount} units, K = ${depth}`
      say(`${title}: training`)
      const encoder = await trainedLista(problem, { steps: depth, trainingSteps: training.steps, threads: threadCount })
      const coded = await encoder.encode(test)
      const codes = denseCodes(coded)
      /** @type {number[]} */
      const seconds = []
      for (let repeat = 0; repeat < repeats; repeat++) {
        await rest(20)
        const start = performance.now()
        await encoder.encode(test)
        seconds.push((performance.now() - start) / 1000)
      }
      encoder.dispose()
      const error = squaredDistance(codes, testCodes)
      const objective = mean(energies(test, atoms, coded, lambda))
      const equal = curve && { error: firstAtMost(curve.errors, error), energy: firstAtMost(curve.energies, objective) }
      const time = timing(seconds)
      cases.push({
        case: title,
        lambda,
        certified: gap,
        ours: {
          ...time,
          secondsEach: time.seconds / test.shape[0],
          objective,
          threads: threadCount,
          trainingSeconds: encoder.seconds,
          error,
          relativeError: error / scale,
          energyGap: objective / least - 1,
          ...(equal ? { fistaSteps: equal } : {}),
          note: [
            `error ${(error / scale).toFixed(4)}`,
            `energy gap ${(objective / least - 1).toFixed(3)}`,
            equal ? `FISTA steps: ${equal.error} by error, ${equal.energy} by energy` : '',
          ]
            .filter(Boolean)
            .join(', '),
        },
        peers: [],
      })
    }
  }
  return { data: 'embedded photographs, mean removed; the lower quarter of each held out', training, cases }
}

/**
 * @param {import('../lib/peers.js').Peers} peers
 * @param {import('../lib/listaProblem.js').ListaProblem} problem
 * @returns {Promise<{ errors: number[], energies: number[] }>} after 0, 1, 2 … steps
 */
async function fistaCurve(peers, { atoms, lambda, test, testCodes }) {
  await peers.load('test', test)
  await peers.load('test atoms', atoms)
  await peers.load('test codes', testCodes)
  const data = { observations: 'test', atoms: 'test atoms', reference: 'test codes' }
  return await peers.curve('fista', data, { penalty: lambda, steps: fistaSteps })
}

/** The first place with a value that is no greater; `fistaSteps + 1` where there is none. @param {number[]} values @param {number} limit */
function firstAtMost(values, limit) {
  const place = values.findIndex((value) => value <= limit)
  return place < 0 ? fistaSteps + 1 : place
}
