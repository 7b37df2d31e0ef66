import { type AmortizedModel, exportOnnx, restoreImageStep } from '../../src/index.js'
import { given } from '../given.js'
import type { Learned } from '../models/model.js'
import { refuse } from './codingOptions.js'
import { encoderPortrait } from './encoderReport.js'
import { stepKinds } from './stepKinds.js'

/** A model whose encoder predicts sparse codes, as the commands use it. */
export function learnedEncoder(kind: 'lista' | 'psd', model: AmortizedModel): Learned {
  const { atoms, observation, input, preprocess } = model.settings
  return {
    kind,
    observation,
    codeLength: atoms,
    transform: input.kind === 'images' ? restoreImageStep(input.transform) : undefined,
    preprocessing: stepKinds(preprocess),
    coder(options) {
      refuse(
        kind,
        options,
        ['solver', 'sweeps', 'restarts', 'samples'],
        'its codes come from its encoder, and --tolerance refines them',
      )
      const { tolerance, maxSteps, seconds } = options
      if (tolerance === undefined) {
        refuse(
          kind,
          options,
          ['maxSteps', 'seconds'],
          'codes are predicted in one pass unless --tolerance refines them',
        )
      }
      return (data, signal) => model.encodeBatches(data, { signal, ...given({ refine: tolerance, maxSteps, seconds }) })
    },
    decode: (codes, context) => model.decode(codes, context),
    predicts: ({ tolerance }) => tolerance === undefined,
    onnx: (options) => exportOnnx(model, options),
    portrait: () => encoderPortrait(model),
    dispose: () => model.dispose(),
  }
}
