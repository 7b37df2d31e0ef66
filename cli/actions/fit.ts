import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CancelledError, ConfigurationError, ConvergenceError } from '../../src/index.js'
import { given } from '../given.js'
import type { ModelCommand } from '../models/model.js'
import type { FitOptions } from '../models/options.js'
import type { Session } from '../session.js'
import { shellWord } from '../shellWord.js'
import { checkApart } from './outputs.js'
import { preparedData, sampleOf } from './preparedData.js'
import { numberTable } from './text.js'

/** `energia fit`: learns a model of any kind, and ends with numbers measured on it. */
export async function fit<Options extends FitOptions>(
  session: Session,
  options: Options,
  model: ModelCommand<Options>,
): Promise<void> {
  checkRun(options)
  if (existsSync(options.out) && statSync(options.out).isDirectory()) {
    for (const input of inputsOf(options)) await checkApart(options.out, input)
  }
  const before = checkpointTime(options)
  const recipe = await model.recipe(options, session)
  const { data, heldOut, heldOutImages } = await preparedData(options, recipe.cut, session)
  const { facts, learn } = recipe.define(data)
  session.event('start', { command: 'fit', model: model.name, data: data.name, ...facts, out: options.out })
  const trained = await learn({
    fit: {
      run: options.out,
      signal: session.signal,
      ...given({
        epochs: options.epochs,
        seconds: options.seconds,
        heldOut,
        patience: options.patience,
        overwrite: options.overwrite,
        resume: options.resume,
        checkpointSeconds: options.checkpointSeconds,
      }),
    },
    ...given({ heldOutImages }),
    progress: (numbers, line) => session.progress('progress', numbers, line),
  }).catch((error: unknown) => {
    throw error instanceof CancelledError ? stopped(options, before) : error
  })
  try {
    const sample = (shuffled = true) => sampleOf(data, options, recipe.cut, shuffled)
    session.progress('measuring', {}, 'measuring what was learned')
    const { fields, rows, note, failure } = await trained.measure(sample, session.signal).catch((error: unknown) => {
      throw error instanceof CancelledError
        ? new CancelledError(`Stopped while measuring what was learned; the model in ${options.out} is whole.`)
        : error
    })
    if (note !== undefined) session.note(note)
    session.event('done', { ...fields, out: options.out })
    session.print(numberTable(rows))
    session.say(`The model is in ${options.out}; look at it with: energia show ${shellWord(options.out)}`)
    if (failure !== undefined) throw new ConvergenceError(`${failure} ${options.out} keeps the last good parameters.`)
  } finally {
    trained.dispose()
  }
}

function checkRun(options: FitOptions): void {
  if (options.resume && options.overwrite) {
    throw new ConfigurationError('A run can be resumed or overwritten, not both; give one of --resume and --overwrite.')
  }
  if (options.patience !== undefined && options.heldOut === undefined) {
    throw new ConfigurationError('--patience counts epochs without a better held-out energy; give --held-out as well.')
  }
}

/** What a fit may read from disk, whatever the model. */
function inputsOf(
  options: FitOptions & { readonly dictionary?: string; readonly mask?: string; readonly heldOutMask?: string },
): (string | undefined)[] {
  return [options.data, options.heldOut, options.dictionary, options.mask, options.heldOutMask]
}

/** When the run's checkpoint was written, where it has one. */
function checkpointTime({ out }: FitOptions): number | undefined {
  const file = join(out, 'checkpoint.safetensors')
  return existsSync(file) ? statSync(file).mtimeMs : undefined
}

/** What to say when learning was stopped: what is kept, and how to go on. */
function stopped(options: FitOptions, before: number | undefined): CancelledError {
  const { out } = options
  const now = checkpointTime(options)
  if (now === undefined || (options.overwrite && now === before)) {
    return new CancelledError('Stopped before anything was learned; there is nothing to go on from.')
  }
  const again = process.argv.slice(2).filter((argument) => argument !== '--overwrite' && argument !== '--resume')
  return new CancelledError([
    `Stopped. A checkpoint is kept in ${out}; go on with:`,
    `  energia ${[...again, '--resume'].map(shellWord).join(' ')}`,
  ])
}
