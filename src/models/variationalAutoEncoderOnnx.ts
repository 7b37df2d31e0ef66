import { observationInputs } from '../energy/latentVariableEnergy.js'
import { constant } from '../graph/index.js'
import { decoderGraph } from '../inference/graph/standaloneGraphs.js'
import type { OnnxParts } from './sparseCodingOnnx.js'
import { ballOf } from './variationalAutoEncoderLoss.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'

/**
 * A variational auto-encoder as graphs: the encoder gives the `mean` and `deviation` of each ball, the decoder the mean of y at a
 * code.
 */
export function variationalOnnxParts({ parts, parameters }: VariationalModel): OnnxParts {
  const symbols = Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, constant(tensor)]))
  const { x, y } = observationInputs(parts.energy)
  const { mean, deviation } = ballOf(parts, symbols, y, parts.energy.context(symbols, x))
  return { encoder: { mean, deviation }, decoder: decoderGraph(parts.energy, parameters) }
}
