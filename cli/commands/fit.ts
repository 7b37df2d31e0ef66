import { type Command, Option } from 'commander'
import { count, number, patchSize, positive } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'

export const regularizers = ['l1', 'weighted-l1', 'nonnegative', 'elastic-net', 'group', 'top-k', 'l0'] as const

/** The options of `energia fit sparse-coding`. */
export interface FitCommandOptions extends CommonOptions {
  readonly data: string
  readonly array?: string
  readonly colour?: boolean
  readonly out: string
  readonly atoms: number
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly regularizer: (typeof regularizers)[number]
  readonly weights?: string
  readonly ridge?: number
  readonly groupSize?: number
  readonly active?: number
  readonly patch?: [height: number, width: number]
  readonly patchesPerEpoch?: number
  readonly minimumDeviation?: number
  readonly whiten: 'none' | 'olshausen' | 'zca'
  readonly zcaFloor?: number
  readonly centre?: boolean
  readonly contrast?: 'global' | 'local'
  readonly unitVariance?: boolean
  readonly update: 'online' | 'gradient'
  readonly forgetting?: number
  readonly rate?: number
  readonly normalization?: 'columns' | 'sum-of-norms'
  readonly nonnegativeAtoms?: boolean
  readonly deadAfter?: number
  readonly start: 'observations' | 'parts' | 'noise'
  readonly learningTolerance?: number
  readonly epochs?: number
  readonly seconds?: number
  readonly batch?: number
  readonly heldOut?: string
  readonly patience?: number
  readonly seed: number
  readonly resume?: boolean
  readonly overwrite?: boolean
  readonly checkpointSeconds?: number
}

/** Adds `fit` with a command for each model. */
export function addFit(program: Command): void {
  const fit = program.command('fit').description('learn a model from data')
  fit.addHelpText(
    'after',
    `
Examples:
  $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
  $ energia fit sparse-coding --help`,
  )
  const command = fit
    .command('sparse-coding')
    .description('learn a dictionary W of atoms such that each observation y is a sum of few: ½‖y − Wz‖² + λR(z)')
  const whole = (min: number) => number({ whole: true, min })

  command
    .optionsGroup('Data and result:')
    .option('--data <source>', 'what to learn from: digits, photographs, mnist, a file, folder or pattern, or - (npy)')
    .option('--array <name>', 'the array of an npz file, or the column of a Parquet file')
    .option('--colour', 'keep the colours of images')
    .option('--out <folder>', 'the run folder to make')
    .option('--resume', 'go on from the checkpoint in the run folder')
    .option('--overwrite', 'replace a run that is there')
    .optionsGroup('Model:')
    .option('--atoms <n>', 'number of atoms', count, 256)
    .option('--lambda <number>', 'λ, the strength of the regularizer', positive)
    .option('--lambda-ratio <share>', 'λ as a share of each observation’s λmax', number({ above: 0, below: 1 }))
    .addOption(new Option('--regularizer <name>', 'R(z)').choices(regularizers).default('l1'))
    .option('--weights <file.npy>', 'weighted-l1: one weight above 0 for each atom')
    .option('--ridge <number>', 'elastic-net: μ of ½μ‖z‖²', number({ min: 0 }))
    .option('--group-size <n>', 'group: neighbouring atoms to a group', count)
    .option('--active <n>', 'top-k: the most active atoms a code', count)
    .option('--nonnegative-atoms', 'keep all atoms at 0 or above')
    .optionsGroup('Preprocessing:')
    .option('--patch <size>', 'learn from patches of images, 16 or 8x12 (height x width) pixels large', patchSize)
    .option('--patches-per-epoch <n>', 'random patches an epoch (default: 20000)', count)
    .option('--minimum-deviation <number>', 'draw patches of a lower standard deviation again', number({ min: 0 }))
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
    .optionsGroup('Learning:')
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
    .option('--epochs <n>', 'passes through the data (default: 10, unlimited with --seconds)', count)
    .option('--seconds <number>', 'stop after this long', positive)
    .option('--batch <n>', 'observations a step (default: 1024)', count)
    .option('--held-out <source|share>', 'data, or a share of it, to measure on and not to learn from')
    .option('--patience <n>', 'epochs without a better held-out energy before learning stops', count)
    .option(
      '--learning-tolerance <number>',
      'relative gap of codes while learning (default: 0.01)',
      number({ above: 0, below: 1 }),
    )
    .option('--dead-after <n>', 'observations without use after which an atom is replaced', count)
    .addOption(
      new Option('--start <what>', 'what first atoms are made of; parts lead to local atoms')
        .choices(['observations', 'parts', 'noise'])
        .default('observations'),
    )
    .option('--seed <n>', 'seed of everything random', whole(0), 0)
    .option('--checkpoint-seconds <number>', 'seconds between checkpoints (default: 10)', number({ min: 0 }))
    .optionsGroup('General:')
  common(
    command,
    `
    $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
    $ energia fit sparse-coding --data photographs --patch 16 --whiten olshausen --lambda-ratio 0.1 --out runs/edges
    $ energia fit sparse-coding --data 'images/*.png' --patch 8 --regularizer top-k --active 5 --seconds 60 --out runs/mine`,
  )
  performs<FitCommandOptions>(command, ['data', 'out'], async () => (await import('../actions/fit.js')).fit)
}
