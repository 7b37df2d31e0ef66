import type { GraphRegularizerConfig } from '../../src/energy/graphRegularizer.js'
import { norm } from './linearAlgebra.js'

/** λR(z), restated from its definition for a regularizer's description. */
export function penalty(config: GraphRegularizerConfig, lambda: number, z: ArrayLike<number>): number {
  let total = 0
  let active = 0
  for (let j = 0; j < z.length; j++) {
    if (z[j] !== 0) active++
    if (config.kind === 'l1') total += lambda * Math.abs(z[j])
    if (config.kind === 'weighted-l1') total += lambda * Math.fround(config.weights![j]) * Math.abs(z[j])
    if (config.kind === 'nonnegative') total += z[j] < 0 ? Number.POSITIVE_INFINITY : lambda * z[j]
    if (config.kind === 'elastic-net') total += lambda * Math.abs(z[j]) + 0.5 * config.ridge! * z[j] * z[j]
    if (config.kind === 'l0' && z[j] !== 0) total += lambda
    if (config.kind === 'l2') total += (lambda * z[j] ** 2) / 2
  }
  if (config.kind === 'group')
    for (const group of groups(config, z.length)) total += lambda * norm(group.map((j) => z[j]))
  if (config.kind === 'top-k' && active > config.active!) return Number.POSITIVE_INFINITY
  if (config.kind === 'limited-noise' && norm(Array.from(z)) > config.radius! * (1 + 1e-5))
    return Number.POSITIVE_INFINITY
  return total
}

/** The atoms of each group; groups of one where the regularizer has none. */
export function groups(config: GraphRegularizerConfig, atoms: number): number[][] {
  const size = config.kind === 'group' ? config.groupSize! : 1
  return Array.from({ length: Math.ceil(atoms / size) }, (_, g) =>
    Array.from({ length: Math.min(size, atoms - g * size) }, (_, i) => g * size + i),
  )
}

/**
 * How far `c` is outside the set {c : cᵀz ≤ λR(z) for all z} of a convex regularizer (the ridge aside): 1 or less is
 * inside.
 */
export function dualRatio(config: GraphRegularizerConfig, lambda: number, c: ArrayLike<number>): number {
  let largest = 0
  for (const group of groups(config, c.length)) {
    const values = group.map((j) => (config.kind === 'nonnegative' ? Math.max(0, c[j]) : c[j]))
    const weight = config.kind === 'weighted-l1' ? Math.fround(config.weights![group[0]]) : 1
    largest = Math.max(largest, norm(values) / (lambda * weight))
  }
  return largest
}

/** Whether z ↦ λR(z) is convex. */
export function isConvex(config: GraphRegularizerConfig): boolean {
  return config.kind !== 'l0' && config.kind !== 'top-k'
}

/** μ of ½μ‖z‖². */
export function ridgeOf(config: GraphRegularizerConfig): number {
  return config.ridge ?? 0
}
