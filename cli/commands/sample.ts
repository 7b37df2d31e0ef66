import type { Command } from 'commander'
import { count, number } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'

export interface SampleCommandOptions extends CommonOptions {
  readonly out: string
  readonly count: number
  readonly seed: number
  readonly overwrite?: boolean
}

/** Adds `sample`. */
export function addSample(program: Command): void {
  const command = program
    .command('sample <run>')
    .description('draw new observations from a model')
    .option('--out <file.npy|folder>', 'an npy file, or a folder for PNG pictures')
    .option('--count <n>', 'how many', count, 64)
    .option('--seed <n>', 'seed of the draws', number({ whole: true, min: 0 }), 0)
    .option('--overwrite', 'replace what is there')
  common(
    command,
    `
    $ energia sample runs/digits --count 100 --out samples.npy
    $ energia sample runs/digits --seed 7 --out samples`,
  )
  performs<SampleCommandOptions>(command, ['out'], async () => (await import('../actions/sample.js')).sample)
}
