import { Option } from 'commander'
import { device } from '../commands/common.js'
import { given } from '../given.js'
import { count, number, patchSize, positive } from '../numbers.js'
import type { ModelCommand } from './model.js'
import { dataAndResult, type FitOptions, type GradientOptions, gradientSteps } from './options.js'

const encoders = ['conv-tanh-gain', 'conv-shrink', 'conv-lista'] as const

/** The options of `energia fit conv-autoencoder`. */
export interface ConvAutoencoderOptions extends FitOptions, GradientOptions {
  readonly kernels: number
  readonly size: [height: number, width: number]
  readonly lambda?: number
  readonly beta?: number
  readonly encoder: (typeof encoders)[number]
  readonly steps?: number
  readonly encoderApart?: boolean
  readonly inferenceSteps?: number
  readonly contrast: 'local' | 'none'
  readonly sigma?: number
  readonly crop?: [height: number, width: number]
  readonly minimumDeviation?: number
  readonly trainingSteps?: number
  readonly deadAfter?: number
}

/** Kernels and the encoder of their maps together. */
export const convAutoencoder: ModelCommand<ConvAutoencoderOptions> = {
  name: 'conv-autoencoder',
  description: 'learn kernels and an encoder of their maps together: ½Σₚwₚ(y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖²',
  examples: `
    $ energia fit conv-autoencoder --data photographs --kernels 64 --out runs/filters
    $ energia fit conv-autoencoder --data photographs --kernels 32 --encoder conv-lista --steps 2 --seconds 60 --out runs/fast
    $ energia encode runs/filters --data photographs --tolerance 1e-3 --out refined.npz`,
  also: ['export'],

  options(command) {
    dataAndResult(command)
    command
      .optionsGroup('Model:')
      .option('--kernels <n>', 'number of kernels', count, 64)
      .addOption(
        new Option('--size <size>', 'pixels of a kernel, 9 or 8x12 (height x width)')
          .argParser(patchSize)
          .default([9, 9], '9'),
      )
      .option('--lambda <number>', 'λ, the strength of the regularizer (default: 1)', positive)
      .option('--beta <number>', 'β of the encoder’s term (default: 1)', positive)
      .addOption(new Option('--encoder <name>', 'what predicts maps').choices(encoders).default('conv-tanh-gain'))
      .option('--steps <n>', 'conv-lista: K (default: 1)', number({ whole: true, min: 0, max: 1000 }))
      .option('--encoder-apart', 'let the encoder’s term train the encoder only, and not count in inference')
      .option('--inference-steps <n>', 'steps of FISTA for the codes of a batch (default: 12)', count)
    command
      .optionsGroup('Preprocessing:')
      .addOption(
        new Option('--contrast <how>', 'normalize contrast around each pixel')
          .choices(['local', 'none'])
          .default('local'),
      )
      .option('--sigma <pixels>', 'of the window of local contrast (default: 2)', positive)
      .option('--crop <size>', 'random crops of images that are learned from (default: 25)', patchSize)
      .option(
        '--minimum-deviation <number>',
        'draw crops of a lower standard deviation again (default: 0.2)',
        number({ min: 0 }),
      )
    command
      .optionsGroup('Learning:')
      .option('--training-steps <n>', 'batches to learn from (default: 2000)', count)
      .option('--seconds <number>', 'stop after this long', positive)
      .option('--batch <n>', 'crops a step (default: 16)', count)
      .option('--held-out <source|share>', 'data, or a share of it, to measure on and not to learn from')
      .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }), 0)
      .option('--checkpoint-seconds <number>', 'seconds between checkpoints (default: 10)', number({ min: 0 }))
      .option('--dead-after <n>', 'crops without use after which a kernel begins anew (default: 3200)', count)
    gradientSteps(command, { rate: 'default: 0.003, falling along half a cosine' })
    device(command)
  },

  async recipe(options, session) {
    const { ConfigurationError, convolutionalAutoEncoder: define, localContrast } = await import('../../src/index.js')
    const { chosenOptimizer, noteRuntime } = await import('../actions/networks.js')
    const { autoEncoderMeasured } = await import('../actions/autoEncoderReport.js')
    const { convolutionalLine } = await import('../actions/progressLine.js')
    const { kernels, size, contrast, sigma } = options
    if (contrast === 'none' && sigma !== undefined) {
      throw new ConfigurationError('--sigma is of the window of local contrast; leave it out with --contrast none.')
    }
    const definition = define({
      kernels,
      size,
      encoder: options.encoder,
      transform: contrast === 'none' ? [] : [localContrast(given({ sigma }))],
      seed: options.seed,
      runtime: session.runtime,
      ...session.threads,
      ...given({
        optimizer: chosenOptimizer(options),
        lambda: options.lambda,
        beta: options.beta,
        steps: options.steps,
        encoderInInference: options.encoderApart ? false : undefined,
        inferenceSteps: options.inferenceSteps,
        crop: options.crop,
        minimumDeviation: options.minimumDeviation,
        trainingSteps: options.trainingSteps,
        batchSize: options.batch,
        deadAfter: options.deadAfter,
      }),
    })
    await noteRuntime(session)
    return {
      cut: 'whole',
      define(data) {
        if (!('image' in data) && data.shape.length === 1) {
          throw new ConfigurationError(
            `${data.name} holds observations of ${data.shape[0]} numbers, which are no images; conv-autoencoder learns from images.`,
          )
        }
        return {
          facts: { kernels, size, encoder: options.encoder },
          async learn({ fit: { epochs: _, patience: __, heldOut, ...fit }, heldOutImages, progress }) {
            const model = await definition.fit(data, {
              ...fit,
              ...given({ heldOut: heldOutImages ?? heldOut }),
              onProgress: (report) => progress(report, convolutionalLine(report)),
            })
            return {
              measure: (___, signal) => autoEncoderMeasured(model, data, signal),
              dispose: () => model.dispose(),
            }
          },
        }
      },
    }
  },

  async open(run, { threads, runtime }) {
    const { loadModel } = await import('../../src/index.js')
    const { learnedAutoEncoder } = await import('../actions/learnedAutoEncoder.js')
    return learnedAutoEncoder(await loadModel(run, { ...threads, runtime, model: 'conv-autoencoder' }))
  },
}
