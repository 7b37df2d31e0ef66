import { Option } from 'commander'
import { device } from '../commands/common.js'
import { given } from '../given.js'
import { count, number, numberOr, positive, sizeList } from '../numbers.js'
import type { ModelCommand } from './model.js'
import {
  activations,
  dataAndResult,
  type FitOptions,
  type GradientOptions,
  gradientSteps,
  learning,
} from './options.js'

/** The options of `energia fit vae`. */
export interface VaeOptions extends FitOptions, GradientOptions {
  readonly latent: number
  readonly hidden?: number[]
  readonly channels?: number[]
  readonly activation: (typeof activations)[number]
  readonly cost: 'bernoulli' | 'gaussian'
  readonly variance?: number | 'learned'
  readonly beta?: number
  readonly spring?: number
  readonly ballSize?: number
  readonly deviation?: number | 'learned'
  readonly cut?: number
  readonly clip?: number
}

/** Codes as fuzzy balls on springs. */
export const vae: ModelCommand<VaeOptions> = {
  name: 'vae',
  kind: 'variational-auto-encoder',
  description: 'learn a variational auto-encoder: codes are fuzzy balls, held to the origin by springs',
  examples: `
    $ energia fit vae --data digits --latent 2 --hidden 400 --epochs 10 --out runs/plane
    $ energia fit vae --data mnist --latent 20 --channels 32,64 --hidden 256 --seconds 120 --out runs/digits
    $ energia fit vae --data digits --latent 8 --cut 14 --out runs/halves`,
  also: ['sample', 'export'],

  options(command) {
    dataAndResult(command)
    command
      .optionsGroup('Model:')
      .option('--latent <n>', 'numbers in a code', count, 20)
      .option('--hidden <sizes>', 'units of each hidden layer, as in 400,200 (default: 400)', sizeList)
      .option('--channels <sizes>', 'makes the networks convolutional: maps of each convolution', sizeList)
      .addOption(new Option('--activation <name>', 'of the hidden layers').choices(activations).default('relu'))
      .addOption(
        new Option('--cost <name>', 'how y scatters around what is decoded; bernoulli is for numbers from 0 to 1')
          .choices(['bernoulli', 'gaussian'])
          .default('bernoulli'),
      )
      .option('--variance <number|learned>', 'gaussian: s² of all numbers (default: 1)', numberOr('learned'))
      .option('--beta <number>', 'strength of spring and size term together (default: 1)', number({ min: 0 }))
      .option('--spring <number>', 'strength of the spring, ½‖z̄‖² (default: 1)', number({ min: 0 }))
      .option('--ball-size <number>', 'strength of what keeps the balls’ size near 1 (default: 1)', number({ min: 0 }))
      .option('--deviation <number|learned>', 'σ, the size of the balls (default: learned)', numberOr('learned'))
      .option('--cut <n>', 'explain the rest of each observation from x, its first n rows', count)
    learning(command, { epochs: 10, batch: 128 })
    gradientSteps(command, { rate: 'default: 0.001' })
    command.option('--clip <norm>', 'the largest norm of a gradient', positive)
    device(command)
  },

  async recipe(options, session) {
    const { variationalAutoEncoder } = await import('../../src/index.js')
    const { chosenOptimizer, noteRuntime } = await import('../actions/networks.js')
    const { cutAt, observed } = await import('../actions/conditional.js')
    const { progressLine, vaeMeasured } = await import('../actions/vaeReport.js')
    const { latent, hidden, channels, activation, cost, variance, beta, spring, ballSize, deviation, cut } = options
    const definition = variationalAutoEncoder({
      latent,
      activation,
      cost,
      seed: options.seed,
      runtime: session.runtime,
      ...given({
        optimizer: chosenOptimizer(options),
        hidden,
        channels,
        variance,
        beta,
        spring,
        ballSize,
        deviation,
        batchSize: options.batch,
      }),
      ...(options.clip === undefined ? {} : { clip: { norm: options.clip } }),
    })
    await noteRuntime(session)
    return {
      cut: 'none',
      define(data) {
        const pairs = (source: Parameters<typeof cutAt>[0]) =>
          cut === undefined ? observed(source) : cutAt(source, cut)
        const learned = pairs(data)
        return {
          facts: { latent, ...given({ cut }) },
          async learn({ fit: { heldOut, ...fit }, progress }) {
            const model = await definition.fit(learned, {
              ...fit,
              ...(heldOut ? { heldOut: pairs(heldOut) } : {}),
              onProgress: (report) => progress(report, progressLine(report)),
            })
            return {
              measure: async (sample, signal) => vaeMeasured(model, pairs(await sample()), signal),
              dispose: () => model.dispose(),
            }
          },
        }
      },
    }
  },

  async open(run, { runtime }) {
    const { loadModel } = await import('../../src/index.js')
    const { learnedVae } = await import('../actions/learnedVae.js')
    return learnedVae(await loadModel(run, { runtime, model: 'variational-auto-encoder' }))
  },
}
