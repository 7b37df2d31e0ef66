import { Option } from 'commander'
import { type EncoderOptions, encoderOptions } from './encoderOptions.js'
import type { ModelCommand } from './model.js'

/** The options of `energia fit lista`. */
export interface ListaOptions extends EncoderOptions {
  readonly target: 'codes' | 'energy'
}

/** An encoder of a few learned steps, for a fixed dictionary. */
export const lista: ModelCommand<ListaOptions> = {
  name: 'lista',
  description: 'learn an encoder that predicts sparse codes in a few steps: z ← shrink(Wₑy + Sz, θ)',
  examples: `
    $ energia fit lista --dictionary runs/strokes --data digits --steps 3 --out runs/fast
    $ energia fit lista --data photographs --patch 10 --atoms 100 --lambda 0.05 --steps 1 --out runs/one
    $ energia encode runs/fast --data digits --tolerance 1e-6 --out refined.npz`,
  also: ['export'],

  options(command) {
    encoderOptions(command, { encoder: 'lista', steps: 3, dictionaryEpochs: 5 }, (own) =>
      own.addOption(
        new Option('--target <what>', 'what is learned: the codes of least energy, or to lower the energy itself')
          .choices(['codes', 'energy'])
          .default('codes'),
      ),
    )
  },

  async recipe(options, session) {
    const { lista: define } = await import('../../src/index.js')
    const { encoderRecipe } = await import('../actions/encoderRecipe.js')
    return encoderRecipe(options, session, (shared) => define({ ...shared, target: options.target }))
  },

  async open(run, session) {
    const { loadModel } = await import('../../src/index.js')
    const { learnedEncoder } = await import('../actions/learnedEncoder.js')
    const { threads, runtime } = session
    return learnedEncoder('lista', await loadModel(run, { ...threads, runtime, model: 'lista' }))
  },
}
