import { given } from '../given.js'
import { positive } from '../numbers.js'
import { type EncoderOptions, encoderOptions } from './encoderOptions.js'
import type { ModelCommand } from './model.js'

/** The options of `energia fit psd`. */
export interface PsdOptions extends EncoderOptions {
  readonly gamma?: number
  readonly encoderApart?: boolean
}

/** Dictionary and encoder together. */
export const psd: ModelCommand<PsdOptions> = {
  name: 'psd',
  kind: 'predictive-sparse-decomposition',
  description: 'learn a dictionary and an encoder of its codes together: ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖²',
  examples: `
    $ energia fit psd --data digits --atoms 256 --lambda 0.5 --out runs/both
    $ energia fit psd --data photographs --patch 12 --whiten olshausen --atoms 144 --lambda 0.5 --out runs/edges`,
  also: ['export'],

  options(command) {
    encoderOptions(command, { encoder: 'linear-tanh-gain', steps: 1, dictionaryEpochs: 1 }, (own) =>
      own
        .option('--gamma <number>', 'γ of the encoder’s term (default: 1)', positive)
        .option('--encoder-apart', 'let the encoder’s term train the encoder only, and not count in inference'),
    )
  },

  async recipe(options, session) {
    const { predictiveSparseDecomposition: define } = await import('../../src/index.js')
    const { encoderRecipe } = await import('../actions/encoderRecipe.js')
    const own = { ...given({ gamma: options.gamma }), ...(options.encoderApart ? { encoderInInference: false } : {}) }
    return encoderRecipe(options, session, (shared) => define({ ...shared, ...own }))
  },

  async open(run, session) {
    const { loadModel } = await import('../../src/index.js')
    const { learnedEncoder } = await import('../actions/learnedEncoder.js')
    const { threads, runtime } = session
    const model = await loadModel(run, { ...threads, runtime, model: 'predictive-sparse-decomposition' })
    return learnedEncoder('psd', model)
  },
}
