import { linear } from '../energy/modules/linear.js'
import { reshaped } from '../energy/modules/reshaped.js'
import { sequential } from '../energy/modules/sequential.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import { checkOptions } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { sizeOf } from '../tensor/tensor.js'
import { type ClassifierForm, fitClassifier } from './classifierFit.js'
import { type TrainingChoices, trainingChoices, trainingOf } from './classifierTraining.js'
import { type Classifier, withoutOpinion } from './convolutionalClassifier.js'

/**
 * A linear classifier of rows of numbers, such as pooled sparse codes (see `features`): p(class | y) = softmax(Wy + b) with ½μ‖W‖², which is
 * convex in W and b. Rows are brought to root mean square 1 by one number. Throws ConfigurationError for options out of range.
 */
export function linearClassifier(options: TrainingChoices = {}): Classifier {
  const training = trainingOf(checkOptions('linearClassifier', options, trainingChoices))
  rng(training.seed)
  const form = (observation: readonly number[], classes: number): ClassifierForm => {
    const inputs = sizeOf(observation)
    const head = sequential(linear({ inputs, outputs: classes }))
    return {
      body: sequential(reshaped({ input: observation, output: [inputs] })),
      start: {},
      filters: 'none',
      frozen: true,
      transform: imagePipeline([]),
      head,
      headStart: withoutOpinion(head.init(rng(training.seed)), '0.weight'),
      lastWeight: '0.weight',
    }
  }
  return { fit: (data, fit = {}) => fitClassifier({ training, form }, data, fit) }
}
