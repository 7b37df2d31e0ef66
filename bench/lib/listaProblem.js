import { cachedAtoms } from './cache.js'
import { denseCodes } from './codes.js'
import { patchSource } from './data.js'
import { relativeGap } from './objective.js'
import { encoder, learn } from './ours.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/**
 * @typedef {object} ListaProblem
 * @property {Tensor} atoms [k, 10, 10]
 * @property {number} lambda
 * @property {Tensor} train patches [n, 10, 10]
 * @property {Tensor} test other patches
 * @property {Tensor} testCodes their optimal codes [n, k]
 * @property {number} gap to which these are certified
 */

const side = 10
const lambda = 0.05
/** The lower quarter of each photograph is held out. */
const seen = { from: 0, to: 0.75 }
const heldOut = { from: 0.75, to: 1 }

/**
 * Patches 10×10 of photographs, their means removed; atoms learned from them at λ = 0.05; and patches of parts that none of them shows,
 * with optimal codes, to test on.
 * @param {number} atomCount
 * @param {{ count: number, tests: number, threads: readonly number[], say: (line: string) => void }} options
 * @returns {Promise<ListaProblem>}
 */
export async function listaProblem(atomCount, { count, tests, threads, say }) {
  const threadCount = Math.max(...threads)
  const train = (await patchSource(5, side, seen))(count)
  const recipe = {
    data: 'photographs, upper three quarters',
    side,
    patches: 51_200,
    atoms: atomCount,
    lambda,
    epochs: 3,
  }
  const atoms = await cachedAtoms(`small-patches-${atomCount}`, recipe, async () => {
    say(`Learning ${atomCount} atoms from photographs (once) …`)
    const patches = (await patchSource(5, side, seen))(recipe.patches)
    return (await learn(patches, { atoms: atomCount, lambda, epochs: recipe.epochs, threads: threadCount })).atoms
  })
  const test = (await patchSource(6, side, heldOut))(tests)
  const best = await optimalCodes(test, atoms, threadCount, 1e-9)
  return { atoms, lambda, train, test, testCodes: denseCodes(best), gap: relativeGap(test, atoms, best, lambda) }
}

/** @param {Tensor} observations @param {Tensor} atoms @param {number} threads @param {number} [tolerance] */
export async function optimalCodes(observations, atoms, threads, tolerance) {
  const coder = await encoder(atoms, lambda, threads)
  const codes = await coder.encode(observations, tolerance)
  coder.dispose()
  return codes
}
