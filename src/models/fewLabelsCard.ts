import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { listedTensors } from './cardParts.js'
import type { FewLabelsModel } from './fewLabelsModel.js'
import { conditionNames } from './fewLabelsPlan.js'
import { labelsInWords } from './fewLabelsSummary.js'

/** The card (README.md) of a run that compares classifiers. */
export function fewLabelsCard({ kind, settings, summary, filters, classifier }: FewLabelsModel): string {
  return modelCard({
    title: `Classifiers of ${settings.classes.length} classes with few and many labels, learned from ${settings.data}`,
    model: kind,
    summary:
      'Errors of classifiers whose filters begin at random or were learned without labels, stay or learn on, against the number of labels; results.csv and results.json hold each, report.html shows them. The tensors are those of one classifier, to use.',
    data: { name: settings.data, shape: settings.observation, observations: settings.poolSize },
    settings: { ...settings },
    measures: summary.map(({ condition, labels, mean, deviation, seeds }) => ({
      name: `errors: ${conditionNames[condition]}, ${labelsInWords(labels)} a class`,
      value: `${formatShare(mean)} ± ${formatNumber(100 * deviation, 2)}`,
      note: seeds === 1 ? 'one repetition' : `${seeds} repetitions`,
    })),
    tensors: [
      { name: 'filters', dtype: 'F32', shape: filters.shape },
      ...listedTensors('parameters', classifier.parameters),
    ],
    pictures: [
      { file: 'few-labels.png', caption: 'Errors against labels a class; bars are one standard deviation each way.' },
      { file: 'filters.png', caption: 'The filters learned without labels, or given; zero is mid-grey.' },
    ],
    javascript:
      "import { loadClassifier } from 'energia'\n\nconst classifier = await loadClassifier('.')\nconst { probabilities, predicted } = await classifier.classify(observations)",
    energia: version,
  })
}
