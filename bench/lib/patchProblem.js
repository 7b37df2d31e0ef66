import { patchSource } from './data.js'
import { encoder } from './ours.js'
import { photographAtoms } from './photographAtoms.js'

const atomCount = 256
const wantedActive = 20

/**
 * The lasso problems of photograph patches: 10,000 of 16×16, means removed, over 256 atoms learned by us, at the λ that leaves about
 * 20 active.
 * @param {{ threads: readonly number[], say: (line: string) => void }} job
 */
export async function patchProblem(job) {
  const observations = (await patchSource(2))(10_000)
  const atoms = await photographAtoms(atomCount, job)
  return { observations, atoms, lambda: await lambdaForActive(observations, atoms) }
}

/**
 * Bisects for the λ at which a code has {@link wantedActive} active atoms on average.
 * @param {import('../lib/objective.js').Tensor} observations
 * @param {import('../lib/objective.js').Tensor} atoms
 */
async function lambdaForActive(observations, atoms) {
  let low = 1e-3
  let high = 10
  for (let step = 0; step < 12; step++) {
    const lambda = Math.sqrt(low * high)
    const coder = await encoder(atoms, lambda, 1)
    const codes = await coder.encode(observations)
    coder.dispose()
    if (codes.values.length / observations.shape[0] > wantedActive) low = lambda
    else high = lambda
  }
  return Number(Math.sqrt(low * high).toPrecision(3))
}
