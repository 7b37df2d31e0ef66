import {
  abs,
  constant,
  div,
  expand,
  lessEqual,
  maximum,
  maxOver,
  mul,
  reshape,
  square,
  sum,
  where,
} from '../graph/index.js'
import type { Sym } from '../graph/sym.js'

/** Numbers below this are 0 as far as a quotient is concerned. */
export const TINY = 1e-30

/** λ·(Σ over a row), [n, k] → [n]; λ is a scalar or [n, 1]. */
export function strengthened(lambda: Sym, terms: Sym): Sym {
  return reshape(mul(lambda, sum(terms, [1], true)), ['n'])
}

/** ½μ‖z‖², [n]. */
export function halfSquares(ridge: number | Sym, z: Sym): Sym {
  return reshape(mul(mul(0.5, sum(square(z), [1], true)), ridge), ['n'])
}

/** The largest number of each row, [n, k] → [n, 1]. */
export function largest(terms: Sym): Sym {
  return maxOver(terms, [1], true)
}

/** ‖·‖∞ of each row, [n, 1]. */
export function largestMagnitude(c: Sym): Sym {
  return largest(abs(c))
}

/** The largest s ≤ 1 with s·polar ≤ λ, [n, 1]. */
export function scaleWithin(lambda: Sym, polar: Sym): Sym {
  return where(lessEqual(polar, lambda), 1, div(lambda, maximum(polar, TINY)))
}

/** A conjugate that is 0 wherever it is finite, [n, 1]. */
export function zeroConjugate(c: Sym): Sym {
  return expand(constant(0, c.type), ['n', 1], c)
}

/** The scale of a conjugate that is finite everywhere, [n, 1]. */
export function fullScale(c: Sym): Sym {
  return expand(constant(1, c.type), ['n', 1], c)
}

/** A constant row [1, k] in the element type of z. */
export function row(values: ArrayLike<number>, z: Sym): Sym {
  return constant({ shape: [1, values.length], data: Float32Array.from(values) }, z.type)
}

/** Euclidean norms of rows squared, [n, 1]. */
export function squaredNorm(z: Sym): Sym {
  return sum(square(z), [1], true)
}
