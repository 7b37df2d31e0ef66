import { ConfigurationError } from '../tensor/errors.js'
import type { GraphRegularizer, GraphRegularizerConfig, PlainRegularizer } from './graphRegularizer.js'
import { checkedPart, partName } from './module.js'

/** The regularizers that the kernels know, by the name that files and the command line use. */
export type RegularizerKind = 'l1' | 'weighted-l1' | 'nonnegative' | 'elastic-net' | 'group' | 'top-k' | 'l0'

/** How strong: `lambda` is absolute; `lambdaRatio` is the fraction of each observation's λmax. */
export type Strength = { readonly lambda: number } | { readonly lambdaRatio: number }

/** What the kernels need to know of a regularizer. */
export interface KernelPenalty {
  readonly family: 'l1' | 'group' | 'top-k' | 'l0'
  readonly nonNegative: boolean
  /** μ of ½μ‖z‖². */
  readonly ridge: number
  readonly groupSize: number
  /** At most this many active atoms; 0 where unlimited. */
  readonly topK: number
  /** Weight of each atom's term; undefined: 1. */
  readonly weights?: Float32Array
}

/**
 * λR(z): plain-number forms of its value, prox and λmax, and symbolic ones; the kernels take the same part by `penalty`.
 * `Kind` keeps solvers and regularizers that do not go together from compiling.
 */
export interface Regularizer<Kind extends RegularizerKind = RegularizerKind>
  extends GraphRegularizer<Kind>,
    PlainRegularizer {
  readonly penalty: KernelPenalty
  /**
   * The smallest λ for which z = 0 minimizes the energy, given the correlations Wᵀy [k]; for L0, over unit-norm atoms, that
   * at which no single atom lowers it.
   */
  lambdaMax(correlations: ArrayLike<number>): number
  /** A plain object from which `restoreRegularizer` makes the same regularizer. */
  describe(): RegularizerConfig
}

/** A regularizer as `config.json` holds it. */
export interface RegularizerConfig extends Omit<GraphRegularizerConfig, 'radius' | 'deviation' | 'name'> {
  readonly kind: RegularizerKind
}

/** What single precision can hold of a weight in the energy. */
export const SMALLEST = 1e-30
export const LARGEST = 1e30
const SMALLEST_RATIO = 1e-7

/** Checks a strength. Throws {@link ConfigurationError} unless exactly one of λ > 0 and 0 < λ/λmax < 1 is given, within single precision. */
export function checkedStrength(
  kind: RegularizerKind | 'l2',
  options: { lambda?: number; lambdaRatio?: number },
): Strength {
  const { lambda, lambdaRatio } = options
  if ((lambda === undefined) === (lambdaRatio === undefined)) {
    throw new ConfigurationError(`The regularizer ${kind} needs either lambda or lambdaRatio, and not both.`)
  }
  if (lambda !== undefined) {
    if (!(typeof lambda === 'number' && lambda > 0 && lambda < Infinity)) {
      throw new ConfigurationError(`lambda must be a finite number above 0; got ${lambda}.`)
    }
    if (lambda < SMALLEST || lambda > LARGEST) {
      throw new ConfigurationError(
        `lambda must lie between ${SMALLEST} and ${LARGEST}, which single precision can hold; got ${lambda}. Scale the data instead.`,
      )
    }
    return { lambda }
  }
  if (!(typeof lambdaRatio === 'number' && lambdaRatio > 0 && lambdaRatio < 1)) {
    throw new ConfigurationError(`lambdaRatio must lie between 0 and 1 (a fraction of λmax); got ${lambdaRatio}.`)
  }
  if (lambdaRatio < SMALLEST_RATIO) {
    throw new ConfigurationError(
      `lambdaRatio must be ${SMALLEST_RATIO} or more, the precision of the data; got ${lambdaRatio}.`,
    )
  }
  return { lambdaRatio }
}

/**
 * Gives a regularizer back. Throws {@link ConfigurationError} unless the kernels have a form of it: one for graphs alone is refused by its
 * type, and here where types are not looked at.
 */
export function checkedRegularizer<Kind extends RegularizerKind>(regularizer: Regularizer<Kind>): Regularizer<Kind> {
  checkedPart('regularizer', regularizer, ['describe'], 'l1({ lambda: 0.1 })')
  if ((regularizer as Partial<Regularizer>).penalty !== undefined) return regularizer
  throw new ConfigurationError(
    `The regularizer ${partName(regularizer)} is for energies on graphs, as latentVariableModel makes them; the solvers of linear decoders take l1, weightedL1, nonNegative, elasticNet, group, topK and l0.`,
  )
}

/** Checks a whole number ≥ 1. */
export function checkedCount(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw new ConfigurationError(`${name} must be a whole number, 1 or more; got ${value}.`)
  return value
}

/** Throws {@link ConfigurationError} for a number of entries that is more than a code has. */
export function checkWithin(name: string, value: number, codeSize: number): void {
  if (value <= codeSize) return
  throw new ConfigurationError(
    `${name} is ${value}, and a code has ${codeSize === 1 ? 'one number' : `${codeSize} numbers`}; ${name} may be ${codeSize} at most.`,
  )
}

/** The soft threshold: argmin over z of ½(z − v)² + t|z|. */
export function shrink(v: number, t: number): number {
  if (v > t) return v - t
  if (v < -t) return v + t
  return 0
}

export const PLAIN: KernelPenalty = { family: 'l1', nonNegative: false, ridge: 0, groupSize: 1, topK: 0 }
