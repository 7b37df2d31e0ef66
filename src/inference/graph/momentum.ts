import { add, div, mul, type Sym, sqrt, square, sub } from '../../graph/index.js'

/** The next weight of FISTA's momentum, ½(1 + √(1 + 4t²)), and how far to go beyond the new point, (t − 1)/next. */
export function momentum(t: Sym): { readonly next: Sym; readonly beyond: Sym } {
  const next = mul(0.5, add(sqrt(add(mul(4, square(t)), 1)), 1))
  return { next, beyond: div(sub(t, 1), next) }
}
