import { ConfigurationError } from '../tensor/errors.js'

/** How the atoms move once a batch's codes are in the statistics. */
export type DictionaryUpdate = OnlineUpdate | GradientUpdate

/**
 * Block-coordinate descent on the dictionary from statistics that forget: before batch t, A and B are multiplied by
 * (1 − rows/seen)^forgetting, `seen` counting this batch's observations too; 0 keeps everything.
 */
export interface OnlineUpdate {
  readonly kind: 'online'
  readonly forgetting: number
  /** Aⱼⱼ at or below which an atom stays where it is. */
  readonly leastUse: number
  decay(step: number, seen: number, rows: number): number
}

/** The lecture's gradient step on the batch alone, W ← W + η·mean((y − Wz)zᵀ), followed by a normalization. */
export interface GradientUpdate {
  readonly kind: 'gradient'
  readonly relativeRate: number
  /** `columns`: each atom to unit norm; `sum-of-norms`: one factor for all, so that the norms' sum is the number of atoms. */
  readonly normalization: 'columns' | 'sum-of-norms'
  decay(): number
  /** η on the summed statistics, given a bound of their curvature. */
  rate(curvature: number): number
}

/**
 * Online learning from sufficient statistics (Mairal et al. 2010, algorithm 1). `forgetting` is a number from 0 to 100, 5 by
 * default: roughly the last fifth of what was seen counts.
 */
export function online(options: { forgetting?: number } = {}): OnlineUpdate {
  const forgetting = options.forgetting ?? 5
  if (!(forgetting >= 0 && forgetting <= 100)) {
    throw new ConfigurationError(`forgetting must be a number from 0 to 100; got ${forgetting}.`)
  }
  return {
    kind: 'online',
    forgetting,
    leastUse: 1e-10,
    decay: (_step, seen, rows) => (1 - rows / seen) ** forgetting,
  }
}

/**
 * The lecture's rule. `relativeRate` in (0, 2) scales the step 1/L, where L bounds the curvature of the batch's energy in W:
 * below 2 the energy of the batch cannot rise before normalization.
 */
export function gradient(
  options: { relativeRate?: number; normalization?: 'columns' | 'sum-of-norms' } = {},
): GradientUpdate {
  const relativeRate = options.relativeRate ?? 1
  const normalization = options.normalization ?? 'columns'
  if (!(relativeRate > 0 && relativeRate < 2)) {
    throw new ConfigurationError(`relativeRate must lie between 0 and 2; got ${relativeRate}.`)
  }
  if (normalization !== 'columns' && normalization !== 'sum-of-norms') {
    throw new ConfigurationError(`normalization must be "columns" or "sum-of-norms"; got "${normalization}".`)
  }
  return {
    kind: 'gradient',
    relativeRate,
    normalization,
    decay: () => 0,
    rate: (curvature) => (curvature > 0 ? relativeRate / curvature : 0),
  }
}
