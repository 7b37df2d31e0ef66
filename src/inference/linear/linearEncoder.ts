import { checkedRegularizer, type Regularizer, type RegularizerKind } from '../../energy/regularizer.js'
import { KernelDictionary } from '../../kernels/dictionary.js'
import { sharedEngine } from '../../kernels/engine.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../tensor/errors.js'
import { checkOptions, type OptionNames } from '../../tensor/options.js'
import { formatShape, givenTensor, sameShape, sizeOf, type Tensor } from '../../tensor/tensor.js'
import { checkCodes } from '../checkCodes.js'
import type { Codes } from '../codes.js'
import { type Inference, type Status, statuses } from '../inference.js'
import { joinInferences } from '../joinInferences.js'
import { LinearBatch } from './batch.js'
import { checkMask } from './checkMask.js'
import { encodePieces, firstPace, type Pace } from './encodePieces.js'
import { defaultSolver, type LinearSolver, maskedSolver, type SolverName, solverByName } from './solvers.js'

export interface EncodeOptions<Kind extends RegularizerKind = RegularizerKind> {
  /** The solver, or its name; the active-set solver where it serves. */
  readonly solver?: LinearSolver<Kind> | SolverName
  /** Relative duality gap to reach, gap ≤ tolerance · energy. 1e-6 by default. */
  readonly tolerance?: number
  readonly maxSteps?: number
  /** Seconds after which the observations not yet solved are returned as they are, with the status `timeBudget`. */
  readonly seconds?: number
  /**
   * Of the observations' shape: 1 where a number was observed, 0 where it is missing, and then what stands there does not count:
   * E(y, z) = ½‖M ⊙ (y − Wz)‖² + λR(z).
   */
  readonly mask?: Tensor
  /**
   * For orthogonal matching pursuit: no atom joins where the root mean square of the residual, over the numbers observed, is this
   * or less.
   */
  readonly residual?: number
  /** Codes to start from, one row an observation. */
  readonly warmStart?: Codes
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total: number; seconds: number }) => void
}

/** The names of {@link EncodeOptions}. */
export const encodeOptions: OptionNames<EncodeOptions> = {
  solver: true,
  tolerance: true,
  maxSteps: true,
  seconds: true,
  mask: true,
  residual: true,
  warmStart: true,
  signal: true,
  onProgress: true,
}

/** Minimizes E(y, z) = ½‖y − Wz‖² + λR(z) over z for a fixed dictionary W. Holds kernel memory until disposed. */
export interface LinearEncoder<Kind extends RegularizerKind = RegularizerKind> {
  readonly atoms: Tensor
  readonly threads: number
  /** Why fewer threads are at work than were asked for, where that is so. */
  readonly limitation: string | undefined
  /**
   * Codes of observations [n, …]. Throws ShapeError for another shape, DataError for a mask that is not of 0 and 1, CancelledError
   * where the signal fires. Where a mask leaves nothing of an observation, its code and its energy are 0.
   */
  encode(observations: Tensor, options?: EncodeOptions<Kind>): Promise<Inference>
  /** Frees the kernel memory; encodings under way are finished first. */
  dispose(): void
}

/** More would touch fresh memory for longer than it saves turns. */
const MOST_ROWS = 1024
const LARGEST_NORM = 1e15
/** Bytes that the padded results of one batch may take. */
const RESULT_BYTES = 2 ** 24

/**
 * An encoder for the dictionary `atoms` [k, …shape of an observation].
 * Throws DataError for atoms that are not finite, ConfigurationError for a regularizer that the kernels have no form of, weights that do not
 * fit, or too many atoms.
 */
export async function linearEncoder<Kind extends RegularizerKind>(options: {
  atoms: Tensor
  regularizer: Regularizer<Kind>
  threads?: number
}): Promise<LinearEncoder<Kind>> {
  checkOptions('linearEncoder', options, { atoms: true, regularizer: true, threads: true })
  const regularizer = checkedRegularizer(options.regularizer)
  const atoms = givenTensor(options.atoms, 'atoms')
  const [count, ...shape] = atoms.shape
  const size = sizeOf(shape)
  if (!(count >= 1) || size < 1)
    throw new ShapeError(`A dictionary must be [k, …shape] with k ≥ 1; got ${formatShape(atoms.shape)}.`)
  const { weights } = regularizer.penalty
  if (weights && weights.length !== count) {
    throw new ConfigurationError(`${weights.length} weights were given for ${count} atoms; give one an atom.`)
  }
  checkAtoms(atoms.data, size)
  const engine = await sharedEngine(options.threads)
  const dictionary = new KernelDictionary(engine, count, size, 'exact')
  dictionary.load(atoms.data)
  const paces = new Map<SolverName, Pace>()
  let inFlight = 0
  let disposed = false

  return {
    atoms,
    threads: engine.threads,
    limitation: engine.limitation,
    dispose() {
      if (!disposed && inFlight === 0) dictionary.dispose()
      disposed = true
    },
    async encode(observations, encode = {}) {
      if (disposed) throw new ConfigurationError('This encoder has been disposed of; make another.')
      checkOptions('encode', encode, encodeOptions)
      checkObservations(observations, shape)
      if (encode.mask) checkMask(encode.mask, observations)
      const chosen =
        typeof encode.solver === 'object'
          ? solverByName(encode.solver.name, regularizer.kind)
          : encode.solver
            ? solverByName(encode.solver, regularizer.kind)
            : defaultSolver(regularizer.kind)
      const solver = encode.mask ? maskedSolver(chosen, regularizer.kind) : chosen
      const settings = {
        solver,
        masked: encode.mask !== undefined,
        residual: checkedResidual(encode.residual, solver.name),
        tolerance: checkedTolerance(encode.tolerance ?? 1e-6),
        maxSteps: checkedSteps(encode.maxSteps ?? solver.maxSteps),
        certify: true,
      }
      const total = observations.shape[0]
      if (encode.warmStart) checkCodes(encode.warmStart, total, count, 'Codes to start from')
      checkSeconds(encode.seconds)
      const most = Math.max(1, Math.min(total, MOST_ROWS, Math.floor(RESULT_BYTES / (8 * count)) || 1))
      const makeBatch = (beside?: LinearBatch) =>
        new LinearBatch(dictionary, regularizer.penalty, regularizer.strength, settings, most, beside)
      const pace = paces.get(solver.name) ?? firstPace()
      paces.set(solver.name, pace)
      const started = performance.now()
      const parts: Inference[] = []
      inFlight++
      try {
        await encodePieces({
          engine,
          makeBatch,
          observations: observations.data,
          mask: encode.mask?.data,
          warmStart: encode.warmStart,
          total,
          most,
          pace,
          outOfTime: () => encode.seconds !== undefined && performance.now() - started >= encode.seconds * 1000,
          maxSteps: settings.maxSteps,
          collect(batch, rows, late) {
            parts.push(inferenceOf(batch.takeResults(rows), batch.convex, late))
          },
          between(done) {
            if (done < total && encode.signal?.aborted) {
              throw new CancelledError(`Encoding was cancelled after ${done} of ${total} observations.`)
            }
            if (done > 0) encode.onProgress?.({ done, total, seconds: (performance.now() - started) / 1000 })
          },
        })
      } finally {
        inFlight--
        if (disposed && inFlight === 0) dictionary.dispose()
      }
      return joinInferences(parts, count)
    },
  }
}

function inferenceOf(result: ReturnType<LinearBatch['takeResults']>, convex: boolean, late: boolean): Inference {
  const status = Array.from(result.statuses, (number): Status => {
    return late && statuses[number] === 'maxSteps' ? 'timeBudget' : statuses[number]
  })
  const { codes, energy, gaps, steps } = result
  return { codes, energy, ...(convex ? { gap: gaps } : { stationarity: gaps }), steps, status }
}

/** Throws {@link ShapeError} unless `observations` is [n, …shape] and holds as many numbers. */
export function checkObservations(observations: Tensor, shape: readonly number[]): void {
  givenTensor(observations, 'Observations')
  if (!sameShape(observations.shape.slice(1), shape)) {
    throw new ShapeError(
      `Observations of shape ${formatShape(observations.shape.slice(1))} were given to a dictionary for ${formatShape(shape)}; pass a batch [n, ${shape.join(', ')}].`,
    )
  }
}

function checkedResidual(residual: number | undefined, solver: SolverName): number | undefined {
  if (residual === undefined) return undefined
  if (!(residual >= 0 && residual < Infinity)) {
    throw new ConfigurationError(`residual must be a finite number, 0 or more; got ${residual}.`)
  }
  if (solver !== 'omp') {
    throw new ConfigurationError(
      `residual tells orthogonal matching pursuit when to stop; the solver ${solver} goes by tolerance (regularizer: topK).`,
    )
  }
  return residual
}

function checkedTolerance(tolerance: number): number {
  if (!(tolerance >= 0 && tolerance < Infinity)) {
    throw new ConfigurationError(`tolerance must be a finite number, 0 or more; got ${tolerance}.`)
  }
  return tolerance
}

function checkedSteps(steps: number): number {
  if (!Number.isInteger(steps) || steps < 0 || steps > 0x7fffffff) {
    throw new ConfigurationError(`maxSteps must be a whole number, 0 or more; got ${steps}.`)
  }
  return steps
}

function checkSeconds(seconds: number | undefined): void {
  if (seconds !== undefined && !(seconds >= 0))
    throw new ConfigurationError(`seconds must be 0 or more; got ${seconds}.`)
}

/** Throws {@link DataError} for atoms that are not finite, or whose products single precision could not hold. */
function checkAtoms(atoms: Float32Array, size: number): void {
  const most = LARGEST_NORM / Math.sqrt(size)
  for (let i = 0; i < atoms.length; i++) {
    if (Math.abs(atoms[i]) <= most) continue
    if (Number.isFinite(atoms[i])) {
      throw new DataError(`An atom holds ${atoms[i]}; scale the dictionary so that no norm exceeds ${LARGEST_NORM}.`)
    }
    throw new DataError(`Atom ${Math.floor(i / size)} holds ${atoms[i]}; a dictionary must be finite.`)
  }
}
