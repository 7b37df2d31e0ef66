import type { Command, Option } from 'commander'

/** What may stand after an option, or as an argument. */
export interface Value {
  readonly words: readonly string[]
  readonly files: boolean
}

export interface OptionWord {
  /** "--out", and "-h" where there is a short form. */
  readonly names: readonly string[]
  readonly description: string
  /** Undefined for a switch. */
  readonly value: Value | undefined
}

/** One command: what may follow it. */
export interface CommandWords {
  /** The words that lead to it, each after a space: "", " fit", " fit sparse-coding". */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly OptionWord[]
  readonly argument: Value | undefined
}

/** Sources with a name, offered beside files where data is asked for. */
const sources = ['digits', 'photographs', 'mnist', 'dead-leaves', 'planted']

/** Everything that can be typed, read off commander's own definitions. */
export function grammar(command: Command, path = ''): CommandWords[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const [argument] = command.registeredArguments
  const own: CommandWords = {
    path,
    commands: commands.map((each) => ({ name: each.name(), description: each.description() })),
    options: help.visibleOptions(command).map((option) => ({
      names: [option.long, option.short].filter((name) => name != null),
      description: option.description,
      value: optionValue(option),
    })),
    argument: argument && { words: argument.argChoices ?? [], files: argument.argChoices === undefined },
  }
  const below = commands.filter((each) => each.name() !== 'help')
  return [own, ...below.flatMap((each) => grammar(each, `${path} ${each.name()}`))]
}

function optionValue(option: Option): Value | undefined {
  if (!option.required && !option.optional) return undefined
  if (option.argChoices) return { words: option.argChoices, files: false }
  const source = /<source/.test(option.flags)
  return { words: source ? sources : [], files: source || /<[^>]*(file|folder)/.test(option.flags) }
}

/** A text in single quotes for bash and zsh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
