import { type Engine, sharedEngine } from '../../kernels/engine.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../tensor/errors.js'
import { checkOptions, type OptionNames } from '../../tensor/options.js'
import { formatShape, givenTensor, sizeOf, type Tensor } from '../../tensor/tensor.js'
import { checkCodes } from '../checkCodes.js'
import type { Codes } from '../codes.js'
import type { Inference } from '../inference.js'
import { expandMask } from './canvas.js'
import { type Boundary, codeSize, type Geometry, geometry, kernelGeometry, mapShape, type Spatial } from './geometry.js'
import { lipschitzBound } from './lipschitz.js'
import { ConvolutionProblem } from './problem.js'
import { type Limits, polish, solveActiveSet, solveFista } from './solve.js'

/** The solvers for convolutional decoders: working sets with coordinate descent (the default), and FISTA. */
export type ConvolutionalSolver = 'active-set' | 'fista'

export const convolutionalSolvers: readonly ConvolutionalSolver[] = ['active-set', 'fista']

export interface ConvolutionalEncodeOptions {
  /** `active-set` by default. */
  readonly solver?: ConvolutionalSolver
  /** Relative duality gap to reach, gap ≤ tolerance · energy; 1e-4 by default. Single precision ends near 1e-6. */
  readonly tolerance?: number
  /** Sweeps over the working sets, or steps of FISTA; 10,000 by default. */
  readonly maxSteps?: number
  /** Seconds after which the point reached is returned with the status `timeBudget`, certified like every other. */
  readonly seconds?: number
  /** 1 where observed, 0 where missing: [h, w] (or [t]), or the shape of the observation. What is missing may be NaN. */
  readonly mask?: Tensor
  /** Codes to start from: one row. */
  readonly warmStart?: Codes
  readonly signal?: AbortSignal
  /** What has been reached so far; called at every certificate. */
  readonly onProgress?: (progress: { steps: number; gap: number; energy: number; seconds: number }) => void
}

/** The names of {@link ConvolutionalEncodeOptions}. */
export const convolutionalEncodeOptions: OptionNames<ConvolutionalEncodeOptions> = {
  solver: true,
  tolerance: true,
  maxSteps: true,
  seconds: true,
  mask: true,
  warmStart: true,
  signal: true,
  onProgress: true,
}

export interface PolishOptions {
  /** 2 by default; 0 leaves the code as it is. */
  readonly sweeps?: number
  /** As for {@link ConvolutionalEncodeOptions}. */
  readonly mask?: Tensor
  readonly signal?: AbortSignal
}

const polishOptions: OptionNames<PolishOptions> = { sweeps: true, mask: true, signal: true }

export interface ConvolutionalEncoderOptions {
  /** [m, kh, kw] or [m, kh, kw, c] for images, [m, kt] or [m, kt, c] for signals. */
  readonly kernels: Tensor
  /** 2: images; 1: signals. */
  readonly spatial: Spatial
  /** `same` by default. */
  readonly boundary?: Boundary
  /** λ, absolute. */
  readonly lambda?: number
  /** λ as a fraction of each observation's λmax. */
  readonly lambdaRatio?: number
  /** Z ≥ 0. */
  readonly nonNegative?: boolean
  /** wᵢ > 0, one a kernel: λ becomes λwᵢ. */
  readonly mapWeights?: ArrayLike<number>
  /** u > 0, one a position [h′, w′] (or [t′]) or one a coefficient [m, h′, w′]: λ becomes λwᵢuᵢₚ. Fits observations of one size only. */
  readonly positionWeights?: Tensor
  readonly threads?: number
}

/**
 * Minimizes E(Z) = ½‖M ⊙ (Y − Σᵢ Kᵢ * Zᵢ)‖² + λ Σᵢ,ₚ wᵢuᵢₚ|Zᵢ(p)| over sparse maps Z, one code for all channels, exactly and with
 * a certificate, for observations of any size.
 */
export interface ConvolutionalEncoder {
  readonly kernels: Tensor
  readonly boundary: Boundary
  readonly threads: number
  /** Why fewer threads are at work than were asked for, where that is so. */
  readonly limitation: string | undefined
  /** [m, h′, w′] (or [m, t′]) for an observation of `shape`. Throws ShapeError where kernels do not fit. */
  codeShape(shape: readonly number[]): readonly number[]
  /** The smallest λ with Z* = 0 for this observation: the largest |⟨Kᵢ, M ⊙ Y⟩| / (wᵢuᵢₚ). */
  lambdaMax(observation: Tensor, options?: { mask?: Tensor; signal?: AbortSignal }): Promise<number>
  /**
   * The code of one observation [h, w(, c)] or [t(, c)]: one row over the maps, flat, (i·h′ + y)·w′ + x. Throws ShapeError for shapes that do
   * not fit, DataError for numbers that are not finite or nothing observed, CancelledError where the signal fires.
   */
  encode(observation: Tensor, options?: ConvolutionalEncodeOptions): Promise<Inference>
  /**
   * A given code of one observation after sweeps of coordinate descent over its coefficients that are not zero, and no others: energy, and no
   * certificate. It costs what is active, where {@link encode} looks at every coefficient. Throws as {@link encode} does.
   */
  polish(observation: Tensor, codes: Codes, options?: PolishOptions): Promise<Inference>
  /** Ends the encoder's use. */
  dispose(): void
}

const optionNames: OptionNames<ConvolutionalEncoderOptions> = {
  kernels: true,
  spatial: true,
  boundary: true,
  lambda: true,
  lambdaRatio: true,
  nonNegative: true,
  mapWeights: true,
  positionWeights: true,
  threads: true,
}

const LARGEST = 1e15
/** An observation all of whose numbers are smaller has changes whose squares single precision rounds to zero. */
const SMALLEST = 1e-12

/** An encoder for kernels. Throws ConfigurationError, ShapeError or DataError for settings and kernels that cannot be used. */
export async function convolutionalEncoder(options: ConvolutionalEncoderOptions): Promise<ConvolutionalEncoder> {
  checkOptions('convolutionalEncoder', options, optionNames)
  const { boundary = 'same', lambda, lambdaRatio, nonNegative = false, mapWeights, positionWeights } = options
  const kernels = givenTensor(options.kernels, 'kernels')
  const shape = kernelGeometry(kernels.shape, options.spatial)
  geometry(shape, boundary, [...kernels.shape.slice(1)])
  checkKernels(kernels)
  checkStrength(lambda, lambdaRatio)
  checkWeights(mapWeights, shape.count)
  if (positionWeights) checkPositive(givenTensor(positionWeights, 'positionWeights').data, 'positionWeights')
  const engine = await sharedEngine(options.threads)
  let lipschitz: number | undefined
  let disposed = false

  const open = (observation: Tensor, mask: Tensor | undefined): { problem: ConvolutionProblem; place: Geometry } => {
    if (disposed) throw new ConfigurationError('This encoder has been disposed of; make another.')
    givenTensor(observation, 'The observation')
    const place = geometry(shape, boundary, observation.shape)
    codeSize(place)
    if (positionWeights) checkPositions(positionWeights, place)
    const observed = mask && checkedMask(mask, observation, place)
    checkFinite(observation, observed)
    const problem = newProblem(engine, place)
    try {
      problem.load(observation.data, observed)
    } catch (error) {
      problem.dispose()
      throw error
    }
    return { problem, place }
  }

  /** Sets λ. With λmax = 0 every code but zero only adds to the energy, whatever λ. */
  const weigh = async (problem: ConvolutionProblem, signal: AbortSignal | undefined): Promise<void> => {
    const strength = lambda ?? lambdaRatio! * (await problem.lambdaMax(() => throwIfAborted(signal)))
    problem.setLambda(strength > 0 ? strength : 1)
  }

  const newProblem = (engine: Engine, place: Geometry) =>
    new ConvolutionProblem({
      engine,
      geometry: place,
      kernels: kernels.data,
      nonNegative,
      mapWeights,
      positionWeights: positionWeights?.data,
    })

  return {
    kernels,
    boundary,
    threads: engine.threads,
    limitation: engine.limitation,
    codeShape: (observation) => mapShape(geometry(shape, boundary, observation)),

    async lambdaMax(observation, { mask, signal } = {}) {
      const { problem } = open(observation, mask)
      try {
        return await problem.lambdaMax(() => throwIfAborted(signal))
      } finally {
        problem.dispose()
      }
    },

    async encode(observation, encode = {}) {
      checkOptions('encode', encode, convolutionalEncodeOptions)
      const { tolerance = 1e-4, maxSteps = 10_000, seconds, solver = 'active-set', signal } = encode
      checkEncode(solver, tolerance, maxSteps, seconds)
      throwIfAborted(signal)
      const { problem, place } = open(observation, encode.mask)
      try {
        if (encode.warmStart) checkCodes(encode.warmStart, 1, codeSize(place), 'Codes to start from')
        const started = performance.now()
        const elapsed = () => (performance.now() - started) / 1000
        const limits: Limits = {
          tolerance,
          maxSteps,
          outOfTime() {
            throwIfAborted(signal)
            return seconds !== undefined && elapsed() >= seconds
          },
          onStep: (steps, { gap, energy }) => encode.onProgress?.({ steps, gap, energy, seconds: elapsed() }),
        }
        await weigh(problem, signal)
        if (solver === 'fista') {
          lipschitz ??= lipschitzBound(kernels.data, shape)
          problem.describe({ accelerated: 1 })
        }
        if (encode.warmStart) problem.start(encode.warmStart)
        const { measured, steps, status } =
          solver === 'fista' ? await solveFista(problem, lipschitz!, limits) : await solveActiveSet(problem, limits)
        return {
          codes: problem.codes(),
          energy: Float64Array.of(measured.energy),
          gap: Float64Array.of(measured.gap),
          steps: Uint32Array.of(steps),
          status: [status],
        }
      } finally {
        problem.dispose()
      }
    },

    async polish(observation, codes, options = {}) {
      checkOptions('polish', options, polishOptions)
      const { sweeps = 2, mask, signal } = options
      if (!Number.isInteger(sweeps) || sweeps < 0) {
        throw new ConfigurationError(`sweeps must be a whole number, 0 or more; got ${sweeps}.`)
      }
      throwIfAborted(signal)
      const { problem, place } = open(observation, mask)
      try {
        checkCodes(codes, 1, codeSize(place), 'Codes to polish')
        await weigh(problem, signal)
        problem.start(codes)
        const { energy, steps } = await polish(problem, sweeps, () => throwIfAborted(signal))
        return {
          codes: steps > 0 ? problem.codes() : codes,
          energy: Float64Array.of(energy),
          steps: Uint32Array.of(steps),
          status: [Number.isFinite(energy) ? 'maxSteps' : 'nonFinite'],
        }
      } finally {
        problem.dispose()
      }
    },

    dispose() {
      disposed = true
    },
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError('Coding was cancelled before the tolerance was reached.')
}

function checkKernels({ data }: Tensor): void {
  for (const value of data) {
    if (Math.abs(value) <= LARGEST) continue
    throw new DataError(`A kernel holds ${value}; kernels must be finite, and no number above ${LARGEST}.`)
  }
}

function checkStrength(lambda: number | undefined, lambdaRatio: number | undefined): void {
  if ((lambda === undefined) === (lambdaRatio === undefined)) {
    throw new ConfigurationError('Give either lambda or lambdaRatio, and not both.')
  }
  if (lambda !== undefined && !(lambda >= 1e-30 && lambda <= 1e30)) {
    throw new ConfigurationError(`lambda must be above 0 and within single precision; got ${lambda}.`)
  }
  if (lambdaRatio !== undefined && !(lambdaRatio >= 1e-7 && lambdaRatio < 1)) {
    throw new ConfigurationError(`lambdaRatio must lie between 1e-7 and 1; got ${lambdaRatio}.`)
  }
}

function checkWeights(weights: ArrayLike<number> | undefined, count: number): void {
  if (weights === undefined) return
  if (weights.length !== count) {
    throw new ConfigurationError(`${weights.length} mapWeights were given for ${count} kernels; give one a kernel.`)
  }
  checkPositive(weights, 'mapWeights')
}

function checkPositive(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 1e-15 && values[i] <= 1e15)) {
      throw new ConfigurationError(
        `${name} must be above 0 and finite (between 1e-15 and 1e15); number ${i} is ${values[i]}.`,
      )
    }
  }
}

function checkPositions(weights: Tensor, place: Geometry): void {
  const whole = mapShape(place)
  const [, ...shared] = whole
  const shape = weights.shape.join()
  if ((shape !== shared.join() && shape !== whole.join()) || weights.data.length !== sizeOf(weights.shape)) {
    throw new ShapeError(
      `positionWeights are ${formatShape(weights.shape)}, but the maps of this observation are ${formatShape(whole)}; give one weight a position, ${formatShape(shared)}, or one a coefficient.`,
    )
  }
}

function checkEncode(solver: string, tolerance: number, maxSteps: number, seconds: number | undefined): void {
  if (!convolutionalSolvers.includes(solver as ConvolutionalSolver)) {
    throw new ConfigurationError(`solver must be one of ${convolutionalSolvers.join(', ')}; got ${solver}.`)
  }
  if (!(tolerance >= 0 && tolerance < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`tolerance must be a finite number, 0 or more; got ${tolerance}.`)
  }
  if (!Number.isInteger(maxSteps) || maxSteps < 0) {
    throw new ConfigurationError(`maxSteps must be a whole number, 0 or more; got ${maxSteps}.`)
  }
  if (seconds !== undefined && !(seconds >= 0)) {
    throw new ConfigurationError(`seconds must be 0 or more; got ${seconds}.`)
  }
}

/** The mask as one number a number of the observation. */
function checkedMask(mask: Tensor, observation: Tensor, { kernels }: Geometry): Float32Array {
  givenTensor(mask, 'mask')
  const spatial = observation.shape.slice(0, kernels.spatial)
  const shape = mask.shape.join()
  if (shape !== observation.shape.join() && shape !== spatial.join()) {
    throw new ShapeError(
      `The mask is ${formatShape(mask.shape)}, but the observation is ${formatShape(observation.shape)}; give a mask of ${formatShape(spatial)}${spatial.length === observation.shape.length ? '' : ` or ${formatShape(observation.shape)}`}.`,
    )
  }
  for (const value of mask.data) {
    if (value !== 0 && value !== 1) {
      throw new DataError(`A mask holds 1 where a number was observed and 0 where it is missing; got ${value}.`)
    }
  }
  return expandMask(mask, observation.data.length)
}

function checkFinite({ data, shape }: Tensor, observed: Float32Array | undefined): void {
  let largest = 0
  for (let i = 0; i < data.length; i++) {
    if (observed?.[i] === 0) continue
    const size = Math.abs(data[i])
    if (size > largest) largest = size
    if (size <= LARGEST) continue
    const place: number[] = []
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      place.unshift(rest % shape[axis])
      rest = Math.floor(rest / shape[axis])
    }
    throw new DataError(
      Number.isFinite(data[i])
        ? `The observation holds ${data[i]} at [${place.join(', ')}]; scale it to numbers below ${LARGEST}.`
        : `The observation holds ${data[i]} at [${place.join(', ')}]; where numbers are missing, say so with a mask.`,
    )
  }
  if (largest > 0 && largest < SMALLEST) {
    throw new DataError(`The observation's largest number is ${largest}; scale it to numbers above ${SMALLEST}.`)
  }
}
