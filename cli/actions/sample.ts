import type { SampleCommandOptions } from '../commands/sample.js'
import type { Session } from '../session.js'
import { cannot, openModel } from './openModel.js'
import { checkPlace, numbered, writeObservations } from './writeObservations.js'

/** `energia sample`. */
export async function sample(session: Session, options: SampleCommandOptions, run: string): Promise<void> {
  const { out, count, seed } = options
  const place = await checkPlace(out, options.overwrite)
  const model = await openModel(run, session)
  try {
    if (model.sample === undefined) throw cannot('sample', run, model)
    const batches = model.sample({ count, seed, signal: session.signal })
    session.event('start', { command: 'sample', run, count, seed, out })
    const made = {
      shape: model.observation,
      count,
      what: 'samples',
      scaling: 'unit',
      async *items() {
        let first = 0
        for await (const batch of batches) {
          yield* numbered(batch, first, count)
          first += batch.shape[0]
        }
      },
    } as const
    await writeObservations(made, place, session)
  } finally {
    model.dispose()
  }
}
