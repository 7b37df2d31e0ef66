import { squaredError } from '../energy/costs/squaredError.js'
import type { Encoder } from '../energy/encoders/encoder.js'
import { type LatentVariableEnergy, latentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { type Parameters, prefixed } from '../energy/module.js'
import { linear } from '../energy/modules/linear.js'
import type { Regularizer } from '../energy/regularizer.js'
import { l1 } from '../energy/regularizers/l1.js'
import { isQuadratic } from '../inference/graph/certify.js'
import { type EncodeSettings, encodeSettings } from '../inference/graph/encodeSettings.js'
import type { Outputs } from '../inference/graph/solverGraphs.js'
import { decoderGraph, encoderGraph, inferenceGraph } from '../inference/graph/standaloneGraphs.js'
import type { Tensor } from '../tensor/tensor.js'
import type { AmortizedModel } from './listaModel.js'
import type { SparseCodingModel } from './sparseCodingModel.js'
import { settingsRegularizer } from './sparseCodingSettings.js'

/** How an exported graph infers codes: a number of steps that it takes, or a tolerance that it tries to reach. */
export interface ExportedInference {
  readonly steps?: number
  readonly tolerance?: number
}

/** Graphs by the name of the part. */
export type OnnxParts = Readonly<Record<string, Outputs>>

/** The settings of inference in a graph for its energy. Throws ConfigurationError where they are out of range. */
export function exportedSettings(
  energy: LatentVariableEnergy,
  { steps, tolerance }: ExportedInference,
): EncodeSettings {
  return encodeSettings(
    steps === undefined ? (tolerance === undefined ? {} : { tolerance }) : { tolerance: 0, maxSteps: steps },
    isQuadratic(energy),
  )
}

/** Sparse coding as graphs over preprocessed observations: the decoder Wz, and inference by FISTA. */
export function sparseCodingParts({ atoms, settings }: SparseCodingModel, inference: ExportedInference): OnnxParts {
  const { energy, parameters } = dictionaryEnergy(atoms, settingsRegularizer(settings))
  return {
    decoder: decoderGraph(energy, parameters),
    inference: inferenceGraph(energy, parameters, exportedSettings(energy, inference)),
  }
}

/** LISTA or predictive sparse decomposition: the encoder, the decoder Wz, and inference by FISTA from the encoder's code. */
export function amortizedParts(model: AmortizedModel, inference: ExportedInference): OnnxParts {
  const { atoms, settings, encoder, parameters: encoderParameters } = model
  const { objective, lambda } = settings
  const { energy, parameters } = dictionaryEnergy(atoms, l1({ lambda }), {
    encoder,
    parameters: encoderParameters,
    gamma: objective.kind === 'joint' ? objective.gamma : 0,
  })
  return {
    encoder: encoderGraph(energy, parameters),
    decoder: decoderGraph(energy, parameters),
    inference: inferenceGraph(energy, parameters, exportedSettings(energy, inference)),
  }
}

/** ½‖y − Wz‖² + λR(z), perhaps with an encoder's term, as an energy of graphs. */
function dictionaryEnergy(
  atoms: Tensor,
  regularizer: Regularizer,
  encoding?: { readonly encoder: Encoder; readonly parameters: Parameters; readonly gamma: number },
): { readonly energy: LatentVariableEnergy; readonly parameters: Parameters } {
  const [count, ...shape] = atoms.shape
  const energy = latentVariableEnergy({
    shapes: { y: shape, z: count },
    decoder: linear({ inputs: count, outputs: shape, bias: false }),
    cost: squaredError(),
    regularizer,
    ...(encoding ? { encoder: encoding.encoder, gamma: encoding.gamma } : {}),
  })
  return {
    energy,
    parameters: {
      'decoder.weight': columns(atoms),
      ...(encoding ? prefixed(encoding.parameters, 'encoder') : {}),
    },
  }
}

/** Atoms [k, …] as the columns of W, [m, k]. */
function columns({ shape: [count], data }: Tensor): Tensor {
  const size = data.length / count
  const weight = new Float32Array(data.length)
  for (let j = 0; j < count; j++) {
    for (let p = 0; p < size; p++) weight[p * count + j] = data[j * size + p]
  }
  return { shape: [size, count], data: weight }
}
