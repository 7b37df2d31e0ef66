import { Argument, type Command } from 'commander'

/** Adds `completion`, which prints a script made from the definitions of all the other commands. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  $ energia completion bash
  $ energia completion zsh > ~/.zfunc/_energia
  $ energia completion fish > ~/.config/fish/completions/energia.fish

For bash, put this line into ~/.bashrc:  source <(energia completion bash)`,
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { grammar } = await import('../completion/grammar.js')
      const writers = {
        bash: async () => (await import('../completion/bash.js')).bash,
        zsh: async () => (await import('../completion/zsh.js')).zsh,
        fish: async () => (await import('../completion/fish.js')).fish,
      }
      const write = await writers[shell]()
      process.stdout.write(write(grammar(program)))
    })
}
