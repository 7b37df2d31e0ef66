import { version } from '../version.js'
import { errorAgainstLabels } from '../views/errorAgainstLabels.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import { type ReportNumber, report } from '../views/report.js'
import type { FewLabelsModel } from './fewLabelsModel.js'
import { conditionNames, conditions } from './fewLabelsPlan.js'
import type { FewLabelsSettings } from './fewLabelsSettings.js'
import { type FewLabelsSummary, findings, labelsInWords } from './fewLabelsSummary.js'

/** The chart of a comparison, as SVG. */
export function fewLabelsChart(summary: readonly FewLabelsSummary[]): Promise<string> {
  const series = conditions.flatMap((condition) => {
    const own = summary.filter((each) => each.condition === condition)
    if (own.length === 0) return []
    return [
      {
        name: conditionNames[condition],
        labels: own.map(({ perClass }) => perClass),
        error: own.map(({ mean }) => mean),
        spread: own.map(({ deviation }) => deviation),
      },
    ]
  })
  return errorAgainstLabels(series)
}

/** The numbers of a comparison: mean and spread of each condition with each number of labels. */
export function fewLabelsNumbers(summary: readonly FewLabelsSummary[]): ReportNumber[] {
  return summary.map(({ condition, labels, mean, deviation, seeds }) => ({
    label: `${conditionNames[condition]}, ${labelsInWords(labels)} a class`,
    value: `${formatShare(mean)} ± ${formatNumber(100 * deviation, 2)}`,
    note: seeds === 1 ? 'one repetition' : `mean and standard deviation of ${seeds} repetitions`,
  }))
}

/** How classifiers were learned and measured, in sentences. */
export function fewLabelsProtocol(settings: FewLabelsSettings): string[] {
  const { seeds, classes, poolSize, testSize, kernels, kernel, filters, lambda } = settings
  const { epochs, leastSteps, batchSize, learningRate, penalty, pool } = settings
  const origin =
    filters.kind === 'given'
      ? 'were given'
      : `were learned by convolutional sparse coding from ${formatNumber(filters.images)} images of the pool, without labels`
  return [
    `A ConvNet tells ${classes.length} classes apart: ${kernels} filters of ${kernel}×${kernel}, the size of what they give, its maximum over cells of ${pool}×${pool}, and a linear layer. Its filters begin at random or ${origin}; they learn with the rest or stay as they are. A linear classifier of sparse codes (λ = ${lambda}), pooled as well, stands beside it.`,
    `Labels are drawn from a pool of ${formatNumber(poolSize)}, in ${seeds === 1 ? 'one repetition' : `${seeds} repetitions`}, the same for all ways of learning; errors are measured on ${formatNumber(testSize)} observations that neither filters nor classifiers have seen.`,
    `All learn for ${epochs} passes, ${formatNumber(leastSteps)} steps at least, of ${batchSize} observations, by Adam at a rate that falls from ${learningRate} to 0 along half a cosine, with ½·${penalty}‖W‖² on the last layer. That was fixed before and is the same for all; nothing was chosen by the test.`,
  ]
}

/** A comparison as a page. */
export async function fewLabelsPage(model: FewLabelsModel, chart: string): Promise<string> {
  const { settings, results, summary, filters } = model
  const { sentences } = findings(results, settings.classes.length)
  return report({
    title: `Few and many labels: ${settings.data}`,
    lead: 'What filters learned without labels are worth to a classifier, measured.',
    sections: [
      {
        id: 'errors',
        heading: 'Errors with few and with many labels',
        prose: [...fewLabelsProtocol(settings), ...sentences],
        figures: [
          {
            svg: chart,
            width: 'full',
            caption: 'Share of errors on unseen observations; bars are one standard deviation each way.',
            alt: 'Falling curves, one a way of learning: the more labels a class, the fewer errors',
          },
        ],
        numbers: fewLabelsNumbers(summary),
      },
      {
        id: 'filters',
        heading: 'The filters',
        figures: [
          {
            picture: mosaic(filters),
            caption:
              settings.filters.kind === 'given'
                ? 'The filters that were given; zero is mid-grey.'
                : 'The filters that were learned without labels; zero is mid-grey.',
            alt: `${settings.kernels} small pictures`,
          },
        ],
      },
      {
        id: 'classifier',
        heading: 'The classifier that is kept',
        prose: [
          `The run holds a classifier: ${conditionNames[settings.keep]}, with ${labelsInWords(settings.labels[settings.labels.length - 1])} a class, of the first repetition. It errs on ${formatShare(model.error)} of the test.`,
        ],
        program: `import { loadClassifier } from 'energia'\n\nconst classifier = await loadClassifier('.')\nconst { probabilities, predicted } = await classifier.classify(images)`,
      },
    ],
    environment: { Energia: version, seed: settings.seed },
  })
}
