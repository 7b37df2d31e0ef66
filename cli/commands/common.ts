import { type Command, Option } from 'commander'
import { number } from '../numbers.js'
import { type CommonOptions, inSession, type Session } from '../session.js'

/** Adds the options that every command has, and an example to its help. */
export function common(command: Command, examples: string): Command {
  return command
    .option('--threads <n>', 'threads to use (default: all of the machine)', number({ whole: true, min: 1, max: 256 }))
    .option('--json', 'write newline-delimited events to standard output instead of progress and tables')
    .option('--no-color', 'use no colours (NO_COLOR does the same)')
    .option('--debug', 'show where an error came from')
    .addHelpOption(new Option('-h, --help', 'show this help'))
    .addHelpText('after', `\nExamples:\n${examples.trim().replace(/^\s*/gm, '  ')}`)
}

/** What a command does, loaded when it runs. */
export type Work<Options extends CommonOptions> = (
  session: Session,
  options: Options,
  argument: string,
) => Promise<void>

/** Gives a command its work; its first argument, where it has one, comes last. */
export function performs<Options extends CommonOptions>(command: Command, load: () => Promise<Work<Options>>): void {
  command.action(async () => {
    const options = command.opts<Options>()
    const [argument = ''] = command.args
    await inSession(options, async (session) => (await load())(session, options, argument))
  })
}
