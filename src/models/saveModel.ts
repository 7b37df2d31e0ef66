import { createRun, holdingRun, type Run } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import { checkOptions } from '../tensor/options.js'
import type { LearningStatus } from './epochProgress.js'

/** A model as its run folder tells of it. */
export interface SavedModel {
  /** What run folders call it. */
  readonly name: string
  readonly settings: object
  readonly history: readonly object[]
  readonly status?: LearningStatus
  /** Writes the model's tensors, pictures and card. */
  saveInto(run: Run): Promise<void>
}

/** Writes a run folder of a model that has learned, all of it or nothing. Throws what `holdingRun` throws. */
export async function saveModel(
  path: string | Store,
  options: { readonly overwrite?: boolean },
  { name, settings, history, status, saveInto }: SavedModel,
): Promise<void> {
  checkOptions('save', options, { overwrite: true })
  await holdingRun({ run: path, ...options }, async () => {
    const place = await createRun(path, options)
    await place.begin(name, settings, async (run) => {
      for (const progress of history) await run.appendMetrics({ event: 'progress', ...progress })
      if (status !== undefined) await run.appendMetrics({ event: 'end', status })
      await saveInto(run)
    })
  })
}
