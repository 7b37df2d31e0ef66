import type { RegularizerConfig } from '../../src/energy/regularizer.js'
import { subsets } from './bruteForce.js'
import { groups, penalty } from './penalty.js'

/** The minimizer of a convex function of one number, by halving an interval that holds it. */
function searchLine(f: (x: number) => number, low: number, high: number): number {
  for (let round = 0; round < 90; round++) {
    const third = (high - low) / 3
    if (f(low + third) <= f(high - third)) high -= third
    else low += third
  }
  return (low + high) / 2
}

/** Σ over the energy that a prox minimizes: ½‖z − v‖² + step·λR(z). */
export function proxEnergy(
  config: RegularizerConfig,
  v: readonly number[],
  step: number,
  lambda: number,
  z: ArrayLike<number>,
): number {
  let distance = 0
  for (let j = 0; j < v.length; j++) distance += 0.5 * (z[j] - v[j]) ** 2
  return distance + step * penalty(config, lambda, z)
}

/** The least value that the prox's energy takes, found by search alone. */
export function leastProxEnergy(config: RegularizerConfig, v: readonly number[], step: number, lambda: number): number {
  const reach = 2 * Math.max(...v.map(Math.abs)) + 1
  const at = (z: readonly number[]) => proxEnergy(config, v, step, lambda, z)
  if (config.kind === 'l0' || config.kind === 'top-k') {
    // On a support the distance alone is left, which z = v minimizes.
    return Math.min(...[...subsets(v.length)].map((kept) => at(v.map((value, j) => (kept.includes(j) ? value : 0)))))
  }
  let z = v.map(() => 0)
  for (const group of groups(config, v.length)) {
    if (group.length > 2) throw new Error('The search knows groups of one and two.')
    const put = (values: readonly number[]) =>
      z.map((value, j) => (group.includes(j) ? values[group.indexOf(j)] : value))
    const low = config.kind === 'nonnegative' ? 0 : -reach
    const along = (x: number) => (group.length === 1 ? [x] : [x, searchLine((t) => at(put([x, t])), low, reach)])
    const found = put(along(searchLine((x) => at(put(along(x))), low, reach)))
    const zero = put(group.map(() => 0))
    z = at(found) < at(zero) ? found : zero
  }
  return at(z)
}
