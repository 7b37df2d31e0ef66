import { ConfigurationError, FileFormatError, openRun } from '../../src/index.js'
import type { OpeningOptions } from '../commands/common.js'
import { type ExtraVerb, kindOf, type Learned } from '../models/model.js'
import { models } from '../models/registry.js'
import type { Session } from '../session.js'
import { shellWord } from '../shellWord.js'

/** The model of a run folder, of any kind. Throws FileFormatError where there is none, or of a kind that is not known. */
export async function openModel(run: string, options: OpeningOptions, session: Session): Promise<Learned> {
  const { model: kind } = await openRun(run)
  const command = models.find((each) => kindOf(each) === kind)
  if (kind === 'classifier' || kind === 'few-labels') {
    throw new FileFormatError(
      `${run} holds a run of ${kind}, which has classes and no codes; use it with: energia classify ${shellWord(run)} --data IMAGES --out predictions.csv`,
    )
  }
  if (command === undefined) {
    throw new FileFormatError(
      `${run} holds a run of ${kind}, which this version of Energia does not know (it knows ${models.map(kindOf).join(', ')}); update Energia.`,
    )
  }
  if (options.energy !== undefined && kind !== 'latent-variable') {
    throw new ConfigurationError(
      `--energy names the functions of a latent-variable model, and ${run} holds one of ${command.name}; leave it out.`,
    )
  }
  return command.open(run, session, options)
}

/** What to throw where a model cannot do what is asked of it: says which can. */
export function cannot(verb: ExtraVerb, run: string, { kind }: Learned): ConfigurationError {
  const able = models.filter(({ also }) => also?.includes(verb)).map(({ name }) => name)
  const doing = verb === 'sample' ? 'drawn from' : 'exported'
  return new ConfigurationError(
    `${run} holds a model of ${kind}, which cannot be ${doing}; ${able.length === 0 ? 'no model can' : `${able.join(', ')} can`}.`,
  )
}
