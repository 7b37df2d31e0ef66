import type { Command } from 'commander'
import { count, number } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, device, type OpeningOptions, opening, performs } from './common.js'

export interface SampleCommandOptions extends CommonOptions, OpeningOptions {
  readonly out: string
  readonly count: number
  readonly seed: number
  readonly given?: string
  readonly overwrite?: boolean
}

/** Adds `sample`. */
export function addSample(program: Command): void {
  const command = program
    .command('sample <run>')
    .description('draw new observations from a model')
    .option('--out <file.npy|folder>', 'an npy file, or a folder for PNG pictures')
    .option('--count <n>', 'how many; with --given, for each x', count, 64)
    .option('--given <source>', 'what to explain, for a model that has an x: observations, whole or x alone')
    .option('--seed <n>', 'seed of the draws', number({ whole: true, min: 0 }), 0)
    .option('--overwrite', 'replace what is there')
  opening(command)
  device(command)
  common(
    command,
    `
    $ energia sample runs/digits --count 100 --out samples.npy
    $ energia sample runs/digits --seed 7 --out samples
    $ energia sample runs/halves --given digits --count 5 --out completions.npy`,
  )
  performs<SampleCommandOptions>(command, ['out'], async () => (await import('../actions/sample.js')).sample)
}
