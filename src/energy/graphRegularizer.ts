import type { Sym } from '../graph/sym.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { Rng } from '../tensor/random.js'
import { checkedOutput } from './module.js'
import type { Strength } from './regularizer.js'

/** λR(z) as graphs take it: codes are flat, [n, k], and λ and step are scalars or [n, 1], one an observation. */
export interface SymbolicRegularizer {
  /** λR(z), [n]; infinite outside of a set that codes are held to. */
  value(z: Sym, lambda: Sym): Sym
  /** argmin over z of ½‖z − v‖² + step·λR(z), [n, k]. A step of 0 projects on the set where R is finite. */
  prox?(v: Sym, step: Sym, lambda: Sym): Sym
  /** λmax of correlations [n, k], as {@link GraphRegularizer.lambdaMax}: [n, 1]. */
  lambdaMax?(c: Sym): Sym
  /** Whether the value has a gradient everywhere, so that gradient descent serves. */
  readonly smooth: boolean
  /** Present where R is convex: what the duality gap of a linear decoder needs. */
  readonly dual?: SymbolicDual
}

/** λR = g + ½μ‖·‖², and the conjugate g*(c) = sup over z of cᵀz − g(z), for c [n, k]. */
export interface SymbolicDual {
  /** μ ≥ 0. */
  readonly ridge: number
  /** The largest s ≤ 1 for which g*(s·c) is finite, [n, 1]. */
  scale(c: Sym, lambda: Sym): Sym
  /** g*(s·c) at that s, [n, 1]. */
  conjugate(c: Sym, lambda: Sym): Sym
}

/** λR(z) for energies that are graphs. Every {@link Regularizer} is one; one alone is of no use to the kernels, and does not compile there. */
export interface GraphRegularizer<Kind extends string = string> {
  readonly kind: Kind
  /** The name of a regularizer of your own, for messages. */
  readonly name?: string
  readonly strength: Strength | undefined
  readonly symbolic: SymbolicRegularizer
  /** Deviation of the normal noise that learning adds to codes; none by default. */
  readonly noise?: number
  /** A code of `size` numbers from the density proportional to exp(−λR(z)), λ being the strength; absent where that is none, or not known. */
  draw?(random: Rng, size: number): Float64Array
  /**
   * The smallest λ for which z = 0 minimizes the energy, given the correlations Wᵀy [k] (in general −∂C/∂z at 0); for L0, over
   * unit-norm atoms, that at which no single atom lowers it. Absent where there is none.
   */
  lambdaMax?(correlations: ArrayLike<number>): number
  /** A plain object from which `restoreRegularizer` or `restoreGraphRegularizer` makes the same regularizer. */
  describe(): GraphRegularizerConfig
}

/** λR(z) and its prox in plain numbers, for one code. */
export interface PlainRegularizer {
  /** λR(z) for a code z [k] and an absolute λ. */
  value(code: ArrayLike<number>, lambda: number): number
  /** prox of step·λR at v [k]: argmin over z of ½‖z − v‖² + step·λR(z), written to `out`. */
  prox(v: ArrayLike<number>, step: number, lambda: number, out: Float64Array): void
}

/** A regularizer for graphs as `config.json` holds it. */
export interface GraphRegularizerConfig {
  readonly kind: string
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly ridge?: number
  readonly groupSize?: number
  readonly active?: number
  readonly weights?: readonly number[]
  /** r and σ of noise with limited norm. */
  readonly radius?: number
  readonly deviation?: number
  /** Deviation of noise that learning adds to codes, where it was written beside a ready regularizer. */
  readonly noise?: number
  /** The name of a regularizer of your own. */
  readonly name?: string
}

/** A regularizer as `config.json` holds it, with the noise that was written beside it. */
export function describeRegularizer(regularizer: GraphRegularizer): GraphRegularizerConfig {
  const config = regularizer.describe()
  const { noise } = regularizer
  return noise === undefined || noise === config.deviation ? config : { ...config, noise }
}

/** Throws {@link ConfigurationError} unless noise is a finite deviation, 0 or more, or none. */
export function checkNoise(noise: number | undefined): void {
  if (noise === undefined || (typeof noise === 'number' && noise >= 0 && noise < Number.POSITIVE_INFINITY)) return
  throw new ConfigurationError(
    `The noise beside a regularizer must be a finite number, 0 or more; got ${String(noise)}.`,
  )
}

/**
 * A regularizer from your own functions over symbolic tensors; a run folder keeps its name, and whoever loads the run gives it
 * again. Without a `prox` it must be smooth. Its functions throw {@link ShapeError} where they return another shape. Throws {@link ConfigurationError} for a strength out of range, and without a name.
 */
export function defineRegularizer(definition: {
  readonly name: string
  /** λ ≥ 0; 1 by default. */
  readonly lambda?: number
  value(z: Sym, lambda: Sym): Sym
  prox?(v: Sym, step: Sym, lambda: Sym): Sym
}): GraphRegularizer<'own'> {
  const { name, lambda = 1, prox } = definition
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError(`A regularizer needs a name, a text that is not empty; got ${JSON.stringify(name)}.`)
  }
  if (!(typeof lambda === 'number' && lambda >= 0 && lambda < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`lambda must be a finite number, 0 or more; got ${lambda}.`)
  }
  return {
    kind: 'own',
    name,
    strength: { lambda },
    symbolic: {
      value: (z, strength) => checkedOutput(`The regularizer "${name}"`, definition.value(z, strength), [z.shape[0]]),
      ...(prox
        ? {
            prox: (v: Sym, step: Sym, strength: Sym) =>
              checkedOutput(`The prox of the regularizer "${name}"`, prox.call(definition, v, step, strength), v.shape),
          }
        : {}),
      smooth: prox === undefined,
    },
    describe: () => ({ kind: 'own', name, lambda }),
  }
}
