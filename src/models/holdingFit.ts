import { type CreateRunOptions, holdingRun } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'

/** A fit out of what learns: while it does, nothing else makes a run where its own is to be. Throws what `holdingRun` throws. */
export const holdingFit =
  <Plan, Data, Fit extends CreateRunOptions & { readonly run?: string | Store }, Model>(
    learn: (plan: Plan, data: Data, fit: Fit) => Promise<Model>,
  ) =>
  (plan: Plan, data: Data, fit: Fit): Promise<Model> =>
    holdingRun(fit, () => learn(plan, data, fit))
