import type { Command } from 'commander'
import type { CommonOptions } from '../session.js'
import { common, device, type OpeningOptions, opening, performs } from './common.js'

export interface DecodeCommandOptions extends CommonOptions, OpeningOptions {
  readonly codes: string
  readonly out: string
  readonly patches?: boolean
  readonly overwrite?: boolean
}

/** Adds `decode`. */
export function addDecode(program: Command): void {
  const command = program
    .command('decode <run>')
    .description('turn codes back into observations, in the units of the data')
    .option('--codes <file.npz>', 'codes from energia encode, or from scipy.sparse.save_npz')
    .option('--out <file.npy|folder>', 'an npy file, or a folder for PNG pictures')
    .option('--patches', 'leave the patches of images apart instead of putting the images together')
    .option('--overwrite', 'replace what is there')
  opening(command)
  device(command)
  common(
    command,
    `
    $ energia decode runs/strokes --codes codes.npz --out images.npy
    $ energia decode runs/edges --codes edges.npz --out pictures`,
  )
  performs<DecodeCommandOptions>(command, ['codes', 'out'], async () => (await import('../actions/decode.js')).decode)
}
