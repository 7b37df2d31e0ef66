import type { Encoder } from '../energy/encoders/encoder.js'
import { parameterInputs } from '../energy/latentVariableEnergy.js'
import type { Parameters } from '../energy/module.js'
import { l1 } from '../energy/regularizers/l1.js'
import { input } from '../graph/index.js'
import { turn } from '../kernels/turn.js'
import type { Program, Runtime } from '../runtime/runtime.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import type { OptionNames } from '../tensor/options.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { type Codes, fromDense } from './codes.js'
import type { Inference } from './inference.js'
import { checkObservations, type EncodeOptions, type LinearEncoder, linearEncoder } from './linear/linearEncoder.js'

/** The energy that an encoder's codes are judged by: ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖². */
export interface AmortizedProblem {
  /** W, [k, …shape of an observation] */
  readonly atoms: Tensor
  readonly lambda: number
  /** γ ≥ 0; 0 by default. */
  readonly gamma?: number
}

export interface AmortizedEncodeOptions
  extends Pick<EncodeOptions<'l1'>, 'maxSteps' | 'seconds' | 'signal' | 'onProgress'> {
  /**
   * A relative duality gap: codes that miss it are warm starts of the exact solver, until it holds. Without it codes are the
   * encoder's own, with their gap.
   */
  readonly refine?: number
}

/** The names of {@link AmortizedEncodeOptions}. */
export const amortizedEncodeOptions: OptionNames<AmortizedEncodeOptions> = {
  maxSteps: true,
  seconds: true,
  signal: true,
  onProgress: true,
  refine: true,
}

/** The relative gap at which a code that was not refined counts as converged. */
const CONVERGED = 1e-6
/** Multiplications between two turns of the event loop, roughly. */
const SLICE_WORK = 1e8

/**
 * Codes by an encoder, z = Enc(y): one run of a graph, no search. What they are worth is certified by their duality gap in double
 * precision, and what they lack is made up by the exact solver. Owns a session and kernel memory until disposed.
 */
export class AmortizedInference {
  private disposed = false

  private constructor(
    readonly encoder: Encoder,
    readonly problem: Required<AmortizedProblem>,
    private readonly parameters: Parameters,
    private readonly program: Program,
    private readonly exact: LinearEncoder<'l1'>,
  ) {}

  /** Throws ConfigurationError, ShapeError or DataError where parts do not fit. */
  static async start(options: {
    readonly encoder: Encoder
    readonly parameters: Parameters
    readonly problem: AmortizedProblem
    readonly runtime: Runtime
    readonly threads?: number | undefined
  }): Promise<AmortizedInference> {
    const { encoder, parameters, runtime, threads } = options
    const problem = { gamma: 0, ...options.problem }
    const y = input('y', ['n', encoder.inputs])
    const code = encoder.apply(parameterInputs(parameters), y)
    const program = await runtime.compile({ name: 'encoder', outputs: { code } })
    try {
      const exact = await linearEncoder({
        atoms: problem.gamma > 0 ? extendedAtoms(problem) : problem.atoms,
        regularizer: l1({ lambda: problem.lambda }),
        ...(threads === undefined ? {} : { threads }),
      })
      return new AmortizedInference(encoder, problem, parameters, program, exact)
    } catch (error) {
      program.dispose()
      throw error
    }
  }

  /** Enc(y), [n, k]; 0 where an observation holds NaN or infinity. The event loop turns between slices. */
  async guess(observations: Tensor, signal?: AbortSignal): Promise<Tensor> {
    if (this.disposed) throw new ConfigurationError('This encoder has been disposed of; make another.')
    const { atoms } = this.problem
    checkObservations(observations, atoms.shape.slice(1))
    const [count] = observations.shape
    const { inputs, codeSize } = this.encoder
    const data = new Float32Array(count * codeSize)
    const slice = Math.max(16, Math.floor(SLICE_WORK / (codeSize * (inputs + codeSize))))
    for (let from = 0; from < count; from += slice) {
      if (signal?.aborted) throw new CancelledError(`Encoding was cancelled after ${from} of ${count} observations.`)
      const rows = Math.min(slice, count - from)
      const y = { shape: [rows, inputs], data: observations.data.subarray(from * inputs, (from + rows) * inputs) }
      const code = { shape: [rows, codeSize], data: data.subarray(from * codeSize, (from + rows) * codeSize) }
      await this.program.run({ ...this.parameters, y }, { code })
      if (from + rows < count) await turn()
    }
    clearNonFinite(data, codeSize)
    return { shape: [count, codeSize], data }
  }

  /** The encoder's codes with energy and gap, refined where `refine` says so. */
  async encode(observations: Tensor, options: AmortizedEncodeOptions = {}): Promise<Inference> {
    const guess = await this.guess(observations, options.signal)
    const { refine, ...rest } = options
    if (refine === undefined) return this.certifyAgainst(observations, guess, fromDense(guess), rest)
    return this.exact.encode(this.extended(observations, guess), {
      ...rest,
      tolerance: refine,
      warmStart: fromDense(guess),
    })
  }

  /** Energy and duality gap of any codes of observations, as they are; `converged` where the gap is within 1e-6 of the energy. */
  async certify(observations: Tensor, codes: Codes): Promise<Inference> {
    return this.certifyAgainst(observations, await this.guess(observations), codes, {})
  }

  /** The codes of least energy, found by the exact solver from 0. */
  async solve(observations: Tensor, options: EncodeOptions<'l1'> = {}): Promise<Inference> {
    const { gamma } = this.problem
    if (gamma === 0) return this.exact.encode(observations, options)
    return this.exact.encode(this.extended(observations, await this.guess(observations, options.signal)), options)
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.program.dispose()
    this.exact.dispose()
  }

  private certifyAgainst(
    observations: Tensor,
    guess: Tensor,
    codes: Codes,
    options: Pick<EncodeOptions<'l1'>, 'signal' | 'onProgress'>,
  ): Promise<Inference> {
    const { signal, onProgress } = options
    // A solver that may take no step returns where it starts, with its energy and gap.
    return this.exact.encode(this.extended(observations, guess), {
      solver: 'coordinate-descent',
      maxSteps: 0,
      tolerance: CONVERGED,
      warmStart: codes,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
  }

  private extended(observations: Tensor, guess: Tensor): Tensor {
    const { gamma } = this.problem
    return gamma > 0 ? extendedObservations(observations, guess, gamma) : observations
  }
}

/**
 * The atoms of the lasso that the encoder's term is part of: ½‖y − Wz‖² + ½γ‖z − e‖² = ½‖(y, √γ e) − (W, √γ I)z‖², so that exact
 * solvers and their gap serve unchanged. [k, m + k]
 */
export function extendedAtoms({ atoms, gamma = 0 }: AmortizedProblem): Tensor {
  const [count] = atoms.shape
  const size = sizeOf(atoms.shape.slice(1))
  const width = size + count
  const data = new Float32Array(count * width)
  for (let j = 0; j < count; j++) {
    data.set(atoms.data.subarray(j * size, (j + 1) * size), j * width)
    data[j * width + size + j] = Math.sqrt(gamma)
  }
  return { shape: [count, width], data }
}

/** The observations (y, √γ e) that belong to {@link extendedAtoms}, [n, m + k]. */
export function extendedObservations(observations: Tensor, guess: Tensor, gamma: number): Tensor {
  const [rows, count] = guess.shape
  const size = sizeOf(observations.shape.slice(1))
  const width = size + count
  const root = Math.sqrt(gamma)
  const data = new Float32Array(rows * width)
  for (let i = 0; i < rows; i++) {
    data.set(observations.data.subarray(i * size, (i + 1) * size), i * width)
    for (let j = 0; j < count; j++) data[i * width + size + j] = root * guess.data[i * count + j]
  }
  return { shape: [rows, width], data }
}

/** Rows in which a number is NaN or infinite become 0. */
function clearNonFinite(data: Float32Array, width: number): void {
  for (let from = 0; from < data.length; from += width) {
    const row = data.subarray(from, from + width)
    if (!row.every(Number.isFinite)) row.fill(0)
  }
}
