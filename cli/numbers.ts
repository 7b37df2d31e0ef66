import { InvalidArgumentError } from 'commander'

/** The bounds of a numeric option; `above` and `below` are not allowed themselves. */
interface Bounds {
  readonly whole?: boolean
  readonly above?: number
  readonly below?: number
  readonly min?: number
  readonly max?: number
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A parser of numbers within bounds, for commander. Throws InvalidArgumentError with what was expected. */
export function number(bounds: Bounds = {}): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!decimal.test(text.trim())) throw new InvalidArgumentError(`Expected ${expected(bounds)}.`)
    if (!Number.isFinite(value) || (bounds.whole && value > Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError(`It is too large to compute with; expected ${expected(bounds)}.`)
    }
    const { whole = false, above = -Infinity, below = Infinity, min = -Infinity, max = Infinity } = bounds
    const fits = value > above && value < below && value >= min && value <= max
    if (!fits || (whole && !Number.isSafeInteger(value)))
      throw new InvalidArgumentError(`Expected ${expected(bounds)}.`)
    return value
  }
}

/** A whole number of at least 1. */
export const count = number({ whole: true, min: 1 })
/** A number above 0. */
export const positive = number({ above: 0 })

function expected({ whole, above, below, min, max }: Bounds): string {
  const kind = whole ? 'a whole number' : 'a number'
  if (above !== undefined && below !== undefined) return `${kind} between ${above} and ${below}`
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`
  if (above !== undefined) return `${kind} above ${above}${max === undefined ? '' : `, at most ${max}`}`
  return min === undefined ? kind : `${kind}, ${min} or more`
}

/** A number above 0, or a word in its place. */
export function numberOr<Word extends string>(word: Word): (text: string) => number | Word {
  return (text) => {
    if (text === word) return word
    const value = Number(text)
    if (decimal.test(text.trim()) && value > 0 && Number.isFinite(value)) return value
    throw new InvalidArgumentError(`Expected a number above 0, or ${word}.`)
  }
}

/** A high-pass of images: its kind, and its strength or σ where one is given. */
export interface HighPassChoice {
  readonly kind: 'tikhonov' | 'gaussian'
  readonly amount?: number
}

/** "tikhonov", "tikhonov:10" or "gaussian:5" as a high-pass. */
export function highPassChoice(text: string): HighPassChoice {
  const [kind, amount, ...more] = text.split(':')
  if ((kind === 'tikhonov' || kind === 'gaussian') && more.length === 0) {
    if (amount === undefined) return { kind }
    if (decimal.test(amount) && Number(amount) > 0 && Number.isFinite(Number(amount))) {
      return { kind, amount: Number(amount) }
    }
  }
  throw new InvalidArgumentError(
    'Expected tikhonov or gaussian, perhaps with its strength or σ, as in tikhonov:10 or gaussian:5.',
  )
}

/** "4" or "1,2,4" as cells. */
export function cellList(text: string): number[] {
  const cells = text.split(',').map((each) => (/^\s*\d{1,4}\s*$/.test(each) ? Number(each) : 0))
  if (cells.every((level) => level >= 1 && level <= 1000)) return cells
  throw new InvalidArgumentError('Expected cells along an axis, as in 4, or several for a pyramid, as in 1,2,4.')
}

/** "400,200" as sizes. */
export function sizeList(text: string): number[] {
  return text.split(',').map((each) => {
    if (/^\d{1,7}$/.test(each.trim()) && Number(each) >= 1) return Number(each)
    throw new InvalidArgumentError('Expected whole numbers from 1 to 9999999 with commas between, as in 400,200.')
  })
}

/** "16" or "8x12" (height × width) as a patch's size. */
export function patchSize(text: string): [height: number, width: number] {
  const sizes = /^(\d{1,5})(?:[x×](\d{1,5}))?$/.exec(text.trim())
  const height = Number(sizes?.[1])
  const width = sizes?.[2] === undefined ? height : Number(sizes[2])
  if (!(height >= 1 && width >= 1)) {
    throw new InvalidArgumentError('Expected pixels (1 to 99999), as in 16, or height and width, as in 8x12.')
  }
  return [height, width]
}
