import { constant, input, softmax } from '../graph/index.js'
import type { ClassifierModel } from './classifierModel.js'
import { featuresOf, scoresOf } from './classifierNetwork.js'
import { networkOf } from './classifierRestore.js'
import type { OnnxParts } from './sparseCodingOnnx.js'

/** A classifier as a graph: from observations, preprocessed, to the `probabilities` of its classes [n, classes]. */
export function classifierParts({ settings, parameters }: ClassifierModel): OnnxParts {
  const network = networkOf(settings, 'The settings:')
  const symbols = Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, constant(tensor)]))
  const y = input('y', ['n', ...settings.observation])
  return { classifier: { probabilities: softmax(scoresOf(network, symbols, featuresOf(network, symbols, y)), 1) } }
}
