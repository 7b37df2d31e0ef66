import { ConfigurationError, type ConvolutionalSparseCodingModel, featureLength, features } from '../../src/index.js'
import { given } from '../given.js'
import type { Learned } from '../models/model.js'
import { refuse } from './codingOptions.js'
import { convolutionalPortrait } from './convolutionalReport.js'
import { codingMasks } from './masks.js'
import { stepKinds } from './stepKinds.js'

const solvers = ['active-set', 'fista'] as const

/** Kernels as the commands use them. */
export function learnedConvolutional(model: ConvolutionalSparseCodingModel): Learned {
  const { kernels, size, channels } = model.settings
  const spatial = size.length === 1 ? 1 : 2
  const kinds = stepKinds(model.transform.config)
  return {
    kind: 'conv-sparse-coding',
    observation: model.kernels.shape.slice(1),
    codeLength: kernels,
    transform: kinds.length === 0 ? undefined : model.transform,
    preprocessing: [],
    whole: {
      spatial,
      channels,
      decode: (codes, shape, context) => model.decode(codes, { shape, ...given({ context }) }),
    },
    coder(coding, note) {
      const { mask, tolerance, maxSteps, seconds } = coding
      refuse(
        'conv-sparse-coding',
        coding,
        ['sweeps', 'restarts', 'samples'],
        'its solvers find the code of least energy',
      )
      const solver = solvers.find((name) => name === coding.solver)
      if (coding.solver !== undefined && solver === undefined) {
        throw new ConfigurationError(
          `conv-sparse-coding is solved by ${solvers.join(' or ')}, not by ${coding.solver}.`,
        )
      }
      return async function* (data, signal) {
        const masks = await codingMasks(mask, data, spatial, note)
        const options = { signal, ...given({ solver, tolerance, maxSteps, seconds, mask: masks }) }
        for await (const { index, shape, codeShape, inference, context } of model.encodeEach(data, options)) {
          yield { first: index, inference, context, shapes: { observation: shape, code: codeShape } }
        }
      }
    },
    features: (options) => ({
      length: featureLength(model, options),
      each: (data, signal) => features(model, data, { ...options, signal }),
    }),
    decode: async () => {
      throw new ConfigurationError('A convolutional code needs the shape of its observation.')
    },
    portrait: async () => convolutionalPortrait(model),
    dispose: () => model.dispose(),
  }
}
