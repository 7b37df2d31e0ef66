import { ConfigurationError, type ConvolutionalAutoEncoderModel, exportOnnx } from '../../src/index.js'
import { given } from '../given.js'
import type { Learned } from '../models/model.js'
import { autoEncoderPortrait } from './autoEncoderReport.js'
import { refuse } from './codingOptions.js'
import { stepKinds } from './stepKinds.js'

/** A convolutional auto-encoder as the commands use it. */
export function learnedAutoEncoder(model: ConvolutionalAutoEncoderModel): Learned {
  const { kernels, channels } = model.settings
  const kinds = stepKinds(model.transform.config)
  return {
    kind: 'conv-autoencoder',
    observation: model.kernels.shape.slice(1),
    codeLength: kernels,
    transform: kinds.length === 0 ? undefined : model.transform,
    preprocessing: [],
    whole: {
      spatial: 2,
      channels,
      decode: (codes, shape, context) => model.decode(codes, { shape, ...given({ context }) }),
    },
    coder(coding) {
      const { tolerance, maxSteps, seconds, sweeps } = coding
      refuse(
        'conv-autoencoder',
        coding,
        ['solver', 'restarts', 'samples', 'mask'],
        'its codes come from its encoder, and --tolerance refines them',
      )
      if (tolerance === undefined) {
        refuse(
          'conv-autoencoder',
          coding,
          ['maxSteps', 'seconds'],
          'codes are predicted in one pass unless --tolerance refines them',
        )
      } else {
        refuse('conv-autoencoder', coding, ['sweeps'], '--tolerance goes on to the optimum by sweeps of its own')
      }
      return async function* (data, signal) {
        const options = { signal, ...given({ refine: tolerance, maxSteps, seconds, sweeps }) }
        for await (const { index, shape, codeShape, inference, context } of model.encodeEach(data, options)) {
          yield { first: index, inference, context, shapes: { observation: shape, code: codeShape } }
        }
      }
    },
    predicts: ({ tolerance }) => tolerance === undefined,
    decode: async () => {
      throw new ConfigurationError('A convolutional code needs the shape of its observation.')
    },
    onnx: (options) => exportOnnx(model, options),
    portrait: async () => autoEncoderPortrait(model),
    dispose: () => model.dispose(),
  }
}
