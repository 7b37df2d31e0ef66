import { type Command, Option } from 'commander'
import { device } from '../commands/common.js'
import { count, number, positive } from '../numbers.js'
import {
  dataAndResult,
  type FitOptions,
  type GradientOptions,
  gradientSteps,
  type PreprocessingOptions,
  preprocessing,
} from './options.js'

/** The options that `energia fit lista` and `energia fit psd` share. */
export interface EncoderOptions extends FitOptions, PreprocessingOptions, GradientOptions {
  readonly dictionary?: string
  readonly atoms?: number
  readonly lambda?: number
  readonly dictionaryEpochs?: number
  readonly encoder: (typeof encoders)[number]
  readonly steps?: number
  readonly untied?: boolean
  readonly trainingSteps?: number
  readonly learningTolerance?: number
}

const encoders = ['lista', 'linear-shrink', 'linear-tanh-gain'] as const

/** Adds them; `own` adds what only one of the two has, below the heading of the model. */
export function encoderOptions(
  command: Command,
  defaults: { readonly encoder: EncoderOptions['encoder']; readonly steps: number; readonly dictionaryEpochs: number },
  own: (command: Command) => void,
): void {
  dataAndResult(command)
  command
    .optionsGroup('Model:')
    .option('--dictionary <run|file.npy>', 'a run of sparse-coding, or atoms [k, …]; else one is learned first')
    .option('--atoms <n>', 'how many atoms to learn first, where no dictionary is given', count)
    .option('--lambda <number>', 'λ of λ‖z‖₁ (default: that of the run)', positive)
    .option(
      '--dictionary-epochs <n>',
      `epochs that the dictionary is learned for first (default: ${defaults.dictionaryEpochs})`,
      count,
    )
    .addOption(new Option('--encoder <name>', 'what predicts codes').choices(encoders).default(defaults.encoder))
    .option(
      '--steps <n>',
      `lista: K, how often S is applied (default: ${defaults.steps})`,
      number({ whole: true, min: 0, max: 1000 }),
    )
    .option('--untied', 'lista: gives each step matrices and thresholds of its own')
  own(command)
  preprocessing(command)
  command
    .optionsGroup('Learning:')
    .option('--training-steps <n>', 'batches to learn from (default: 4000)', count)
    .option('--seconds <number>', 'stop after this long', positive)
    .option('--batch <n>', 'observations a step (default: 256)', count)
    .option('--held-out <source|share>', 'data, or a share of it, to measure on and not to learn from')
    .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }), 0)
    .option('--checkpoint-seconds <number>', 'seconds between checkpoints (default: 10)', number({ min: 0 }))
    .option(
      '--learning-tolerance <number>',
      'relative gap of codes while learning (default: 1e-5)',
      number({ above: 0, below: 1 }),
    )
  gradientSteps(command, { rate: 'default: 0.002, falling along half a cosine' })
  device(command)
}
