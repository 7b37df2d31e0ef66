import { type Command, Option } from 'commander'
import { count, type HighPassChoice, highPassChoice, number, patchSize, positive } from '../numbers.js'
import type { CommonOptions } from '../session.js'

/*
 * Groups of options that models share. Each adds itself to a command under its own heading.
 */

/** The options of every `energia fit`. */
export interface FitOptions extends CommonOptions {
  readonly data: string
  readonly array?: string
  readonly signals?: boolean
  readonly window?: number
  readonly hop?: number
  readonly colour?: boolean
  readonly out: string
  readonly resume?: boolean
  readonly overwrite?: boolean
  readonly epochs?: number
  readonly seconds?: number
  readonly batch?: number
  readonly heldOut?: string
  readonly patience?: number
  readonly seed: number
  readonly checkpointSeconds?: number
}

/** Where data comes from and the model goes. */
export function dataAndResult(command: Command): void {
  command
    .optionsGroup('Data and result:')
    .option('--data <source>', 'what to learn from: digits, photographs, mnist, a file, folder or pattern, or - (npy)')
    .option('--array <name>', 'the array of an npz file, or the column of a Parquet file, in --data')
    .option('--colour', 'keep the colours of images')
    .option('--out <folder>', 'the run folder to make')
    .option('--resume', 'go on from the checkpoint in the run folder')
    .option('--overwrite', 'replace a run that is there')
}

/** Arrays that are signals; goes below the heading "Data and result:" of models that take them. */
export function signals(command: Command): void {
  command
    .option('--signals', 'arrays are signals: [t] is one, [n, t] or [n, t, channels] are n')
    .option('--window <n>', 'cut signals into windows of n samples', count)
    .option('--hop <n>', 'samples from one window to the next (default: those of a window)', count)
}

/** What is missing in the data, where a model learns from the rest. */
export interface MaskOptions {
  readonly mask?: string
  readonly heldOutMask?: string
}

export function masks(command: Command): void {
  command
    .option(
      '--mask <file>',
      'what was observed, 1, and what is missing, 0: an npy file, an image, or images called as those of --data',
    )
    .option('--held-out-mask <file>', 'the same of --held-out (default: a single mask holds for both)')
}

/** How long learning goes on; `defaults` are words for the help. */
export function learning(
  command: Command,
  defaults: { readonly epochs: number; readonly batch: number | string },
): void {
  command
    .optionsGroup('Learning:')
    .option('--epochs <n>', `passes through the data (default: ${defaults.epochs}, unlimited with --seconds)`, count)
    .option('--seconds <number>', 'stop after this long', positive)
    .option('--batch <n>', `observations a step (default: ${defaults.batch})`, count)
    .option('--held-out <source|share>', 'data, or a share of it, to measure on and not to learn from')
    .option('--patience <n>', 'epochs without a better held-out energy before learning stops', count)
    .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }), 0)
    .option('--checkpoint-seconds <number>', 'seconds between checkpoints (default: 10)', number({ min: 0 }))
}

export const activations = ['relu', 'tanh', 'sigmoid', 'softplus', 'identity'] as const

/** How networks move along their gradients. */
export interface GradientOptions {
  readonly optimizer: 'adam' | 'adamW' | 'sgd'
  readonly learningRate?: number
}

/** Goes below the heading "Learning:"; `rate` says what the learning rate is where it is not given. */
export function gradientSteps(command: Command, { rate }: { readonly rate: string }): void {
  command
    .addOption(new Option('--optimizer <name>', 'how networks move').choices(['adam', 'adamW', 'sgd']).default('adam'))
    .option('--learning-rate <number>', `size of the steps (${rate})`, positive)
}

/** What is done to images and observations before a model sees them. */
export interface PreprocessingOptions {
  readonly patch?: [height: number, width: number]
  readonly patchesPerEpoch?: number
  readonly minimumDeviation?: number
  readonly highPass?: HighPassChoice
  readonly whiten: 'none' | 'olshausen' | 'zca'
  readonly zcaFloor?: number
  readonly centre?: boolean
  readonly contrast?: 'global' | 'local'
  readonly unitVariance?: boolean
}

/** What the option --high-pass does. */
export const HIGH_PASS = 'take what is smooth out of whole images: tikhonov, tikhonov:10 or gaussian:5'

export function preprocessing(command: Command): void {
  command
    .optionsGroup('Preprocessing:')
    .option('--patch <size>', 'learn from patches of images, 16 or 8x12 (height x width) pixels large', patchSize)
    .option('--patches-per-epoch <n>', 'random patches an epoch (default: 20000)', count)
    .option('--minimum-deviation <number>', 'draw patches of a lower standard deviation again', number({ min: 0 }))
    .option('--high-pass <how>', HIGH_PASS, highPassChoice)
    .addOption(
      new Option('--whiten <how>', 'olshausen filters whole images, zca works on observations')
        .choices(['none', 'olshausen', 'zca'])
        .default('none'),
    )
    .option(
      '--zca-floor <share>',
      'the least eigenvalue as a share of the largest (default: 0.001)',
      number({ above: 0, max: 1 }),
    )
    .option('--centre', 'take each observation’s mean away')
    .addOption(
      new Option(
        '--contrast <how>',
        'normalize contrast over an observation, or around each pixel of an image',
      ).choices(['global', 'local']),
    )
    .option('--unit-variance', 'scale all observations by one number to variance 1')
}

export const regularizers = ['l1', 'weighted-l1', 'nonnegative', 'elastic-net', 'group', 'top-k', 'l0'] as const

/** λR(z). */
export interface RegularizerOptions {
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly regularizer: (typeof regularizers)[number]
  readonly weights?: string
  readonly ridge?: number
  readonly groupSize?: number
  readonly active?: number
}

/** Goes below the heading of the model's own options. */
export function regularizer(command: Command): void {
  command
    .option('--lambda <number>', 'λ, the strength of the regularizer', positive)
    .option('--lambda-ratio <share>', 'λ as a share of each observation’s λmax', number({ above: 0, below: 1 }))
    .addOption(new Option('--regularizer <name>', 'R(z)').choices(regularizers).default('l1'))
    .option('--weights <file.npy>', 'weighted-l1: one weight above 0 for each atom')
    .option('--ridge <number>', 'elastic-net: μ of ½μ‖z‖²', number({ min: 0 }))
    .option('--group-size <n>', 'group: neighbouring atoms to a group', count)
    .option('--active <n>', 'top-k: the most active atoms a code', count)
}

/** How the atoms of a dictionary move. */
export interface UpdateOptions {
  readonly update: 'online' | 'gradient'
  readonly forgetting?: number
  readonly rate?: number
  readonly normalization?: 'columns' | 'sum-of-norms'
}

/** Goes below the heading "Learning:". */
export function dictionaryUpdate(command: Command): void {
  command
    .addOption(new Option('--update <how>', 'how atoms move').choices(['online', 'gradient']).default('online'))
    .option(
      '--forgetting <number>',
      'online: how fast old batches fade, 0 keeps all (default: 5)',
      number({ min: 0, max: 100 }),
    )
    .option('--rate <number>', 'gradient: the step relative to 1/L (default: 1)', number({ above: 0, below: 2 }))
    .addOption(
      new Option('--normalization <how>', 'gradient: what is normalized after a step (default: columns)').choices([
        'columns',
        'sum-of-norms',
      ]),
    )
}
