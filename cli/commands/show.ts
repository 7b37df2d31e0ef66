import type { Command } from 'commander'
import type { CommonOptions } from '../session.js'
import { common, type OpeningOptions, opening, performs } from './common.js'

export interface ShowCommandOptions extends CommonOptions, OpeningOptions {
  readonly out?: string
  readonly overwrite?: boolean
}

/** Adds `show`. */
export function addShow(program: Command): void {
  const command = program
    .command('show <run>')
    .description('show a model: its dictionary in the terminal, or as a picture or report')
    .option('--out <file>', 'write picture.png, picture.svg or report.html instead')
    .option('--overwrite', 'replace a file that is there')
  opening(command)
  common(
    command,
    `
    $ energia show runs/strokes
    $ energia show runs/strokes --out report.html`,
  )
  performs<ShowCommandOptions>(command, [], async () => (await import('../actions/show.js')).show)
}
