import type { Command } from 'commander'
import { common, performs } from './common.js'
import { type CodingOptions, coding } from './encode.js'

export interface EnergyCommandOptions extends CodingOptions {
  readonly out?: string
  readonly overwrite?: boolean
}

/** Adds `energy`. */
export function addEnergy(program: Command): void {
  const command = program
    .command('energy <run>')
    .description('the free energy of each observation, min over z of E(y, z): an anomaly score, as CSV or npy')
  coding(command)
    .option('--out <file.csv|file.npy>', 'where the scores go (default: CSV on standard output)')
    .option('--overwrite', 'replace a file that is there')
  common(
    command,
    `
    $ energia energy runs/strokes --data digits > scores.csv
    $ energia energy runs/strokes --data mnist:test --out scores.npy`,
  )
  performs<EnergyCommandOptions>(command, ['data'], async () => (await import('../actions/energy.js')).energy)
}
