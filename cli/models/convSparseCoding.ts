import { Option } from 'commander'
import { given } from '../given.js'
import { count, type HighPassChoice, highPassChoice, number, patchSize, positive } from '../numbers.js'
import type { ModelCommand } from './model.js'
import { dataAndResult, type FitOptions, HIGH_PASS, learning, type MaskOptions, masks, signals } from './options.js'

const boundaries = ['same', 'valid', 'circular'] as const

/** The options of `energia fit conv-sparse-coding`. */
export interface ConvSparseCodingOptions extends FitOptions, MaskOptions {
  readonly kernels: number
  readonly size: [height: number, width: number]
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly nonnegative?: boolean
  readonly nonnegativeKernels?: boolean
  readonly boundary: (typeof boundaries)[number]
  readonly highPass?: HighPassChoice
  readonly contrast?: 'local'
  readonly crop?: [height: number, width: number]
  readonly cropsPerEpoch?: number
  readonly minimumDeviation?: number
  readonly learning: 'online' | 'batch'
  readonly forgetting?: number
  readonly learningTolerance?: number
  readonly deadAfter?: number
  readonly duplicateCosine?: number
  readonly centring: boolean
}

/** ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λΣ‖Zᵢ‖₁ with kernels K. */
export const convSparseCoding: ModelCommand<ConvSparseCodingOptions> = {
  name: 'conv-sparse-coding',
  description: 'learn kernels K such that whole images or signals are sums of few: ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λΣᵢ‖Zᵢ‖₁',
  examples: `
    $ energia fit conv-sparse-coding --data photographs --kernels 64 --size 9 --crop 64 --high-pass tikhonov --lambda 0.1 --out runs/kernels
    $ energia fit conv-sparse-coding --data 'images/*.png' --colour --size 8 --high-pass tikhonov --lambda 0.1 --seconds 120 --out runs/colour
    $ energia fit conv-sparse-coding --data heart.npz --signals --kernels 4 --size 64 --lambda-ratio 0.1 --out runs/beats
    $ energia features runs/kernels --data photographs --cells 4 --out features.parquet`,

  also: ['features'],

  options(command) {
    dataAndResult(command)
    signals(command)
    command
      .optionsGroup('Model:')
      .option('--kernels <n>', 'number of kernels', count, 64)
      .addOption(
        new Option('--size <size>', 'pixels of a kernel, 9 or 8x12 (height x width); samples, for signals')
          .argParser(patchSize)
          .default([9, 9], '9'),
      )
      .option('--lambda <number>', 'λ, the strength of the regularizer', positive)
      .option('--lambda-ratio <share>', 'λ as a share of each observation’s λmax', number({ above: 0, below: 1 }))
      .option('--nonnegative', 'keep codes at 0 or above')
      .option('--nonnegative-kernels', 'keep kernels at 0 or above')
      .addOption(
        new Option('--boundary <how>', 'kernels at the border: cut off, wholly inside, or going round')
          .choices(boundaries)
          .default('same'),
      )
    masks(command)
    command
      .optionsGroup('Preprocessing:')
      .option('--high-pass <how>', HIGH_PASS, highPassChoice)
      .addOption(new Option('--contrast <how>', 'normalize contrast around each pixel').choices(['local']))
      .option(
        '--crop <size>',
        'learn from random crops of images, 64 or 48x64 (height x width) pixels large',
        patchSize,
      )
      .option('--crops-per-epoch <n>', 'random crops an epoch (default: as many as cover 20 images of 512x512)', count)
      .option('--minimum-deviation <number>', 'draw crops of a lower standard deviation again', number({ min: 0 }))
    learning(command, { epochs: 10, batch: 'as many as have 16384 pixels together' })
    command
      .addOption(
        new Option('--learning <how>', 'move kernels after every batch, or after each whole pass')
          .choices(['online', 'batch'])
          .default('online'),
      )
      .option(
        '--forgetting <number>',
        'online: how fast old batches fade, 0 keeps all (default: 5)',
        number({ min: 0, max: 100 }),
      )
      .option(
        '--learning-tolerance <number>',
        'relative gap of codes while learning (default: 0.01)',
        number({ above: 0, below: 1 }),
      )
      .option('--dead-after <n>', 'observations without use after which a kernel is replaced', count)
      .option(
        '--duplicate-cosine <number>',
        'replace one of two kernels that are alike by more than this, 1 keeps both (default: 0.95)',
        number({ above: 0, max: 1 }),
      )
      .option('--no-centring', 'let kernels drift to one side')
  },

  async recipe(options, { threads, note }) {
    const { ConfigurationError, convolutionalSparseCoding: define, localContrast } = await import('../../src/index.js')
    const { chosenHighPass } = await import('../actions/learningParts.js')
    const { convolutionalMeasured } = await import('../actions/convolutionalReport.js')
    const { convolutionalLine } = await import('../actions/progressLine.js')
    const { learningMasks, maskFiles } = await import('../actions/masks.js')
    const { signals: asSignals, size, lambda, lambdaRatio, contrast } = options
    const spatial = asSignals ? 1 : 2
    if (lambda === undefined && lambdaRatio === undefined) {
      throw new ConfigurationError(
        'Say how strong the regularizer is: --lambda 0.1, or --lambda-ratio 0.1 for a share of each observation’s λmax.',
      )
    }
    if (spatial === 1 && size[0] !== size[1]) {
      throw new ConfigurationError(`Kernels of signals have one length; give --size ${size[0]}, not ${size.join('x')}.`)
    }
    if (spatial === 1 && contrast !== undefined) {
      throw new ConfigurationError('--contrast local works on images; leave it out for signals.')
    }
    const files = await maskFiles(options, spatial)
    const definition = define({
      kernels: options.kernels,
      size: spatial === 1 ? [size[0]] : size,
      boundary: options.boundary,
      learning: options.learning,
      centring: options.centring,
      transform: [...chosenHighPass(options, spatial), ...(contrast === 'local' ? [localContrast()] : [])],
      seed: options.seed,
      ...threads,
      ...given({
        lambda,
        lambdaRatio,
        nonNegative: options.nonnegative,
        nonNegativeKernels: options.nonnegativeKernels,
        crop: options.crop,
        cropsPerEpoch: options.cropsPerEpoch,
        minimumDeviation: options.minimumDeviation,
        forgetting: options.forgetting,
        batchSize: options.batch,
        learningTolerance: options.learningTolerance,
        deadAfter: options.deadAfter,
        duplicateCosine: options.duplicateCosine,
      }),
    })
    return {
      cut: 'whole',
      define(data) {
        if (spatial === 2 && !('image' in data) && data.shape.length === 1) {
          throw new ConfigurationError(
            `${data.name} holds observations of ${data.shape[0]} numbers, which are no images; pass --signals to learn kernels along them.`,
          )
        }
        return {
          facts: { kernels: options.kernels, size: spatial === 1 ? size.slice(0, 1) : size },
          async learn({ fit, heldOutImages: heldOut = fit.heldOut, progress }) {
            const masked = learningMasks(files, options, spatial, data, heldOut, note)
            const model = await definition.fit(data, {
              ...fit,
              ...masked,
              ...given({ heldOut }),
              onProgress: (report) => progress(report, convolutionalLine(report)),
            })
            return {
              measure: (_, signal) => convolutionalMeasured(model, data, masked.mask, signal),
              dispose: () => model.dispose(),
            }
          },
        }
      },
    }
  },

  async open(run, { threads, runtime }) {
    const { loadModel } = await import('../../src/index.js')
    const { refuse } = await import('../actions/codingOptions.js')
    const { learnedConvolutional } = await import('../actions/learnedConvolutional.js')
    refuse('conv-sparse-coding', runtime, ['device'], 'its solvers run on the CPU')
    return learnedConvolutional(await loadModel(run, { ...threads, model: 'conv-sparse-coding' }))
  },
}
