import type { Command } from 'commander'
import type { FitOptions } from '../models/options.js'
import { models } from '../models/registry.js'
import { shellWord } from '../shellWord.js'
import { common, performs } from './common.js'

/** Adds `fit` with a command for each model. */
export function addFit(program: Command): void {
  const fit = program.command('fit').description('learn a model from data')
  fit.addHelpText(
    'after',
    `
Examples:
  $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
  $ energia fit vae --data digits --latent 2 --out runs/plane
  $ energia fit lista --help`,
  )
  for (const model of models) {
    const command = fit.command(model.name).description(model.description)
    model.options(command)
    command.optionsGroup('General:')
    common(command, model.examples)
    performs<FitOptions>(command, ['data', 'out'], async () => {
      const learn = await import('../actions/fit.js')
      return (session, options) => learn.fit(session, options, model)
    })
  }
  program.hook('preSubcommand', (_, subcommand) => {
    if (subcommand === fit) requireModel(fit, program.args.slice(1))
  })
}

/** Ends with what to type where options stand in the place of the model's name. */
function requireModel(fit: Command, words: readonly string[]): void {
  if (!words[0]?.startsWith('-') || words.includes('--help') || words.includes('-h')) return
  const names = models.map(({ name }) => name)
  const meant = names.find((name) => words.includes(name)) ?? names[0]
  const rest = words.filter((word) => word !== meant).map(shellWord)
  fit.error(
    `error: fit needs the name of a model first: ${names.join(', ')}; as in\n  energia fit ${meant} ${rest.join(' ')}`,
  )
}
