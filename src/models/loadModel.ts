import { openRun, type Run } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import { FileFormatError } from '../tensor/errors.js'
import { namedError } from '../tensor/namedError.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { loadAutoEncoder } from './convolutionalAutoEncoderLoad.js'
import type { ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import { loadConvolutional } from './convolutionalSparseCodingLoad.js'
import type { ConvolutionalSparseCodingModel } from './convolutionalSparseCodingModel.js'
import type { LatentVariableModel } from './latentVariableModel.js'
import { loadAmortized } from './listaLoad.js'
import type { AmortizedModel } from './listaModel.js'
import { type LoadLatentVariableOptions, loadLatentVariable } from './loadLatentVariable.js'
import { loadSparseCoding } from './loadSparseCoding.js'
import type { SparseCodingModel } from './sparseCodingModel.js'
import { loadVariational } from './variationalAutoEncoderLoad.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'

/** The models that runs hold, by the names that their folders say. */
export interface Models {
  readonly 'sparse-coding': SparseCodingModel
  readonly 'conv-sparse-coding': ConvolutionalSparseCodingModel
  readonly 'conv-autoencoder': ConvolutionalAutoEncoderModel
  readonly 'latent-variable': LatentVariableModel
  readonly lista: AmortizedModel
  readonly 'predictive-sparse-decomposition': AmortizedModel
  readonly 'variational-auto-encoder': VariationalModel
}
export type ModelName = keyof Models
/** A model of any kind; `kind` tells which. */
export type AnyModel = Models[ModelName]

/** What loading takes; each model takes what concerns it. */
export interface LoadOptions extends LoadLatentVariableOptions {
  readonly threads?: number
}

const optionNames: OptionNames<LoadOptions & { model?: ModelName }> = {
  model: true,
  definition: true,
  runtime: true,
  threads: true,
}

/** How each model is loaded from its run. */
const loaders: { readonly [Name in ModelName]: (run: Run, options: LoadOptions) => Promise<Models[Name]> } = {
  'sparse-coding': loadSparseCoding,
  'conv-sparse-coding': loadConvolutional,
  'conv-autoencoder': loadAutoEncoder,
  'latent-variable': loadLatentVariable,
  lista: loadAmortized,
  'predictive-sparse-decomposition': loadAmortized,
  'variational-auto-encoder': loadVariational,
}

/**
 * The model of a run folder; where it is known which kind that holds, `model` says so and the result has its type. Throws
 * FileFormatError where there is no run, a file is damaged, truncated or of a newer version, tensors do not fit the settings, or
 * the run is of another kind.
 */
export async function loadModel<Name extends ModelName>(
  path: string | Store,
  options: LoadOptions & { readonly model: Name },
): Promise<Models[Name]>
export async function loadModel(path: string | Store, options?: LoadOptions): Promise<AnyModel>
export async function loadModel(
  path: string | Store,
  options: LoadOptions & { readonly model?: ModelName } = {},
): Promise<AnyModel> {
  checkOptions('loadModel', options, optionNames)
  const run = await openRun(path)
  if (run.model === 'classifier' || run.model === 'few-labels') {
    throw new FileFormatError(
      `${run.store.path} holds a run of ${run.model}, which has classes and no codes; open it with loadClassifier, or energia classify.`,
    )
  }
  if (!isModelName(run.model)) {
    throw new FileFormatError(
      `${run.store.path} holds a run of ${run.model}, which this version of Energia does not know.`,
    )
  }
  if (options.model !== undefined && run.model !== options.model) {
    throw new FileFormatError(
      `${run.store.path} holds a run of ${run.model}, and one of ${options.model} was asked for.`,
    )
  }
  try {
    return await loaders[run.model](run, options)
  } catch (error) {
    throw namedError(error, run.store.path)
  }
}

function isModelName(name: string): name is ModelName {
  return Object.hasOwn(loaders, name)
}
