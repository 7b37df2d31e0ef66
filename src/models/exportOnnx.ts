import { encodeOnnx } from '../graph/index.js'
import { decoderGraph, encoderGraph, inferenceGraph } from '../inference/graph/standaloneGraphs.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { ClassifierModel } from './classifierModel.js'
import { classifierParts } from './classifierOnnx.js'
import { autoEncoderOnnxParts } from './convolutionalAutoEncoderOnnx.js'
import type { LatentVariableModel } from './latentVariableModel.js'
import type { AnyModel } from './loadModel.js'
import { onnxReadme } from './onnxReadme.js'
import {
  amortizedParts,
  type ExportedInference,
  exportedSettings,
  type OnnxParts,
  sparseCodingParts,
} from './sparseCodingOnnx.js'
import { variationalOnnxParts } from './variationalAutoEncoderOnnx.js'

/** A model's parts as ONNX models that stand alone. */
export interface OnnxExport {
  /** By the part: `encoder`, `decoder`, `inference`, `classifier`. */
  readonly graphs: Readonly<Record<string, Uint8Array>>
  /** A page (Markdown) that says what goes in and comes out of each, and what is left out. */
  readonly readme: string
}

/**
 * The parts of a model as ONNX models (opset 21) with an open batch: the encoder, the decoder, and inference, which takes `steps`
 * steps or goes on to a `tolerance` (up to 2,000 steps; the library's default). Preprocessing is not in them: observations go in as the
 * model sees them, and come out so. A variational auto-encoder has no inference, and that of
 * a convolutional auto-encoder takes steps alone, 50 by default, on images of the size of its crops; a classifier gives
 * probabilities of its classes. Throws {@link ConfigurationError} where an option is
 * out of range or does not go with the model.
 */
export function exportOnnx(model: AnyModel | ClassifierModel, options: ExportedInference = {}): OnnxExport {
  const { steps, tolerance } = options
  if (steps !== undefined && tolerance !== undefined) {
    throw new ConfigurationError('Inference takes a number of steps or a tolerance; give one of the two.')
  }
  const parts = partsOf(model, options)
  const graphs = Object.fromEntries(
    Object.entries(parts).map(([name, outputs]) => [name, encodeOnnx({ name, outputs })]),
  )
  return { graphs, readme: onnxReadme(model, parts, options) }
}

function partsOf(model: AnyModel | ClassifierModel, options: ExportedInference): OnnxParts {
  const kind: unknown = (model as { kind?: unknown } | null | undefined)?.kind
  const kinds = [
    'sparse-coding',
    'lista',
    'predictive-sparse-decomposition',
    'latent-variable',
    'variational-auto-encoder',
    'conv-autoencoder',
    'classifier',
  ]
  if (kind !== 'conv-sparse-coding' && !kinds.includes(String(kind))) {
    throw new ConfigurationError(
      `exportOnnx takes a learned model (${kinds.join(', ')}); got ${kind === undefined ? typeof model : `one of kind ${JSON.stringify(kind)}`}.`,
    )
  }
  switch (model.kind) {
    case 'sparse-coding':
      return sparseCodingParts(model, options)
    case 'lista':
    case 'predictive-sparse-decomposition':
      return amortizedParts(model, options)
    case 'latent-variable':
      return latentVariableParts(model, options)
    case 'variational-auto-encoder':
      if (options.steps !== undefined || options.tolerance !== undefined) {
        throw new ConfigurationError(
          'The codes of a variational auto-encoder come from its encoder, which takes no steps; leave steps and tolerance out.',
        )
      }
      return variationalOnnxParts(model)
    case 'conv-autoencoder':
      return autoEncoderOnnxParts(model, options)
    case 'classifier':
      if (options.steps !== undefined || options.tolerance !== undefined) {
        throw new ConfigurationError('A classifier has no inference that takes steps; leave steps and tolerance out.')
      }
      return classifierParts(model)
    case 'conv-sparse-coding':
      throw new ConfigurationError(
        'Convolutional sparse coding is not exported to ONNX: its codes are found by kernels of this library, for observations of any size. Its kernels are in model.safetensors of its run.',
      )
  }
}

function latentVariableParts({ definition, parameters }: LatentVariableModel, options: ExportedInference): OnnxParts {
  return {
    ...(definition.encoder ? { encoder: encoderGraph(definition, parameters) } : {}),
    decoder: decoderGraph(definition, parameters),
    inference: inferenceGraph(definition, parameters, exportedSettings(definition, options)),
  }
}
