import type { Command } from 'commander'
import { count, number } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, type OpeningOptions, opening, performs } from './common.js'

export interface ExportCommandOptions extends CommonOptions, OpeningOptions {
  readonly onnx?: boolean
  readonly out?: string
  readonly steps?: number
  readonly tolerance?: number
  readonly overwrite?: boolean
}

/** Adds `export`. */
export function addExport(program: Command): void {
  const command = program
    .command('export <run>')
    .description(
      'write the parts of a model (encoder, decoder, inference) for other programs; any number of observations',
    )
    .option('--onnx', 'as ONNX graphs, one file a part')
    .option('--out <folder>', 'where they go (default: the folder onnx in the run)')
    .option('--steps <n>', 'inference of this many steps', count)
    .option(
      '--tolerance <number>',
      'inference to this relative duality gap, or share of the first gradient, where there is none',
      number({ above: 0 }),
    )
    .option('--overwrite', 'write into a folder that holds files')
  opening(command)
  common(
    command,
    `
    $ energia export runs/digits --onnx
    $ energia export runs/digits --onnx --steps 20 --out graphs`,
  )
  performs<ExportCommandOptions>(command, ['onnx'], async () => (await import('../actions/exportModel.js')).exportModel)
}
