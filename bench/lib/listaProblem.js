import { cachedAtoms } from './cache.js'
import { denseCodes } from './codes.js'
import { patchSource } from './data.js'
import { relativeGap } from './objective.js'
import { encoder, learn } from './ours.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {{ observations: Tensor, codes: Tensor }} Solved patches [n, 10, 10] and their optimal codes [n, k] */
/** @typedef {{ atoms: Tensor, lambda: number, train: Solved, test: Solved, gap: number }} ListaProblem gap: what the test codes are certified to */

const side = 10
const lambda = 0.05
/** The lower quarter of each photograph is held out. */
const seen = { from: 0, to: 0.75 }
const heldOut = { from: 0.75, to: 1 }

/**
 * Patches 10×10 of photographs, their means removed, with their optimal codes at λ = 0.05 over atoms learned from the same
 * patches; and patches of parts that none of them shows, to test on.
 * @param {number} atomCount
 * @param {{ count: number, tests: number, threads: readonly number[], say: (line: string) => void }} options
 * @returns {Promise<ListaProblem>}
 */
export async function listaProblem(atomCount, { count, tests, threads, say }) {
  const threadCount = Math.max(...threads)
  const observations = (await patchSource(5, side, seen))(count)
  const recipe = {
    data: 'photographs, upper three quarters',
    side,
    patches: count,
    atoms: atomCount,
    lambda,
    epochs: 3,
    seed: 0,
  }
  const atoms = await cachedAtoms(`small-patches-${atomCount}`, recipe, async () => {
    say(`Learning ${atomCount} atoms from photographs (once) …`)
    return (await learn(observations, { atoms: atomCount, lambda, epochs: recipe.epochs, threads: threadCount })).atoms
  })
  const unseen = (await patchSource(6, side, heldOut))(tests)
  const coder = await encoder(atoms, lambda, threadCount)
  const codes = denseCodes(await coder.encode(observations))
  const best = await coder.encode(unseen, 1e-9)
  coder.dispose()
  return {
    atoms,
    lambda,
    train: { observations, codes },
    test: { observations: unseen, codes: denseCodes(best) },
    gap: relativeGap(unseen, atoms, best, lambda),
  }
}
