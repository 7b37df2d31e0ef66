import type { RegularizerKind } from '../../energy/regularizer.js'
import { Job, type JobNumber } from '../../kernels/jobs.js'
import { ConfigurationError } from '../../tensor/errors.js'

export type SolverName = 'active-set' | 'coordinate-descent' | 'fista' | 'ista' | 'omp'

/**
 * A solver for linear decoders, and the regularizers that it can serve: `LinearSolver<K>` fits a problem whose
 * regularizer's kind is in K, and no other pairing compiles.
 */
export interface LinearSolver<Kind extends RegularizerKind> {
  readonly name: SolverName
  readonly job: JobNumber
  readonly scratch: 'activeSetScratch' | 'denseScratch' | 'pursuitScratch' | 'maskedScratch'
  /** False for a solver for masks that walks all atoms. */
  readonly workingSet?: boolean
  readonly kinds: readonly RegularizerKind[]
  /** Steps allowed where none are stated. */
  readonly maxSteps: number
  /** Takes any kind that the solver can serve; what makes the type contravariant. */
  readonly serves: (kind: Kind) => boolean
}

type L1Like = 'l1' | 'weighted-l1' | 'nonnegative' | 'elastic-net'

function solver<Kind extends RegularizerKind>(
  name: SolverName,
  job: JobNumber,
  scratch: LinearSolver<Kind>['scratch'],
  maxSteps: number,
  kinds: readonly Kind[],
): LinearSolver<Kind> {
  return { name, job, scratch, kinds, maxSteps, serves: (kind) => kinds.includes(kind) }
}

const L1_LIKE = ['l1', 'weighted-l1', 'nonnegative', 'elastic-net'] as const

/** Working set with direct solves on the support: exact, and the fastest; the default where it serves. */
export const activeSet = (): LinearSolver<L1Like> =>
  solver('active-set', Job.activeSet, 'activeSetScratch', 1000, L1_LIKE)

/** Cyclic coordinate descent on the Gram matrix. A step is one sweep. */
export const coordinateDescent = (): LinearSolver<L1Like | 'group' | 'l0'> =>
  solver('coordinate-descent', Job.coordinateDescent, 'denseScratch', 10_000, [...L1_LIKE, 'group', 'l0'])

/** FISTA with adaptive restart. */
export const fista = (): LinearSolver<L1Like | 'group'> =>
  solver('fista', Job.fista, 'denseScratch', 10_000, [...L1_LIKE, 'group'])

/** ISTA; iterative hard thresholding for top-k and L0. */
export const ista = (): LinearSolver<RegularizerKind> =>
  solver('ista', Job.ista, 'denseScratch', 50_000, [...L1_LIKE, 'group', 'top-k', 'l0'])

/** Orthogonal matching pursuit: greedy, for top-k. A step is one atom. */
export const orthogonalMatchingPursuit = (): LinearSolver<'top-k'> =>
  solver('omp', Job.pursuit, 'pursuitScratch', 10_000, ['top-k'])

const all = () => [activeSet(), coordinateDescent(), fista(), ista(), orthogonalMatchingPursuit()]

/** The names of all solvers. */
export const solverNames: readonly SolverName[] = all().map(({ name }) => name)

/** The best solver for a kind of regularizer. */
export function defaultSolver<Kind extends RegularizerKind>(kind: Kind): LinearSolver<Kind> {
  const name: SolverName =
    kind === 'top-k' ? 'omp' : kind === 'group' || kind === 'l0' ? 'coordinate-descent' : 'active-set'
  return solverByName(name, kind)
}

/** A solver by name, for `kind`. Throws {@link ConfigurationError} where there is none of that name or it cannot serve the kind. */
export function solverByName<Kind extends RegularizerKind>(name: string, kind: Kind): LinearSolver<Kind> {
  const found = all().find((candidate) => candidate.name === name)
  if (!found) throw new ConfigurationError(`There is no solver "${name}"; there are ${solverNames.join(', ')}.`)
  if (!found.kinds.includes(kind)) {
    const able = all().filter((candidate) => candidate.kinds.includes(kind))
    throw new ConfigurationError(
      `The solver ${name} cannot serve the regularizer ${kind}; ${able.map((other) => other.name).join(', ')} can.`,
    )
  }
  // The kind has just been looked up among those that the solver serves.
  return found as LinearSolver<Kind>
}

/** The solvers that take masks, and the regularizers that they then serve. */
const masked: Partial<Record<SolverName, readonly RegularizerKind[]>> = {
  'active-set': L1_LIKE,
  'coordinate-descent': L1_LIKE,
  omp: ['top-k'],
}

/**
 * A solver's form for observations with missing numbers: active-set and coordinate-descent for L1, weighted, non-negative and elastic
 * net, omp for top-k. Throws {@link ConfigurationError} for other solvers and regularizers.
 */
export function maskedSolver<Kind extends RegularizerKind>(solver: LinearSolver<Kind>, kind: Kind): LinearSolver<Kind> {
  const able = Object.entries(masked).filter(([, kinds]) => kinds.includes(kind))
  if (able.length === 0) {
    throw new ConfigurationError(
      `The regularizer ${kind} cannot be minimized over observations with a mask; ${[...new Set(Object.values(masked).flat())].join(', ')} can.`,
    )
  }
  if (!masked[solver.name]?.includes(kind)) {
    throw new ConfigurationError(
      `The solver ${solver.name} takes no masks; for the regularizer ${kind}, ${able.map(([name]) => name).join(' and ')} can.`,
    )
  }
  return { ...solver, job: Job.masked, scratch: 'maskedScratch', workingSet: solver.name !== 'coordinate-descent' }
}
