import { type AutoEncoderProgress, type ConvolutionalProgress, formatNumber } from '../../src/index.js'
import { duration } from './text.js'

/** What the progress of every model says. */
interface Progress {
  readonly epoch?: number
  readonly epochs?: number
  readonly step: number
  readonly steps?: number
  readonly seconds: number
  readonly fraction: number
}

/** A line of progress that fits into 80 columns: how far, what it has come to, and how long it still takes. */
export function lineOf(
  progress: Progress,
  numbers: readonly (readonly [name: string, value: number | undefined])[],
): string {
  const { epoch, epochs, step, steps, seconds, fraction } = progress
  const left = fraction > 0.02 && fraction < 1 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : ''
  return [
    `${String(Math.floor(100 * fraction)).padStart(3)} %`,
    epoch === undefined
      ? `step ${step}${steps === undefined ? '' : `/${steps}`}`
      : `epoch ${epoch.toFixed(1)}${epochs === undefined ? '' : `/${epochs}`}`,
    ...numbers.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${formatNumber(value)}`])),
    `${duration(seconds)}${left}`,
  ].join('  ')
}

/** The line of models whose codes are maps. */
export function convolutionalLine(progress: AutoEncoderProgress | ConvolutionalProgress): string {
  const { energy, heldOutEnergy, activeShare } = progress
  return lineOf(progress, [
    ['energy', energy],
    ['held out', heldOutEnergy],
    ['active %', Number((100 * activeShare).toPrecision(3))],
  ])
}
