import { meanAndDeviation, type PairedDifference, pairedDifference } from '../diagnostics/pairedDifference.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { type Condition, conditionNames, conditions, type FewLabelsResult, type LabelCount } from './fewLabelsPlan.js'

/** The errors of one condition with one number of labels. */
export interface FewLabelsSummary {
  readonly condition: Condition
  readonly labels: LabelCount
  /** Labelled observations a class, on average. */
  readonly perClass: number
  /** Mean error over repetitions, and its standard deviation. */
  readonly mean: number
  readonly deviation: number
  /** Repetitions. */
  readonly seeds: number
}

const key = (labels: LabelCount): number => (labels === 'all' ? Number.POSITIVE_INFINITY : labels)

/** Results by condition and number of labels, in their order. */
export function summarize(results: readonly FewLabelsResult[], classes: number): FewLabelsSummary[] {
  const counts = countsOf(results)
  return conditions.flatMap((condition) =>
    counts.flatMap((labels) => {
      const own = results.filter((result) => result.condition === condition && result.labels === labels)
      if (own.length === 0) return []
      const perClass = own[0].observations / classes
      return [{ condition, labels, perClass, ...meanAndDeviation(own.map(({ error }) => error)), seeds: own.length }]
    }),
  )
}

/** The numbers of labels that there are results for, rising. */
export function countsOf(results: readonly { readonly labels: LabelCount }[]): LabelCount[] {
  return [...new Set(results.map(({ labels }) => labels))].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** How two conditions compare with one number of labels: the difference of their errors over the repetitions of both. */
export interface FewLabelsGain extends PairedDifference {
  readonly labels: LabelCount
}

/** The error of `first` less that of `second`, repetition by repetition, for each number of labels with results of both. */
export function gains(results: readonly FewLabelsResult[], first: Condition, second: Condition): FewLabelsGain[] {
  return countsOf(results).flatMap((labels) => {
    const pairs = results
      .filter((result) => result.condition === first && result.labels === labels)
      .flatMap(({ error, seed }) => {
        const other = results.find(
          (result) => result.condition === second && result.labels === labels && result.seed === seed,
        )
        return other ? [[error, other.error] as const] : []
      })
    if (pairs.length === 0) return []
    return [
      {
        labels,
        ...pairedDifference(
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        ),
      },
    ]
  })
}

/** What the lecture claims of features in a ConvNet, and what was found. */
export interface FewLabelsFinding {
  /** Whether the fewest labels show a gain and the most do not; undefined where the two conditions were not both measured. */
  readonly holds: boolean | undefined
  /** Plain sentences. */
  readonly sentences: readonly string[]
}

/** The lecture's claim. */
export const fewLabelsClaim =
  'Filters learned without labels help a ConvNet where labels are few; where they are many, training from scratch does as well.'

/** "1 label", "30 labels", "all labels". */
export const labelsInWords = (labels: LabelCount): string =>
  labels === 'all' ? 'all labels' : labels === 1 ? '1 label' : `${formatNumber(labels)} labels`

const hundredths = (share: number): string => formatNumber(Number((100 * share).toFixed(2)), 3)

/** "3 fewer", "as many". */
const difference = (mean: number): string => {
  const size = hundredths(Math.abs(mean))
  return size === '0' ? 'as many' : `${size} ${mean < 0 ? 'fewer' : 'more'}`
}

/** What results show, in sentences: which condition errs least, and whether what was learned without labels gains something over starting at random. */
export function findings(results: readonly FewLabelsResult[], classes: number): FewLabelsFinding {
  const summaries = summarize(results, classes)
  const best = countsOf(results).map((labels) => {
    const compared = summaries.filter((each) => each.labels === labels)
    const least = Math.min(...compared.map(({ mean }) => mean))
    const fewest = compared.filter(({ mean }) => mean === least)
    const names =
      fewest.length > 1 && fewest.length === compared.length
        ? 'all conditions alike'
        : fewest.map(({ condition }) => conditionNames[condition]).join(' and ')
    return `${labelsInWords(labels)} ${names} (${formatShare(least)})`
  })
  const sentences = [`Fewest errors with ${best.join('; with ')}.`]
  const found = gains(results, 'fine-tuned', 'random')
  if (found.length === 0) return { holds: undefined, sentences }
  const alone = found.every(({ halfWidth }) => halfWidth === Number.POSITIVE_INFINITY)
  const told = found.map(
    ({ labels, mean, halfWidth }) =>
      `with ${labelsInWords(labels)} a class ${difference(mean)}${alone ? '' : ` ± ${hundredths(halfWidth)}`}`,
  )
  sentences.push(
    `Of 100 unseen observations, a ConvNet whose filters were learned without labels and then fine-tuned gets wrong, compared with one whose filters begin at random and learn: ${told.join('; ')}${alone ? '; one repetition tells nothing of how sure that is' : ' (± 95 % confidence)'}.`,
  )
  if (alone) return { holds: undefined, sentences }
  const gaining = found.filter(({ verdict }) => verdict === 'smaller')
  const few = gaining.some(({ labels }) => labels !== found.at(-1)?.labels)
  const many = found.at(-1)?.verdict !== 'smaller'
  sentences.push(
    gaining.length === 0
      ? 'None of these differences is a gain that one can be sure of.'
      : `The gain is sure with ${gaining.map(({ labels }) => labelsInWords(labels)).join(', ')} a class${gaining.length === found.length ? ', so with all numbers that were tried' : ', and with the others it is not'}.`,
  )
  return { holds: few && many, sentences }
}
