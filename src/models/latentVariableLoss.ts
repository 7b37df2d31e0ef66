import { givenOf, type LatentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { prefixed, type SymParameters, scoped } from '../energy/module.js'
import { add, constant, mean, mul, type Sym } from '../graph/index.js'
import { correlationsAtZero, strengthOf } from '../inference/graph/strength.js'
import type { InputShape, Loss } from '../learning/trainingGraph.js'
import type { LatentVariableDefinition } from './latentVariable.js'

/** What a step of learning is fed: observations, their codes, and the noise on these. */
export function lossInputs({ energy, amortized }: LatentVariableDefinition): Readonly<Record<string, InputShape>> {
  const { xShape, yShape, codeSize, regularizer } = energy
  return {
    ...(xShape ? { x: ['n', ...xShape] } : {}),
    y: ['n', ...yShape],
    ...(amortized ? {} : { z: ['n', codeSize] }),
    ...(regularizer?.noise ? { noise: ['n', codeSize] } : {}),
  }
}

/**
 * The mean energy of a batch as a function of the parameters: codes are fixed, or the encoder's output (projected on where R is
 * finite) where they are amortized; noise joins them before they are decoded.
 */
export function latentVariableLoss(
  { energy, amortized }: LatentVariableDefinition,
  parameters: SymParameters,
  { x, y, z, noise }: SymParameters,
): Loss {
  const { cost, regularizer, encoderCost, gamma } = energy
  const h = energy.context(parameters, x)
  const guess = energy.encode(parameters, y, h)
  const lambda = strengthOf(energy, () =>
    correlationsAtZero(energy, parameters, givenOf(y, h, gamma > 0 ? guess : undefined)),
  )
  const code = amortized && guess ? projected(energy, guess, lambda) : z
  const terms = {
    cost: mean(cost.value(y, energy.decode(parameters, h, noise ? add(code, noise) : code))),
    regularizer: regularizer && lambda ? mean(regularizer.symbolic.value(code, lambda)) : constant(0),
    encoder: guess && !amortized ? mul(gamma, mean(encoderCost.value(code, guess))) : constant(0),
  }
  return { loss: add(add(terms.cost, terms.regularizer), terms.encoder), metrics: terms }
}

function projected({ regularizer }: LatentVariableEnergy, code: Sym, lambda: Sym | undefined): Sym {
  const { prox } = regularizer?.symbolic ?? {}
  return prox && lambda ? prox(code, constant(0), lambda) : code
}

/** Parameters with the decoder's columns at norm 1. */
export function normalizedDecoder(
  { decoder, codeSize }: LatentVariableEnergy,
  parameters: SymParameters,
): SymParameters {
  const normal = decoder.normalized?.(scoped(parameters, 'decoder'), codeSize)
  return { ...parameters, ...(normal ? prefixed(normal, 'decoder') : {}) }
}
