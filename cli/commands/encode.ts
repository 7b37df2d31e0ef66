import { type Command, Option } from 'commander'
import { signals } from '../models/options.js'
import { count, number, positive } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, device, type OpeningOptions, opening, performs } from './common.js'

/** Solvers of dictionaries, and of other energies. */
const solvers = [
  ...(['active-set', 'coordinate-descent', 'fista', 'ista', 'omp'] as const),
  ...(['proximal-gradient', 'gradient-descent'] as const),
]

/** The options of commands that code data with a model. */
export interface CodingOptions extends CommonOptions, OpeningOptions {
  readonly data: string
  readonly array?: string
  readonly signals?: boolean
  readonly window?: number
  readonly hop?: number
  readonly mask?: string
  readonly solver?: (typeof solvers)[number]
  readonly tolerance?: number
  readonly maxSteps?: number
  readonly seconds?: number
  readonly sweeps?: number
  readonly restarts?: number
  readonly samples?: number
  readonly seed?: number
}

export interface EncodeCommandOptions extends CodingOptions {
  readonly out: string
  readonly overwrite?: boolean
}

/** Adds the options that choose data. */
export function sourceOptions(command: Command): Command {
  command
    .option('--data <source>', 'what to code: digits, photographs, mnist, a file, folder or pattern, or - (npy)')
    .option('--array <name>', 'the array of an npz file, or the column of a Parquet file')
  signals(command)
  return command
}

/** Adds the options that choose data and solver. */
export function coding(command: Command): Command {
  sourceOptions(command)
    .option(
      '--mask <file>',
      'sparse-coding and conv-sparse-coding: what was observed, 1, and what is missing, 0: npy, or an image, or images called as those of --data',
    )
    .addOption(
      new Option(
        '--solver <name>',
        'how codes are found (default: the fastest); the last two are for latent-variable',
      ).choices(solvers),
    )
    .option(
      '--tolerance <number>',
      'relative duality gap to reach (default: 1e-6); lista, psd, conv-autoencoder: without it, codes are the encoder’s',
      number({ min: 0 }),
    )
    .option('--max-steps <n>', 'steps of the solver an observation', number({ whole: true, min: 0, max: 2 ** 31 - 1 }))
    .option('--seconds <number>', 'return what is solved after this long', positive)
    .option(
      '--sweeps <n>',
      'conv-autoencoder: sweeps over the coefficients that the encoder predicts, which bring them nearer to the optimum (default: 0)',
      number({ whole: true, min: 0, max: 10_000 }),
    )
    .option(
      '--restarts <n>',
      'latent-variable: starts from random codes besides the first, the best of which counts',
      number({ whole: true, min: 0 }),
    )
    .option('--samples <n>', 'vae: codes drawn for an energy, which makes the bound tighter', count)
    .option('--seed <n>', 'seed of restarts and samples', number({ whole: true, min: 0 }))
  return device(opening(command))
}

/** Adds `encode`. */
export function addEncode(program: Command): void {
  const command = program
    .command('encode <run>')
    .description('code data with a model: an npz file that scipy.sparse.load_npz reads')
  coding(command).option('--out <file.npz>', 'where the codes go').option('--overwrite', 'replace a file that is there')
  common(
    command,
    `
    $ energia encode runs/strokes --data digits --out codes.npz
    $ energia encode runs/edges --data photographs --solver fista --tolerance 1e-4 --out edges.npz`,
  )
  command.addHelpText(
    'after',
    `
Beside the codes the file holds, for each observation: energy, gap (or stationarity, where there is no gap; for vae the
deviation of its code), steps, and status (0 converged, 1 steps used up, 2 time used up, 3 diverged, 4 not finite,
5 no better code in single precision).`,
  )
  performs<EncodeCommandOptions>(command, ['data', 'out'], async () => (await import('../actions/encode.js')).encode)
}
