import { ConfigurationError, exportOnnx, type LatentVariableModel } from '../../src/index.js'
import { given as present } from '../given.js'
import type { Learned } from '../models/model.js'
import { refuse } from './codingOptions.js'
import { pairsOf } from './conditional.js'
import { latentVariablePortrait } from './latentVariableReport.js'
import { conditionFrom, sampled } from './learnedVae.js'

/** A latent-variable model as the commands use it. */
export function learnedLatentVariable(model: LatentVariableModel): Learned {
  const { xShape, yShape, codeSize } = model.definition
  const shapes = { y: yShape, ...present({ x: xShape }) }
  return {
    kind: 'latent-variable',
    observation: yShape,
    codeLength: codeSize,
    transform: undefined,
    preprocessing: [],
    ...present({ given: xShape }),
    coder(options) {
      refuse('latent-variable', options, ['samples'], 'its energies are minima and not estimated')
      refuse('latent-variable', options, ['sweeps'], 'no encoder guesses its codes')
      const { solver, tolerance, maxSteps, seconds, restarts, seed } = options
      if (solver !== undefined && solver !== 'proximal-gradient' && solver !== 'gradient-descent') {
        throw new ConfigurationError(
          `The solver ${solver} is for dictionaries; a latent-variable model has proximal-gradient and gradient-descent.`,
        )
      }
      return async function* (data, signal) {
        const settings = present({ solver, tolerance, maxSteps, seconds, restarts, seed })
        const batches = model.encodeBatches(pairsOf(data, shapes), { signal, ...settings })
        for await (const { first, inference, context } of batches) {
          yield { first, inference, context: present({ x: context.x }) }
        }
      }
    },
    decode: (codes, context) => model.decode(codes, conditionFrom(context, xShape)),
    explain(status) {
      if (status === 'diverged') return 'Their energy falls without bound; the model needs a regularizer.'
      return status === 'nonFinite' ? 'Their energy is no finite number; clean the data, or scale it down.' : undefined
    },
    sample: ({ count, seed, x, signal }) =>
      sampled(x, signal, async (condition) => {
        if (condition === undefined) return model.sample(count, { seed })
        // The one of least energy first.
        const { predictions } = await model.predict(condition, { count, seed })
        return { shape: [count, ...yShape], data: predictions.data }
      }),
    onnx: (options) => exportOnnx(model, options),
    portrait: () => latentVariablePortrait(model),
    dispose: () => model.dispose(),
  }
}
