import { type Command, Option } from 'commander'
import { cellList, number, patchSize } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'
import { sourceOptions } from './encode.js'

const pools = ['max', 'sum', 'mean'] as const

export interface FeaturesOptions {
  readonly pool: (typeof pools)[number]
  readonly cells: number[]
  readonly signs: 'absolute' | 'split'
  readonly stride?: [height: number, width: number]
  readonly tolerance?: number
}

export interface FeaturesCommandOptions extends CommonOptions, FeaturesOptions {
  readonly data: string
  readonly array?: string
  readonly signals?: boolean
  readonly window?: number
  readonly hop?: number
  readonly out: string
  readonly overwrite?: boolean
}

/** Adds `features`. */
export function addFeatures(program: Command): void {
  const command = program
    .command('features <run>')
    .description('pooled codes of images or signals for other tools to learn from: one row each, as npy or Parquet')
  sourceOptions(command)
    .option('--out <file.npy|file.parquet>', 'where the features go')
    .addOption(new Option('--pool <how>', 'what becomes of the coefficients in a cell').choices(pools).default('max'))
    .addOption(
      new Option('--cells <n>', 'cells along each axis, or several for a pyramid, as in 1,2,4')
        .argParser(cellList)
        .default([4], '4'),
    )
    .addOption(
      new Option('--signs <how>', 'pool sizes of coefficients, or positive and negative ones apart')
        .choices(['absolute', 'split'])
        .default('absolute'),
    )
    .option('--stride <pixels>', 'models of patches: from one patch to the next (default: half a patch)', patchSize)
    .option('--tolerance <number>', 'relative duality gap to reach (default: that of encode)', number({ min: 0 }))
    .option('--overwrite', 'replace a file that is there')
  common(
    command,
    `
    $ energia features runs/kernels --data photographs --cells 4 --out features.parquet
    $ energia features runs/kernels --data 'images/*.png' --pool mean --cells 1,2,4 --out features.npy
    $ energia features runs/beats --data heart.npz --window 256 --cells 8 --out beats.npy`,
  )
  command.addHelpText(
    'after',
    `
A row holds, cell by cell, a number for each kernel. Parquet has a column name, the image’s file or the number of the
observation, and a column of lists, features.`,
  )
  performs<FeaturesCommandOptions>(
    command,
    ['data', 'out'],
    async () => (await import('../actions/features.js')).features,
  )
}
