import { compareEncoders } from '../lib/compareEncoders.js'
import { patchSource } from '../lib/data.js'
import { encoderContenders } from '../lib/encoderContenders.js'
import { encoder } from '../lib/ours.js'
import { photographAtoms } from '../lib/photographAtoms.js'

const atomCount = 256
const wantedActive = 20

/** Codes of 10,000 photograph patches 16×16 over 256 atoms, at the λ that leaves about 20 active. @type {import('../run.js').Benchmark} */
export async function encodePatches(job) {
  const observations = (await patchSource(2))(10_000)
  const atoms = await photographAtoms(atomCount, job)
  const lambda = await lambdaForActive(observations, atoms)
  return {
    data: 'embedded photographs, mean removed',
    cases: await compareEncoders({ ...job, observations, atoms, lambda, contenders: encoderContenders }),
  }
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
