import { describeDifferences, differences } from '../artifacts/fingerprint.js'
import type { Run } from '../artifacts/runFolder.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { readLearning } from './epochProgress.js'
import type { LatentVariable } from './latentVariable.js'
import { storedOf } from './latentVariableTensors.js'
import { hasOwnParts } from './ownFunctions.js'
import type { VariationalAutoEncoder } from './variationalAutoEncoder.js'
import { shapesOfParameters, type VariationalForm, variationalParts } from './variationalAutoEncoderLoss.js'
import { createVariationalModel, type VariationalModel } from './variationalAutoEncoderModel.js'
import { validVariationalProgress } from './variationalAutoEncoderProgress.js'
import {
  describeForm,
  formOfSettings,
  type VariationalSettings,
  variationalSettings,
} from './variationalAutoEncoderSettings.js'

/** What loading a variational auto-encoder takes. */
export interface LoadVariationalOptions {
  /** The definition that the run was learned with; needed where its networks have functions of your own, which no file holds. */
  readonly definition?: LatentVariable | VariationalAutoEncoder
  readonly runtime?: RuntimeOptions
}

/**
 * The variational auto-encoder of a run folder. Throws FileFormatError where it is damaged or its learning has not finished, and
 * ConfigurationError where functions of your own are needed and not given, or others than those the run was learned with are.
 */
export async function loadVariational(run: Run, options: LoadVariationalOptions = {}): Promise<VariationalModel> {
  const settings = run.settings(variationalSettings)
  const parts = variationalParts(formOf(settings, options.definition, run.store.path), settings.shapes)
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

function formOf(
  settings: VariationalSettings,
  given: LoadVariationalOptions['definition'],
  path: string,
): VariationalForm {
  if (given) {
    const { definition } = given
    if ('energy' in definition) {
      throw new ConfigurationError(
        `${path} holds a variational auto-encoder; its definition is one that variationalAutoEncoder makes.`,
      )
    }
    const { shapes, ownFunctions, optimizer, clip, batchSize, seed, data, ...form } = settings
    const found = differences(form, describeForm(definition))
    if (found.length === 0) return definition
    throw new ConfigurationError(
      `${path} was learned with another definition: ${describeDifferences(found)}. Give the one that it was learned with.`,
    )
  }
  if (hasOwnParts(settings)) {
    throw new ConfigurationError(
      `${path} holds networks of functions of its maker's own, which no file holds. Import what variationalAutoEncoder made of them, and pass it as { definition }.`,
    )
  }
  return formOfSettings(settings)
}
