import type { StoredTensor } from '../artifacts/safetensors.js'
import { type ParameterShapes, type Parameters, parameterShapes, shapesOf } from '../energy/module.js'
import { restoreModule } from '../energy/restoreModule.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { FileFormatError } from '../tensor/errors.js'
import { sameShape, sizeOf, zeros } from '../tensor/tensor.js'
import { type ClassifierModel, classifierModel } from './classifierModel.js'
import { type ClassifierNetwork, joinedParameters } from './classifierNetwork.js'
import type { ClassifierSettings } from './classifierSettings.js'
import { storedOf } from './latentVariableTensors.js'

export interface LoadClassifierOptions {
  readonly threads?: number
  readonly runtime?: RuntimeOptions
}

/** A classifier from its settings and the tensors of a file. Throws FileFormatError where they do not go together. */
export async function restoredClassifier(
  settings: ClassifierSettings,
  tensors: Readonly<Record<string, StoredTensor>>,
  file: string,
  { history, status, ...options }: LoadClassifierOptions & Pick<ClassifierModel, 'history' | 'status'>,
): Promise<ClassifierModel> {
  const network = networkOf(settings, file)
  return classifierModel({
    settings,
    network,
    parameters: storedOf('parameters', shapesOfNetwork(network), tensors, file),
    transform: restoreImageStep(settings.transform),
    history,
    status,
    runtime: await runtime(options.runtime),
    threads: options.threads,
  })
}

/** The parts that settings describe. Throws {@link FileFormatError} where they do not fit each other. */
export function networkOf({ body, head, classes }: ClassifierSettings, file: string): ClassifierNetwork {
  const network = { body: restoreModule(body), head: restoreModule(head) }
  if (!sameShape(network.head.outputShape, [classes.length])) {
    throw new FileFormatError(
      `${file} there are ${classes.length} classes and a head of ${sizeOf(network.head.outputShape)} outputs; the file has been changed.`,
    )
  }
  return network
}

/** The shapes of the parameters of both parts. */
function shapesOfNetwork({ body, head }: ClassifierNetwork): ParameterShapes {
  const empty = (shapes: ParameterShapes): Parameters =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)]))
  return shapesOf(joinedParameters(empty(parameterShapes(body)), empty(parameterShapes(head))))
}
