import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** Sources with a name, offered where data is asked for. */
const sources = ['digits', 'photographs', 'photographs:colour', 'mnist', 'mnist:test', 'dead-leaves', 'planted']

/** Makes the program answer `completion <shell>` with a script, and the script's questions. */
export function addCompletion(program: Command): void {
  const root = tab(program, { completionCommandName: 'completion' })
  for (const [, command] of root.commands) {
    const data = command.options.get('data')
    if (!data) continue
    data.handler = (complete) => {
      for (const source of sources) complete(source, '')
    }
  }
}
