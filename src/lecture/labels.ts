import { digits } from '../data/digits.js'
import { type FewLabelsOptions, fewLabels } from '../models/fewLabels.js'
import { loadFewLabels } from '../models/fewLabelsLoad.js'
import { fewLabelsChart, fewLabelsNumbers, fewLabelsProtocol } from '../models/fewLabelsReport.js'
import { fewLabelsClaim, findings } from '../models/fewLabelsSummary.js'
import { rows } from '../tensor/tensor.js'
import { formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import {
  claim,
  graphOptions,
  keptRun,
  type LectureRun,
  modelOptions,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

/** All of it: every digit that comes with the package. */
const FULL: FewLabelsOptions = { labels: [1, 3, 10, 30, 100, 'all'], seeds: 5 }
/** What is made in half a minute. */
const REDUCED: FewLabelsOptions = {
  ...{ labels: [1, 10, 'all'], seeds: 3, kernels: 16, unlabelled: 500 },
  ...{ conditions: ['random', 'frozen', 'fine-tuned'], epochs: 10, leastSteps: 100 },
}
const REDUCED_DIGITS = 2500
const REDUCTION =
  '1, 10 and all (200) labels a class of 2,500 digits, three repetitions, 16 filters and fewer steps; all of it has six numbers of labels of 10,000 digits (up to 800 a class), five repetitions and 32 filters, random filters that stay, and sparse codes.'

const stages = { filters: 'learning filters without labels', codes: 'coding digits', classifiers: 'classifiers' }

export const labelsProgram = `import { digits, fewLabels, findings } from 'energia'

const comparison = fewLabels({ labels: [1, 3, 10, 30, 100, 'all'], seeds: 5 })
const { results, summary, classifier } = await comparison.fit(await digits(), { run: 'few-labels' })
for (const { condition, labels, mean, deviation } of summary) console.log(condition, labels, mean, deviation)
console.log(findings(results, 10).sentences.join('\\n'))`

/** System 13 of the lecture: what features learned without labels are worth to a ConvNet, with few labels and with many. */
export async function labels(context: SectionContext): Promise<SectionResult> {
  const { full, say } = context
  const all = await digits()
  const data = full
    ? { ...all, name: 'digits' }
    : {
        observations: rows(all.observations, 0, REDUCED_DIGITS),
        labels: all.labels.subarray(0, REDUCED_DIGITS),
        name: 'digits',
      }
  const comparison = fewLabels({
    ...(full ? FULL : REDUCED),
    ...modelOptions(context),
    ...graphOptions(context),
  })
  const fit = (run: LectureRun) =>
    comparison.fit(data, {
      ...run,
      onProgress: ({ stage, done, total, fraction }) => say(`${stages[stage]}, ${done} of ${total}`, fraction),
    })
  const model = await keptRun(context, fit, loadFewLabels)
  const { holds, sentences } = findings(model.results, model.settings.classes.length)
  const charts = { 'labels.svg': await fewLabelsChart(model.summary) }
  const pictures = { 'labels-filters.png': mosaic(model.filters) }
  model.dispose()
  return {
    pictures,
    charts,
    ...reducedTo(context, REDUCTION),
    section: {
      heading: 'Few labels',
      prose: [...fewLabelsProtocol(model.settings), ...sentences],
      figures: [
        {
          svg: charts['labels.svg'],
          width: 'full',
          caption: 'Share of errors on digits that were not learned from; bars are one standard deviation each way.',
          alt: 'Falling curves, one a way of learning: the more labels a class, the fewer errors',
        },
        {
          picture: pictures['labels-filters.png'],
          caption: 'The filters that were learned without labels; zero is mid-grey.',
          alt: `${model.settings.kernels} small pictures, most of them bright and dark strokes side by side`,
        },
      ],
      claims: [
        claim(
          13,
          fewLabelsClaim,
          holds === true,
          `${sentences[sentences.length - 1]} The classifier that is kept errs on ${formatShare(model.error)} of the test.`,
        ),
      ],
      numbers: fewLabelsNumbers(model.summary),
      program: labelsProgram,
    },
  }
}
