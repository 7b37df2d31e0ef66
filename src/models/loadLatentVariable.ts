import { describeDifferences, differences } from '../artifacts/fingerprint.js'
import type { Run } from '../artifacts/runFolder.js'
import { tensorReference } from '../artifacts/validate.js'
import { type LatentVariableEnergy, latentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { restoreCost } from '../energy/restoreCost.js'
import { restoreGraphRegularizer } from '../energy/restoreGraphRegularizer.js'
import { restoreModule } from '../energy/restoreModule.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import { readLearning } from './epochProgress.js'
import type { LatentVariable } from './latentVariable.js'
import { createLatentVariableModel, type LatentVariableModel } from './latentVariableModel.js'
import { validLatentVariableProgress } from './latentVariableProgress.js'
import { type LatentVariableSettings, latentVariableSettings } from './latentVariableSettings.js'
import { finite, storedOf } from './latentVariableTensors.js'
import { hasOwnParts } from './ownFunctions.js'
import type { VariationalAutoEncoder } from './variationalAutoEncoder.js'

/** What loading a latent-variable model takes. */
export interface LoadLatentVariableOptions {
  /** The definition that the run was learned with; needed where it has functions of your own, which no file holds. */
  readonly definition?: LatentVariable | VariationalAutoEncoder
  readonly runtime?: RuntimeOptions
}

/**
 * The latent-variable model of a run. Throws FileFormatError where a file is damaged or tensors do not fit the settings, and
 * ConfigurationError where functions of your own are needed and not given, or others than those the run was learned with are.
 */
export async function loadLatentVariable(
  run: Run,
  options: LoadLatentVariableOptions = {},
): Promise<LatentVariableModel> {
  const settings = run.settings(latentVariableSettings)
  const energy = energyOf(settings, options.definition, run.store.path)
  const { tensors } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const { history, status } = await readLearning(run, validLatentVariableProgress)
  const codes = Object.hasOwn(tensors, 'codes') ? tensorReference(tensors, { dtype: 'F32' })('codes', file) : undefined
  if (codes && codes.shape[1] !== energy.codeSize) {
    throw new FileFormatError(`${file} holds codes of ${codes.shape[1]} numbers; the energy's have ${energy.codeSize}.`)
  }
  return createLatentVariableModel({
    definition: energy,
    settings,
    parameters: storedOf('parameters', energy.shapesOfParameters(), tensors, file),
    runtime: await runtime(options.runtime),
    history,
    status,
    ...(codes ? { keptCodes: { shape: codes.shape, data: finite('codes', codes.data, file) } } : {}),
  })
}

function energyOf(
  { energy, definition }: LatentVariableSettings,
  given: LatentVariable | VariationalAutoEncoder | undefined,
  path: string,
): LatentVariableEnergy {
  if (given) {
    if (!isLatentVariable(given)) {
      throw new ConfigurationError(
        `${path} holds a latent-variable model; its definition is one that latentVariableModel makes.`,
      )
    }
    const found = differences(energy, given.definition.energy.describe())
    if (found.length === 0) return given.definition.energy
    throw new ConfigurationError(
      `${path} was learned with another definition: ${describeDifferences(found)}. Give the one that it was learned with.`,
    )
  }
  if (hasOwnParts(energy)) {
    const where = definition === undefined ? '' : ` It was defined in ${definition}.`
    throw new ConfigurationError(
      `${path} holds an energy with functions of its maker's own, which no file holds.${where} Import its definition, and pass it as { definition }.`,
    )
  }
  const { shapes, predictor, decoder, cost, regularizer, encoder, encoderCost, gamma } = energy
  return latentVariableEnergy({
    shapes,
    ...(predictor ? { predictor: restoreModule(predictor) } : {}),
    decoder: restoreModule(decoder),
    cost: restoreCost(cost),
    ...(regularizer ? { regularizer: restoreGraphRegularizer(regularizer) } : {}),
    ...(encoder ? { encoder: restoreModule(encoder) } : {}),
    ...(encoderCost ? { encoderCost: restoreCost(encoderCost) } : {}),
    ...(gamma === undefined ? {} : { gamma }),
  })
}

/** Whether a definition is one of `latentVariableModel`. */
const isLatentVariable = (given: LatentVariable | VariationalAutoEncoder): given is LatentVariable =>
  'energy' in given.definition
