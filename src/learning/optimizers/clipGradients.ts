import type { SymParameters } from '../../energy/module.js'
import { add, clip, div, minimum, mul, type Sym, sqrt, square, sum } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'

/** What bounds gradients before they are used: the norm of all together, or each number. */
export type Clipping = { readonly norm: number } | { readonly value: number }

/** Keeps the division finite where all gradients are 0; PyTorch's number. */
const LEAST_NORM = 1e-6

/** ‖g‖ over all tensors together, a scalar. */
export function globalNorm(gradients: SymParameters): Sym {
  const squares = Object.values(gradients).map((gradient) => sum(square(gradient)))
  if (squares.length === 0) throw new ConfigurationError('There are no gradients, and so no norm.')
  return sqrt(squares.reduce((a, b) => add(a, b)))
}

/**
 * Gradients within their bound: with `norm`, all times min(1, norm/‖g‖), which keeps their direction; with `value`, each number
 * clipped to ±value. Throws {@link ConfigurationError} unless the bound is a finite number above 0.
 */
export function clipGradients(gradients: SymParameters, clipping: Clipping): SymParameters {
  const bound = 'norm' in clipping ? clipping.norm : clipping.value
  if (!(bound > 0 && bound < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`Gradients are clipped to a finite number above 0; got ${bound}.`)
  }
  const each = (change: (gradient: Sym) => Sym): SymParameters =>
    Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, change(gradient)]))
  if ('value' in clipping) return each((gradient) => clip(gradient, -bound, bound))
  const scale = minimum(div(bound, add(globalNorm(gradients), LEAST_NORM)), 1)
  return each((gradient) => mul(gradient, scale))
}
