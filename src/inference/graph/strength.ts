import type { Given, LatentVariableEnergy } from '../../energy/latentVariableEnergy.js'
import type { SymParameters } from '../../energy/module.js'
import {
  add,
  cast,
  constant,
  type ElementType,
  expand,
  gradient,
  mul,
  neg,
  type Sym,
  stopGradient,
  sum,
} from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'

/** Whether each observation has a λ of its own, a fraction of its λmax. */
export function isRelative({ regularizer }: LatentVariableEnergy): boolean {
  return regularizer?.strength !== undefined && 'lambdaRatio' in regularizer.strength
}

/**
 * λ of an energy's regularizer: a constant, or for a fraction of λmax a column [n, 1] from the correlations −∂(C + γD)/∂z at z = 0,
 * [n, k]; undefined where there is no regularizer. Derivatives take it as a constant.
 */
export function strengthOf(
  { regularizer }: LatentVariableEnergy,
  correlations: () => Sym,
  type: ElementType = 'float32',
): Sym | undefined {
  if (!regularizer) return undefined
  const { strength, symbolic, kind } = regularizer
  if (strength === undefined) return constant(0, type)
  if ('lambda' in strength) return constant(strength.lambda, type)
  if (!symbolic.lambdaMax) {
    throw new ConfigurationError(`The regularizer ${kind} has no λmax; state lambda instead of lambdaRatio.`)
  }
  return stopGradient(mul(strength.lambdaRatio, symbolic.lambdaMax(cast(correlations(), type))))
}

/** −∂(C + γD)/∂z at z = 0, [n, k]. */
export function correlationsAtZero(energy: LatentVariableEnergy, parameters: SymParameters, given: Given): Sym {
  const { y } = given
  // A barrier, because what was only expanded is taken as the number it was, of which there is no derivative to each code.
  const zero = stopGradient(expand(constant(0, y.type), ['n', energy.codeSize], y))
  const { cost, encoder } = energy.terms(parameters, given, zero, undefined)
  return neg(gradient(sum(encoder ? add(cost, encoder) : cost), [zero])[0])
}
