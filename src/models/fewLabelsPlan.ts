import { membersOf } from '../data/labelled.js'
import { ConfigurationError, DataError } from '../tensor/errors.js'
import { rng } from '../tensor/random.js'

/**
 * Ways to learn a classifier that can be compared: a ConvNet whose filters begin at random and learn (`random`) or stay
 * (`random-frozen`), begin where they were learned without labels and stay (`frozen`) or learn on (`fine-tuned`); and a linear
 * classifier of pooled sparse codes (`codes`).
 */
export type Condition = 'random' | 'random-frozen' | 'frozen' | 'fine-tuned' | 'codes'

/** Every condition, in the order of charts and tables. */
export const conditions: readonly Condition[] = ['random', 'random-frozen', 'frozen', 'fine-tuned', 'codes']

/** What charts and tables call them. */
export const conditionNames: Readonly<Record<Condition, string>> = {
  random: 'random filters, learned',
  'random-frozen': 'random filters, frozen',
  frozen: 'unsupervised filters, frozen',
  'fine-tuned': 'unsupervised, fine-tuned',
  codes: 'linear on sparse codes',
}

/** Labels a class, or all that there are. */
export type LabelCount = number | 'all'

/** One classifier to be learned and measured. */
export interface Cell {
  readonly labels: LabelCount
  /** Which repetition: another choice of labelled observations, first weights and order. */
  readonly seed: number
  readonly condition: Condition
}

/** A share of errors that was measured. */
export interface FewLabelsResult extends Cell {
  /** Labelled observations that it learned from. */
  readonly observations: number
  /** Share of the test observations that it took for another class. */
  readonly error: number
}

/** Streams of random numbers. */
const SPLIT = 11
const DRAWN = 12

/**
 * Rows to learn from and rows to test on: of each class the same share, rounded, at least one of either. Throws {@link DataError} where a class has one
 * observation alone.
 */
export function splitByClass(
  labels: ArrayLike<number>,
  classes: readonly string[],
  share: number,
  seed: number,
): { readonly pool: Uint32Array; readonly test: Uint32Array } {
  const parts = membersOf(labels, classes.length).map((rows, c) => {
    if (rows.length < 2) {
      throw new DataError(
        `Class ${classes[c]} has ${rows.length} observation; to learn and to test there must be 2 or more, or give test data.`,
      )
    }
    rng(seed, SPLIT, c).shuffle(rows)
    const tested = Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)))
    return { test: rows.slice(0, tested), pool: rows.slice(tested) }
  })
  const sorted = (rows: number[][]) => Uint32Array.from(rows.flat()).sort()
  return { pool: sorted(parts.map(({ pool }) => pool)), test: sorted(parts.map(({ test }) => test)) }
}

/**
 * The observations whose labels are shown in a repetition, so many of each class. Smaller numbers are parts of larger ones, and all conditions
 * are shown the same, so that they can be compared in pairs.
 */
export function shown(members: readonly (readonly number[])[], labels: LabelCount, seed: number): Uint32Array {
  const taken = members.flatMap((rows, c) => {
    const order = rng(seed, DRAWN, c).shuffle([...rows])
    return labels === 'all' ? order : order.slice(0, labels)
  })
  return Uint32Array.from(taken).sort()
}

const DEFAULT_COUNTS = [1, 3, 10, 30, 100, 300, 1000]

/**
 * Numbers of labels in rising order, `all` last. Throws {@link ConfigurationError} where there are none, two are alike, or one is no whole number
 * above 0, {@link DataError} where the smallest class has fewer. By default those of 1, 3, 10, …, 1,000 that it has.
 */
export function checkedCounts(
  given: readonly LabelCount[] | undefined,
  members: readonly (readonly number[])[],
  classes: readonly string[],
): readonly LabelCount[] {
  const sizes = members.map((rows) => rows.length)
  const smallest = Math.min(...sizes)
  if (given === undefined) return DEFAULT_COUNTS.filter((count) => count <= smallest)
  const numbers = given.filter((count) => count !== 'all')
  const wrong = numbers.find((count) => !(Number.isSafeInteger(count) && count >= 1))
  if (given.length === 0 || wrong !== undefined || new Set(given).size !== given.length) {
    throw new ConfigurationError(
      `labels must be whole numbers of 1 or more, each once, or "all"; got [${given.join(', ')}].`,
    )
  }
  const most = Math.max(0, ...numbers)
  if (most > smallest) {
    throw new DataError(
      `Class ${classes[sizes.indexOf(smallest)]} has ${smallest} observations to learn from, fewer than the ${most} labels a class that are asked for. Ask for fewer, for "all", or hold fewer back to test on.`,
    )
  }
  return [...numbers.sort((a, b) => a - b), ...(given.includes('all') ? (['all'] as const) : [])]
}

/**
 * Every classifier to be learned, the cheap ones first. The one that is kept comes last: with most labels, in the first repetition, by the condition
 * `kept`.
 */
export function cellsOf(
  counts: readonly LabelCount[],
  seeds: number,
  asked: readonly Condition[],
  kept: Condition,
): readonly Cell[] {
  const all = counts.flatMap((labels) =>
    Array.from({ length: seeds }, (_, seed) => asked.map((condition): Cell => ({ labels, seed, condition }))).flat(),
  )
  const isKept = ({ labels, seed, condition }: Cell) => labels === counts.at(-1) && seed === 0 && condition === kept
  return [...all.filter((cell) => !isKept(cell)), ...all.filter(isKept)]
}

/** Whether two cells are one. */
export const sameCell = (a: Cell, b: Cell): boolean =>
  a.labels === b.labels && a.seed === b.seed && a.condition === b.condition
