import type { Regularizer, RegularizerKind } from '../../energy/regularizer.js'
import { KernelDictionary } from '../../kernels/dictionary.js'
import { sharedEngine } from '../../kernels/engine.js'
import { turn } from '../../kernels/turn.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../tensor/errors.js'
import { formatShape, sameShape, sizeOf, type Tensor } from '../../tensor/tensor.js'
import { type Codes, concatCodes, emptyCodes } from '../codes.js'
import { type Inference, type Status, statuses } from '../inference.js'
import { LinearBatch } from './batch.js'
import { defaultSolver, type LinearSolver, type SolverName, solverByName } from './solvers.js'

export interface EncodeOptions<Kind extends RegularizerKind = RegularizerKind> {
  /** The solver, or its name; the active-set solver where it serves. */
  readonly solver?: LinearSolver<Kind> | SolverName
  /** Relative duality gap to reach, gap ≤ tolerance · energy. 1e-6 by default. */
  readonly tolerance?: number
  readonly maxSteps?: number
  /** Seconds after which the observations not yet solved are returned as they are, with the status `timeBudget`. */
  readonly seconds?: number
  /** Codes to start from, one row an observation. */
  readonly warmStart?: Codes
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total: number; seconds: number }) => void
}

/** Minimizes E(y, z) = ½‖y − Wz‖² + λR(z) over z for a fixed dictionary W. Holds kernel memory until disposed. */
export interface LinearEncoder<Kind extends RegularizerKind = RegularizerKind> {
  readonly atoms: Tensor
  readonly threads: number
  /** Codes of observations [n, …]. Throws ShapeError for another shape, CancelledError where the signal fires. */
  encode(observations: Tensor, options?: EncodeOptions<Kind>): Promise<Inference>
  dispose(): void
}

/** Milliseconds of blocking work between two turns of the event loop, roughly. */
const SLICE_MS = 25
const FIRST_ROWS = 96
const MOST_ROWS = 8192
/** Bytes that the padded results of one batch may take. */
const RESULT_BYTES = 2 ** 25

/**
 * An encoder for the dictionary `atoms` [k, …shape of an observation].
 * Throws DataError for atoms that are not finite, ConfigurationError for weights that do not fit or too many atoms.
 */
export async function linearEncoder<Kind extends RegularizerKind>(options: {
  atoms: Tensor
  regularizer: Regularizer<Kind>
  threads?: number
}): Promise<LinearEncoder<Kind>> {
  const { atoms, regularizer } = options
  const [count, ...shape] = atoms.shape
  const size = sizeOf(shape)
  if (!(count >= 1) || size < 1)
    throw new ShapeError(`A dictionary must be [k, …shape] with k ≥ 1; got ${formatShape(atoms.shape)}.`)
  const bad = atoms.data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw new DataError(`Atom ${Math.floor(bad / size)} holds ${atoms.data[bad]}; a dictionary must be finite.`)
  const { weights } = regularizer.penalty
  if (weights && weights.length !== count) {
    throw new ConfigurationError(`${weights.length} weights were given for ${count} atoms; give one an atom.`)
  }
  const engine = await sharedEngine(options.threads)
  const dictionary = new KernelDictionary(engine, count, size, 'exact')
  dictionary.load(atoms.data)

  return {
    atoms,
    threads: engine.threads,
    dispose: () => dictionary.dispose(),
    async encode(observations, encode = {}) {
      checkObservations(observations, shape)
      const solver =
        typeof encode.solver === 'object'
          ? solverByName(encode.solver.name, regularizer.kind)
          : encode.solver
            ? solverByName(encode.solver, regularizer.kind)
            : defaultSolver(regularizer.kind)
      const settings = {
        solver,
        tolerance: checkedTolerance(encode.tolerance ?? 1e-6),
        maxSteps: checkedSteps(encode.maxSteps ?? solver.maxSteps),
        certify: true,
      }
      const total = observations.shape[0]
      checkWarmStart(encode.warmStart, total, count)
      const most = Math.max(1, Math.min(total, MOST_ROWS, Math.floor(RESULT_BYTES / (8 * count)) || 1))
      const batch = new LinearBatch(dictionary, regularizer.penalty, regularizer.strength, settings, most)
      const started = performance.now()
      const parts: ReturnType<LinearBatch['results']>[] = []
      const status: Status[] = []
      try {
        for (let row = 0, rows = FIRST_ROWS; row < total; ) {
          if (encode.signal?.aborted)
            throw new CancelledError(`Encoding was cancelled after ${row} of ${total} observations.`)
          rows = Math.min(rows, most, total - row)
          const begun = performance.now()
          const late = encode.seconds !== undefined && begun - started >= encode.seconds * 1000
          batch.fill(observations.data, row, rows)
          batch.warmStart(encode.warmStart, row, rows)
          batch.solve(rows, late ? 0 : settings.maxSteps)
          const part = batch.results(rows)
          parts.push(part)
          for (const number of part.statuses) {
            status.push(late && statuses[number] === 'maxSteps' ? 'timeBudget' : statuses[number])
          }
          row += rows
          encode.onProgress?.({ done: row, total, seconds: (performance.now() - started) / 1000 })
          const spent = performance.now() - begun
          rows = Math.max(1, Math.round(rows * Math.min(8, SLICE_MS / Math.max(spent, 0.1))))
          if (row < total) await turn()
        }
      } finally {
        batch.dispose()
      }
      const joined = (values: Float64Array[]) => {
        const all = new Float64Array(total)
        let at = 0
        for (const part of values) {
          all.set(part, at)
          at += part.length
        }
        return all
      }
      const steps = new Uint32Array(total)
      let at = 0
      for (const part of parts) {
        steps.set(part.steps, at)
        at += part.steps.length
      }
      const gaps = joined(parts.map((part) => part.gaps))
      const codes = parts.length === 0 ? emptyCodes(count) : concatCodes(parts.map((part) => part.codes))
      return {
        codes,
        energy: joined(parts.map((part) => part.energy)),
        ...(batch.convex ? { gap: gaps } : { stationarity: gaps }),
        steps,
        status,
      }
    },
  }
}

/** Throws {@link ShapeError} unless `observations` is [n, …shape]. */
export function checkObservations(observations: Tensor, shape: readonly number[]): void {
  if (!sameShape(observations.shape.slice(1), shape)) {
    throw new ShapeError(
      `Observations of shape ${formatShape(observations.shape.slice(1))} were given to a dictionary for ${formatShape(shape)}; pass a batch [n, ${shape.join(', ')}].`,
    )
  }
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

function checkWarmStart(codes: Codes | undefined, rows: number, atoms: number): void {
  if (codes && (codes.shape[0] !== rows || codes.shape[1] !== atoms)) {
    throw new ShapeError(`Codes to start from are [${codes.shape.join(', ')}]; [${rows}, ${atoms}] is needed.`)
  }
}
