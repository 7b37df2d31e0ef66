import { compareEncoders } from '../lib/compareEncoders.js'
import { graphEncoder } from '../lib/ours.js'
import { patchProblem } from '../lib/patchProblem.js'

const tolerance = 1e-5

/** @type {readonly import('../lib/compareEncoders.js').Contender[]} */
const contenders = [
  { name: 'FISTA', package: 'PyTorch', solver: 'fista', parallel: true, settings: [tolerance] },
  { name: 'FISTA, compiled', package: 'PyTorch', solver: 'fista-compiled', parallel: true, settings: [tolerance] },
  {
    name: 'FISTA, compiled, oneDNN',
    package: 'PyTorch',
    solver: 'fista-packed',
    parallel: true,
    settings: [tolerance],
  },
]

/** The problems of `encode-patches` by graphs: FISTA in ONNX Runtime against FISTA in PyTorch, to a relative gap of 1e-5 each. @type {import('../run.js').Benchmark} */
export async function proximalGraph(job) {
  const problem = await patchProblem(job)
  const ours = { make: graphEncoder, compiles: true }
  return {
    data: 'embedded photographs, mean removed',
    cases: await compareEncoders({ ...job, ...problem, contenders, ours }),
  }
}
