import { compareEncoders } from '../lib/compareEncoders.js'
import { encoderContenders } from '../lib/encoderContenders.js'
import { patchProblem } from '../lib/patchProblem.js'

/** Codes of 10,000 photograph patches 16×16 over 256 atoms, at the λ that leaves about 20 active. @type {import('../run.js').Benchmark} */
export async function encodePatches(job) {
  const problem = await patchProblem(job)
  return {
    data: 'embedded photographs, mean removed',
    cases: await compareEncoders({ ...job, ...problem, contenders: encoderContenders }),
  }
}
