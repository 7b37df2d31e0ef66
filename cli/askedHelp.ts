import type { Command } from 'commander'

/**
 * The words of a command line such that help of a command that there is not ends as the command itself would, with what was meant:
 * the parser would show the help of what stands above it. `help fit vae` becomes `fit vae --help`.
 */
export function askedHelp(program: Command, args: readonly string[]): readonly string[] {
  const path: string[] = []
  let asked = false
  let at = program
  for (const word of args) {
    if (at.commands.length === 0 || word.startsWith('-')) break
    if (word === 'help') {
      asked = true
      continue
    }
    path.push(word)
    const next = at.commands.find((command) => command.name() === word)
    if (next === undefined) return path
    at = next
  }
  return asked ? [...path, '--help'] : args
}
