import { type LatentVariableEnergy, observationInputs, parameterInputs } from '../../energy/latentVariableEnergy.js'
import type { Parameters } from '../../energy/module.js'
import { add, constant, expand, gradient, neg, type Sym, stopGradient, sum } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { Observed } from './observed.js'
import { type Programs, select } from './programs.js'

/**
 * λ of each observation [n, 1] where the regularizer states a fraction of λmax, from the correlations −∂(C + γD)/∂z at z = 0; else
 * undefined.
 */
export async function strengths(
  programs: Programs,
  energy: LatentVariableEnergy,
  parameters: Parameters,
  given: Observed,
): Promise<Tensor | undefined> {
  const { regularizer, codeSize } = energy
  const { strength } = regularizer ?? {}
  if (!regularizer || !strength || !('lambdaRatio' in strength)) return undefined
  if (!regularizer.lambdaMax) {
    throw new ConfigurationError(
      `The regularizer ${regularizer.kind} has no λmax; state lambda instead of lambdaRatio.`,
    )
  }
  const program = await programs.get('correlations', () => ({ correlations: correlations(energy, parameters) }))
  const found = await program.run(select(program, parameters, { ...given }))
  const values = found.correlations.data as Float32Array
  const [count] = given.y.shape
  const data = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    data[i] = strength.lambdaRatio * regularizer.lambdaMax(values.subarray(i * codeSize, (i + 1) * codeSize))
  }
  return { shape: [count, 1], data }
}

function correlations(energy: LatentVariableEnergy, parameters: Parameters): Sym {
  const symbols = parameterInputs(parameters)
  const { x, y } = observationInputs(energy)
  const h = energy.context(symbols, x)
  const guess = energy.gamma > 0 ? energy.encode(symbols, y, h) : undefined
  // A barrier, because what was only expanded is taken as the number it was, of which there is no derivative to each code.
  const zero = stopGradient(expand(constant(0), ['n', energy.codeSize], y))
  const { cost, encoder } = energy.terms(
    symbols,
    { y, ...(h ? { h } : {}), ...(guess ? { guess } : {}) },
    zero,
    undefined,
  )
  return neg(gradient(sum(encoder ? add(cost, encoder) : cost), [zero])[0])
}
