import { styleText } from 'node:util'
import { Command } from 'commander'
import { addClassify } from './commands/classify.js'
import { addCompletion } from './commands/completion.js'
import { addDecode } from './commands/decode.js'
import { addDenoise } from './commands/denoise.js'
import { addEncode } from './commands/encode.js'
import { addEnergy } from './commands/energy.js'
import { addExport } from './commands/export.js'
import { addFeatures } from './commands/features.js'
import { addFit } from './commands/fit.js'
import { addInpaint } from './commands/inpaint.js'
import { addLecture } from './commands/lecture.js'
import { addSample } from './commands/sample.js'
import { addShow } from './commands/show.js'
import { hinted } from './complaint.js'
import type { ExtraVerb } from './models/model.js'
import { models } from './models/registry.js'

/** All commands with their options; nothing that computes is loaded. */
export function energia(version = 'unknown'): Command {
  const program = new Command('energia')
    .description(
      'Learn and use codes of data: dictionaries, encoders, auto-encoders and energies of your own, with certificates and pictures.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(Add --help to see what can be given.)')
    .exitOverride()
    .configureHelp({ styleTitle: (title) => styleText('bold', title, { validateStream: false }) })
    .configureOutput({ outputError: (message, write) => write(hinted(message)) })
    .addHelpText(
      'after',
      `
Examples:
  $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
  $ energia show runs/strokes
  $ energia encode runs/strokes --data digits --out codes.npz
  $ energia fit vae --data digits --latent 2 --out runs/plane
  $ energia lecture --out lecture

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.`,
    )
  const served = (verb: ExtraVerb) => models.some(({ also }) => also?.includes(verb))
  const adders = [
    ...[addFit, addEncode, addDecode, addEnergy, addShow],
    ...(served('sample') ? [addSample] : []),
    ...(served('export') ? [addExport] : []),
    ...(served('features') ? [addFeatures] : []),
    ...[addDenoise, addInpaint, addClassify, addLecture, addCompletion],
  ]
  for (const add of adders) add(program)
  return program
}
