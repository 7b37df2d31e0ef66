import { ConfigurationError } from '../../tensor/errors.js'
import type { OptionNames } from '../../tensor/options.js'
import type { Codes } from '../codes.js'
import type { GraphSolverName } from './proximalGradient.js'

/** How codes are inferred by a {@link GraphEncoder}. */
export interface GraphEncodeOptions {
  /** `proximal-gradient` by default; `gradient-descent` needs a smooth regularizer. */
  readonly solver?: GraphSolverName
  /**
   * When a code has converged. With a decoder that is affine in z, squared errors and a convex regularizer: the relative duality gap,
   * gap ≤ tolerance · energy, 1e-5 by default. Else: the gradient's largest number (of E, or of what is left of it after the prox),
   * as a fraction of that at z = 0; 1e-4 by default.
   */
  readonly tolerance?: number
  /** 2,000 by default. */
  readonly maxSteps?: number
  /** Seconds after which codes are returned as they stand, those not yet solved with the status `timeBudget`. */
  readonly seconds?: number
  /** Further starts from random codes; the code of least energy is returned. For decoders that are not convex in z. 0 by default. */
  readonly restarts?: number
  /** Deviation of the random codes that restarts begin at; 1 by default. */
  readonly restartDeviation?: number
  /** Of the restarts; 0 by default. */
  readonly seed?: number
  /** Codes to start from, one row an observation; the encoder's guess, or else 0, by default. */
  readonly warmStart?: Codes
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total: number; seconds: number }) => void
}

/** The names of {@link GraphEncodeOptions}. */
export const graphEncodeOptions: OptionNames<GraphEncodeOptions> = {
  solver: true,
  tolerance: true,
  maxSteps: true,
  seconds: true,
  restarts: true,
  restartDeviation: true,
  seed: true,
  warmStart: true,
  signal: true,
  onProgress: true,
}

/** The settings of an inference, with every default in place. */
export interface EncodeSettings {
  readonly solver: GraphSolverName
  readonly tolerance: number
  readonly maxSteps: number
  readonly restarts: number
  readonly restartDeviation: number
  readonly seed: number
  /** Whether codes to start from are given, which may be solved already. */
  readonly warm: boolean
}

const QUADRATIC_TOLERANCE = 1e-5
const TOLERANCE = 1e-4
const solvers: readonly GraphSolverName[] = ['proximal-gradient', 'gradient-descent']

/** Checks options and fills in defaults. Throws {@link ConfigurationError}. */
export function encodeSettings(options: GraphEncodeOptions, quadratic: boolean): EncodeSettings {
  const {
    solver = 'proximal-gradient',
    maxSteps = 2000,
    restarts = 0,
    restartDeviation = 1,
    seed = 0,
    seconds,
  } = options
  const { tolerance = quadratic ? QUADRATIC_TOLERANCE : TOLERANCE } = options
  if (!solvers.includes(solver)) {
    throw new ConfigurationError(`There is no solver "${solver}" for graphs; there are ${solvers.join(', ')}.`)
  }
  if (!(tolerance >= 0 && tolerance < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`tolerance must be a finite number, 0 or more; got ${tolerance}.`)
  }
  checkWhole('maxSteps', maxSteps)
  checkWhole('restarts', restarts)
  if (!(restartDeviation > 0 && restartDeviation < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`restartDeviation must be a finite number above 0; got ${restartDeviation}.`)
  }
  if (seconds !== undefined && !(seconds >= 0)) {
    throw new ConfigurationError(`seconds must be 0 or more; got ${seconds}.`)
  }
  return { solver, tolerance, maxSteps, restarts, restartDeviation, seed, warm: options.warmStart !== undefined }
}

function checkWhole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffff) {
    throw new ConfigurationError(`${name} must be a whole number from 0 to 16777215; got ${value}.`)
  }
}
