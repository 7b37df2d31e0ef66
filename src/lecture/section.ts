import type { Images } from '../data/observations.js'
import type { Picture } from '../data/picture.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ReportNumber, ReportSection } from '../views/report.js'

/** The parts of the lecture that can be asked for. */
export type SectionName =
  | 'landscape'
  | 'completions'
  | 'strokes'
  | 'convergence'
  | 'edges'
  | 'convolution'
  | 'colour'
  | 'lista'
  | 'vae'
  | 'balls'

/** What a section is given to work with. */
export interface SectionContext {
  /** The folder in which the section may save its model and pictures. */
  readonly out: string
  readonly seed: number
  readonly threads: number | undefined
  readonly signal: AbortSignal | undefined
  /** Images in colour to learn from, where they were given. */
  readonly colours?: Images
  /** Says what is happening, with the share of the section that is done. */
  readonly say: (message: string, fraction: number) => void
}

/** What a section leaves. */
export interface SectionResult {
  readonly section: ReportSection
  /** Pictures to be written as PNG, by file name. */
  readonly pictures: Readonly<Record<string, Picture>>
  /** Charts to be written as SVG, by file name. */
  readonly charts: Readonly<Record<string, string>>
  /** The numbers that the command line repeats at its end. */
  readonly numbers: readonly ReportNumber[]
}

/** What every model of the lecture is made with. */
export function modelOptions({ seed, threads }: SectionContext): { seed: number; threads?: number } {
  return { seed, ...(threads === undefined ? {} : { threads }) }
}

/** The same for models that are graphs. */
export function graphOptions({ seed, threads }: SectionContext): { seed: number; runtime?: { threads: number } } {
  return { seed, ...(threads === undefined ? {} : { runtime: { threads } }) }
}

/** How every model of the lecture that is kept is learned: as a run in the lecture's folder, until the signal fires. */
export function runOptions(
  { out, signal }: SectionContext,
  name: SectionName,
  variant?: string,
): { run: string; overwrite: true; signal?: AbortSignal } {
  return {
    run: `${out}/${name}${variant === undefined ? '' : `-${variant}`}`,
    overwrite: true,
    ...(signal ? { signal } : {}),
  }
}

/** What the lecture claims, and whether the numbers measured here bear it out: a sentence for the page, and a line of its table. */
export function claim(
  said: string,
  holds: boolean,
  measured: string,
): { readonly sentence: string; readonly number: ReportNumber } {
  const verdict = holds ? 'holds' : 'does not hold'
  return {
    sentence: `Claim: ${said} Measured here, it ${verdict}: ${measured}`,
    number: { label: 'The claim', value: verdict },
  }
}

/** Observations [n, h, w] cut in two along their rows: the upper ones [n, at, w] and the rest. */
export function halves({ shape, data }: Tensor, at: number): { readonly x: Tensor; readonly y: Tensor } {
  const [count, height, width] = shape
  const part = (from: number, to: number): Tensor => {
    const size = (to - from) * width
    const cut = new Float32Array(count * size)
    for (let i = 0; i < count; i++) {
      const start = (i * height + from) * width
      cut.set(data.subarray(start, start + size), i * size)
    }
    return { shape: [count, to - from, width], data: cut }
  }
  return { x: part(0, at), y: part(at, height) }
}

/** The arithmetic mean; 0 of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return values.length === 0 ? 0 : sum / values.length
}

/** Summary numbers of codes, in the words of the report. */
export function codeNumbers(numbers: {
  energy: Float64Array
  gap: Float64Array
  active: number
  inUse: number
  atoms: number
  seconds: number
}): ReportNumber[] {
  const { energy, gap } = numbers
  const mean = energy.reduce((sum, value) => sum + value, 0) / energy.length
  let worst = 0
  for (let i = 0; i < energy.length; i++) if (energy[i] > 0) worst = Math.max(worst, gap[i] / energy[i])
  return [
    {
      label: 'Objective an observation',
      value: mean,
      note: 'mean free energy of all observations, exact to the gap below',
    },
    { label: 'Active coefficients a code', value: numbers.active },
    { label: 'Worst certified relative gap', value: worst, note: 'duality gap over energy, in double precision' },
    { label: 'Atoms in use', value: `${numbers.inUse} of ${numbers.atoms}`, note: 'used by at least one observation' },
    { label: 'Learning', value: numbers.seconds, unit: 's' },
  ]
}
