import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { listedTensors } from './cardParts.js'
import type { ClassifierModel } from './classifierModel.js'

/** The card (README.md) of a run of a classifier. */
export function classifierCard(model: ClassifierModel, pictures: readonly string[]): string {
  const { kind, settings, classes, parameters, history, status } = model
  const last = history.at(-1)
  return modelCard({
    title: `A classifier of ${classes.length} classes, learned from ${settings.data}`,
    model: kind,
    summary: `p(class | y) = softmax(head(body(y))): features of an observation, and a linear layer over them, learned by mean −log p + ½μ‖W‖²${settings.frozen ? '; the features stayed as they were' : ''}.`,
    data: { name: settings.data, shape: settings.observation, observations: settings.observations },
    settings: { ...settings },
    measures: last
      ? [
          { name: '−log p of the right class', value: last.cost, note: 'mean over the last batches of learning' },
          { name: 'steps of learning', value: last.step },
          { name: 'seconds of learning', value: last.seconds },
          { name: 'learning', value: status },
        ]
      : [],
    tensors: listedTensors('parameters', parameters),
    pictures: pictures.map((file) => ({ file, caption: 'The filters of the first layer; zero is mid-grey.' })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { probabilities, predicted } = await model.classify(observations)",
    energia: version,
  })
}
