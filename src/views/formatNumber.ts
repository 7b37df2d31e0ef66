/**
 * A number as people write it: `digits` significant digits (4 by default), a true minus sign, thin spaces between
 * thousands, powers of ten for the very large and the very small; whole numbers below 10¹² are written out.
 */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'not a number'
  const sign = value < 0 ? '−' : ''
  const size = Math.abs(value)
  if (size === Number.POSITIVE_INFINITY) return `${sign}∞`
  if (size === 0) return '0'
  if (Number.isInteger(size) && size < 1e12) return sign + grouped(String(size))
  if (size < 1e-3 || size >= 1e12) {
    const [mantissa, exponent] = size.toExponential(Math.max(0, digits - 1)).split('e')
    return `${sign}${trimmed(mantissa)}\u00a0×\u00a010${superscript(Number(exponent))}`
  }
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
  const [whole, fraction] = size.toFixed(decimals).split('.')
  return sign + trimmed(fraction === undefined ? grouped(whole) : `${grouped(whole)}.${fraction}`)
}

/** A share as a percentage: 0.9425 is "94.2 %". */
export function formatShare(share: number): string {
  return `${formatNumber(100 * share, 3)}\u00a0%`
}

const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, '\u202f')
const trimmed = (number: string) => (number.includes('.') ? number.replace(/\.?0+$/, '') : number)
const superscript = (exponent: number) =>
  [...String(exponent)].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('')
