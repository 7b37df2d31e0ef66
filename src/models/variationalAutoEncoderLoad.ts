import type { Run } from '../artifacts/runFolder.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import type { LearningStatus } from './latentVariableProgress.js'
import { storedOf } from './latentVariableTensors.js'
import { shapesOfParameters, variationalParts } from './variationalAutoEncoderLoss.js'
import { createVariationalModel, type VariationalModel } from './variationalAutoEncoderModel.js'
import { type VariationalProgress, validVariationalProgress } from './variationalAutoEncoderProgress.js'
import { formOfSettings, variationalSettings } from './variationalAutoEncoderSettings.js'

/**
 * The variational auto-encoder of a run folder. Throws FileFormatError where it is damaged or its learning has not finished, and
 * ConfigurationError where its networks are functions of your own, which no file holds.
 */
export async function loadVariational(run: Run, options: { runtime?: RuntimeOptions } = {}): Promise<VariationalModel> {
  const settings = run.settings(variationalSettings)
  const parts = variationalParts(formOfSettings(settings), settings.shapes)
  const { tensors } = await run.loadTensors()
  const parameters = storedOf('parameters', shapesOfParameters(parts), tensors, `${run.store.path}/model.safetensors:`)
  const history: VariationalProgress[] = []
  let status: LearningStatus = 'finished'
  for (const { event, ...metrics } of await run.readMetrics()) {
    if (event === 'progress') history.push(validVariationalProgress(metrics, `${run.store.path}/metrics.ndjson:`))
    if (event === 'end' && metrics.status === 'nonFinite') status = 'nonFinite'
  }
  return createVariationalModel({
    parts,
    settings,
    parameters,
    runtime: await runtime(options.runtime ?? {}),
    history,
    status,
  })
}
