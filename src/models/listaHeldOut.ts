import type { AmortizedInference } from '../inference/amortized.js'
import { toDense } from '../inference/codes.js'
import type { Tensor } from '../tensor/tensor.js'
import type { HeldOutCodes } from './listaProgress.js'

/**
 * How an encoder's codes of observations, preprocessed, compare with the codes of least energy; undefined where they are so far off
 * that the numbers are not finite.
 */
export async function compareCodes(
  inference: AmortizedInference,
  observations: Tensor,
): Promise<HeldOutCodes | undefined> {
  const found = await inference.encode(observations)
  const best = await inference.solve(observations)
  const codes = toDense(found.codes).data
  const optimal = toDense(best.codes).data
  let squares = 0
  for (let i = 0; i < codes.length; i++) squares += (codes[i] - optimal[i]) ** 2
  const excess = found.energy.reduce((sum, energy, i) => sum + energy - best.energy[i], 0)
  const compared = { squaredError: squares / codes.length, energyGap: excess / found.energy.length }
  return Object.values(compared).every(Number.isFinite) ? compared : undefined
}
