import type { Run } from '../artifacts/runFolder.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { readLearning } from './epochProgress.js'
import { storedOf } from './latentVariableTensors.js'
import { shapesOfParameters, variationalParts } from './variationalAutoEncoderLoss.js'
import { createVariationalModel, type VariationalModel } from './variationalAutoEncoderModel.js'
import { validVariationalProgress } from './variationalAutoEncoderProgress.js'
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
  const { history, status } = await readLearning(run, validVariationalProgress)
  return createVariationalModel({
    parts,
    settings,
    parameters,
    runtime: await runtime(options.runtime ?? {}),
    history,
    status,
  })
}
