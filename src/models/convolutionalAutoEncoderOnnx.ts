import { constant, convTranspose, input } from '../graph/index.js'
import { mapCodes } from '../inference/graph/encodeMaps.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import { planar } from './planarImages.js'
import type { ExportedInference, OnnxParts } from './sparseCodingOnnx.js'

/** Steps of FISTA in an exported inference, where they are not said. */
export const exportedSteps = 50

/**
 * A convolutional auto-encoder as graphs over transformed images [n, c, h, w] of the size of its crops: the encoder, the decoder
 * Σᵢ Dᵢ * zᵢ, and inference, which takes steps of FISTA on ½‖y − Σᵢ Dᵢ * zᵢ‖² + λ‖z‖₁ from the encoder's code.
 */
export function autoEncoderOnnxParts(
  { encoder, kernels, parameters, settings }: ConvolutionalAutoEncoderModel,
  { steps = exportedSteps, tolerance }: ExportedInference,
): OnnxParts {
  if (tolerance !== undefined) {
    throw new ConfigurationError(
      'Exported inference of a convolutional auto-encoder takes a number of steps; give steps, and no tolerance.',
    )
  }
  const [height, width] = settings.input.crop
  const { maps, channels } = encoder
  const parts = { encoder, parameters, kernels: planar(kernels), lambda: settings.lambda }
  const y = input('y', ['n', channels, height, width])
  const z = input('z', ['n', maps, height - encoder.height + 1, width - encoder.width + 1])
  return {
    encoder: { z: mapCodes(parts, y, 0) },
    decoder: { y: convTranspose(z, constant(parts.kernels)) },
    inference: { z: mapCodes(parts, y, steps) },
  }
}
