import { formatNumber } from './formatNumber.js'

/**
 * A log scale for positive values from `low` to `high`: a domain with a little room, and few ticks: powers of ten
 * where the values span many, else 1, 2, 5, else round numbers.
 */
export function logAxis(low: number, high: number) {
  const room = Math.max(1.03, Math.exp(0.03 * (Math.log(high) - Math.log(low))))
  const domain: [number, number] = [Math.max(low / room, Number.MIN_VALUE), Math.min(high * room, Number.MAX_VALUE)]
  return { type: 'log' as const, domain, ticks: logTicks(...domain), tickFormat: tickText }
}

function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low))
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => first + i)
  const inside = (ticks: number[]) => ticks.filter((tick) => tick >= low && tick <= high)

  const decades = inside(powers.map((power) => 10 ** power))
  if (decades.length > 3) {
    const every = Math.ceil(decades.length / 7)
    return decades.filter((_, i) => (decades.length - 1 - i) % every === 0)
  }
  const steps = inside(powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`))))
  if (steps.length >= 3) return steps
  const step = [1, 2, 5, 10]
    .map((digit) => digit * 10 ** Math.floor(Math.log10((high - low) / 5)))
    .find((size) => (high - low) / size <= 6)!
  return inside(Array.from({ length: 12 }, (_, i) => (Math.floor(low / step) + i) * step))
}

/** A tick's number; powers of ten far from 1 without their "1 ×". */
function tickText(value: number): string {
  return formatNumber(value, 3).replace(/^1\u00a0×\u00a0/, '')
}
