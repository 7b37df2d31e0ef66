import { type Command, Option } from 'commander'
import { number } from '../numbers.js'
import { type CommonOptions, devices, inSession, type Session } from '../session.js'

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

/** Adds the choice of where graphs run. */
export function device(command: Command): Command {
  return command.addOption(new Option('--device <name>', 'where networks run (default: cpu)').choices(devices))
}

/** The options of commands that take a model of a run folder. */
export interface OpeningOptions {
  readonly energy?: string
}

/** Adds them. */
export function opening(command: Command): Command {
  return command.option(
    '--energy <file>',
    'the module with the functions of a latent-variable model, where it has some of its own',
  )
}

/** What a command does, loaded when it runs. */
export type Work<Options extends CommonOptions> = (
  session: Session,
  options: Options,
  argument: string,
) => Promise<void>

/**
 * Gives a command its work; its first argument, where it has one, comes last. `needs` are options that must be given; they
 * are looked for after unknown ones (commander's own check comes before), so that a misspelt option is called misspelt, not missing.
 * An empty text, what an unset variable of a shell leaves, names nothing and is refused.
 */
export function performs<Options extends CommonOptions>(
  command: Command,
  needs: readonly (keyof Options & string)[],
  load: () => Promise<Work<Options>>,
): void {
  for (const option of command.options) {
    if (needs.some((name) => name === option.attributeName())) option.description += ' (required)'
  }
  command.action(async () => {
    const options = command.opts<Options>()
    for (const name of needs) {
      const flags = command.options.find((option) => option.attributeName() === name)?.flags
      if (options[name] === undefined) command.error(`error: required option '${flags}' not specified`)
    }
    for (const option of command.options) {
      if (options[option.attributeName() as keyof Options] === '') {
        command.error(`error: option '${option.flags}' is given nothing; write what it is, or leave it out`)
      }
    }
    const [argument = ''] = command.args
    if (argument === '' && command.args.length > 0) {
      command.error(`error: argument '${command.registeredArguments[0]?.name()}' is empty; write what it is`)
    }
    await inSession(options, async (session) => (await load())(session, options, argument))
  })
}
