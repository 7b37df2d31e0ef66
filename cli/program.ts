import { styleText } from 'node:util'
import { Command } from 'commander'
import { addCompletion } from './commands/completion.js'
import { addDecode } from './commands/decode.js'
import { addEncode } from './commands/encode.js'
import { addEnergy } from './commands/energy.js'
import { addFit } from './commands/fit.js'
import { addLecture } from './commands/lecture.js'
import { addShow } from './commands/show.js'

/** All commands with their options; nothing that computes is loaded. */
export function energia(version = 'unknown'): Command {
  const program = new Command('energia')
    .description('Learn and use sparse codes: dictionaries from images, codes with certificates, pictures of both.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(Add --help to see what can be given.)')
    .exitOverride()
    .configureHelp({ styleTitle: (title) => styleText('bold', title, { validateStream: false }) })
    .configureOutput({
      outputError: (message, write) =>
        write(
          /too many arguments/.test(message)
            ? `${message}(Quote a pattern, as in --data 'images/*.png', so that the shell does not expand it.)\n`
            : message,
        ),
    })
    .addHelpText(
      'after',
      `
Examples:
  $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
  $ energia show runs/strokes
  $ energia encode runs/strokes --data digits --out codes.npz
  $ energia lecture --out lecture

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.`,
    )
  for (const add of [addFit, addEncode, addDecode, addEnergy, addShow, addLecture, addCompletion]) add(program)
  return program
}
