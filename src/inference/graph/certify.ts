import { givenOf, type LatentVariableEnergy, observationInputs } from '../../energy/latentVariableEnergy.js'
import type { SymParameters } from '../../energy/module.js'
import { add, cast, input, matmul, mul, reshape, type Sym, square, sub, sum, transpose } from '../../graph/index.js'
import { sizeOf } from '../../tensor/tensor.js'
import { dualityGap } from './dualityGap.js'
import { castParameters, type Outputs } from './solverGraphs.js'
import { correlationsAtZero, strengthOf } from './strength.js'

/** Whether an energy is quadratic in z but for a convex regularizer with a prox, so that codes have a duality gap. */
export function isQuadratic({
  cost,
  decoder,
  regularizer,
  encoder,
  gamma,
  encoderCost,
}: LatentVariableEnergy): boolean {
  const { prox, dual } = regularizer?.symbolic ?? {}
  const guided = encoder === undefined || gamma === 0 || encoderCost.quadratic
  return cost.quadratic && decoder.affine !== undefined && guided && prox !== undefined && dual !== undefined
}

/** What it is when something is asked of an energy that only quadratic ones have. */
export const notQuadratic = (): Error => new Error('This energy is not quadratic in z; isQuadratic tells.')

/**
 * Energy and duality gap of codes `z`, [n, 1] each, all of it computed in double precision from the parameters, the observations and
 * the codes as they are.
 */
export function quadraticCertificate(
  energy: LatentVariableEnergy,
  parameters: SymParameters,
  codes = input('z', ['n', energy.codeSize]),
): Outputs {
  const { gamma, regularizer } = energy
  const { dual, value } = regularizer?.symbolic ?? {}
  const symbols = castParameters(parameters, 'float64')
  const inputs = observationInputs(energy)
  const size = sizeOf(energy.yShape)
  const y = cast(inputs.y, 'float64')
  const h = energy.context(symbols, inputs.x && cast(inputs.x, 'float64'))
  const z = cast(codes, 'float64')
  const { weight, offset } = energy.affine(symbols, h) ?? {}
  if (!weight || !dual || !value) throw notQuadratic()
  const flat = reshape(y, ['n', size])
  const target = offset ? sub(flat, offset) : flat
  const residual = sub(target, matmul(z, transpose(weight)))
  const guess = gamma > 0 ? energy.encode(symbols, y, h) : undefined
  const missed = guess && sub(guess, z)
  // The encoder's term is ½‖√γ ē − √γ z‖²: more rows of y and W.
  const extended = (own: Sym, more: Sym | undefined) => (more ? add(own, mul(gamma, more)) : own)
  const lambda = strengthOf(energy, () => extended(matmul(target, weight), guess), 'float64')
  if (!lambda) throw notQuadratic()
  const rowSum = (v: Sym) => sum(v, [1], true)
  return {
    ...dualityGap(
      {
        z,
        correlations: extended(matmul(residual, weight), missed),
        squares: extended(rowSum(square(residual)), missed && rowSum(square(missed))),
        alignment: extended(rowSum(mul(target, residual)), missed && guess && rowSum(mul(guess, missed))),
        penalty: reshape(value(z, lambda), ['n', 1]),
      },
      dual,
      lambda,
    ),
  }
}

/** E of codes `z`, [n, 1]: the decoder in single precision, its cost and all sums in double. What is your own is computed as it is written. */
export function energyGraph(
  energy: LatentVariableEnergy,
  parameters: SymParameters,
  z = input('z', ['n', energy.codeSize]),
): Sym {
  const { cost, regularizer, encoderCost, gamma } = energy
  const { x, y } = observationInputs(energy)
  const h = energy.context(parameters, x)
  const guess = gamma > 0 ? energy.encode(parameters, y, h) : undefined
  const wide = (own: boolean, sym: Sym): Sym => (own ? sym : cast(sym, 'float64'))
  const double = (term: Sym): Sym => cast(term, 'float64')
  const own = cost.kind === 'own'
  let sum = double(cost.value(wide(own, y), wide(own, energy.decode(parameters, h, z))))
  if (regularizer) {
    const plain = regularizer.kind === 'own'
    const correlations = () => correlationsAtZero(energy, parameters, givenOf(y, h, guess))
    const lambda = strengthOf(energy, correlations, plain ? 'float32' : 'float64')
    if (lambda) sum = add(sum, double(regularizer.symbolic.value(wide(plain, z), lambda)))
  }
  if (guess) {
    const plain = encoderCost.kind === 'own'
    sum = add(sum, double(mul(gamma, encoderCost.value(wide(plain, z), wide(plain, guess)))))
  }
  return reshape(sum, ['n', 1])
}
