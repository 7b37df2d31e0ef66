import { type LatentVariableEnergy, observationInputs, parameterInputs } from '../../energy/latentVariableEnergy.js'
import { type Parameters, partName } from '../../energy/module.js'
import type { Runtime } from '../../runtime/runtime.js'
import { CancelledError, ConfigurationError } from '../../tensor/errors.js'
import { rng } from '../../tensor/random.js'
import { type Tensor, zeros } from '../../tensor/tensor.js'
import { checkCodes } from '../checkCodes.js'
import { fromDense, toDense } from '../codes.js'
import type { Inference, Status } from '../inference.js'
import { energyGraph, isQuadratic, quadraticCertificate } from './certify.js'
import { CompiledSolver } from './compiledSolver.js'
import { type EncodeSettings, encodeSettings, type GraphEncodeOptions } from './encodeSettings.js'
import { type FoundRows, replaceRow, takeInputs, unsolved } from './foundRows.js'
import { checkObserved, finiteRows, type Observed } from './observed.js'
import { doubles, Programs, select } from './programs.js'
import { proximalGraphs } from './proximalGradient.js'
import { quadraticGraphs } from './quadratic.js'
import { inSlices, type RowBudget, type RowInputs, sliceOf, solveRows } from './solveRows.js'
import { RowStatus, type SolverGraphs } from './solverGraphs.js'

/** Below this tolerance the iteration runs in double precision. */
const SINGLE_TOLERANCE = 2e-6
/** Steps that single precision gets before double precision takes over where it cannot certify what it found. */
const SINGLE_STEPS = 500
/** What rounding a code to single precision may add to its gap, relative to its energy. */
const ROUNDING = 1e-6
const ENERGY_ROWS = 2048

/** Minimizes an energy over its codes, by graphs. It owns their sessions until disposed. */
export class GraphEncoder {
  private readonly programs: Programs
  private readonly solvers = new Map<string, Promise<CompiledSolver>>()
  private readonly quadratic: boolean
  private parameters: Parameters

  /** Made by {@link graphEncoder}. */
  constructor(
    readonly energy: LatentVariableEnergy,
    readonly runtime: Runtime,
    parameters: Parameters,
  ) {
    this.programs = new Programs(runtime)
    this.quadratic = isQuadratic(energy)
    this.parameters = parameters
  }

  /** Goes on with other parameters, of the same shapes. */
  use(parameters: Parameters): void {
    this.parameters = parameters
  }

  /**
   * Codes of least energy, as far as they are found: argmin over z of E(x, y, z). With a decoder that is affine in z, squared errors and
   * a convex regularizer, that is the minimum, certified by a duality gap; else a stationary point, with `stationarity`, the gradient
   * that is left relative to that at z = 0. Throws ShapeError, ConfigurationError or DataError for observations that do not fit, and
   * CancelledError where the signal fires.
   */
  async encode(observed: Observed, options: GraphEncodeOptions = {}): Promise<Inference> {
    const settings = encodeSettings(options, this.quadratic)
    const { codes, energy, certificate, steps, status } = await this.find(observed, options)
    const certified = this.certifies(settings)
    return {
      codes: fromDense(codes),
      energy,
      ...(certified ? { gap: certificate } : { stationarity: certificate }),
      steps,
      status,
    }
  }

  /**
   * The same, with dense codes [n, k]. Without `certify` the status is what the iteration thought, in single precision, and nothing is
   * said of energies: enough to learn from.
   */
  async find(observed: Observed, options: GraphEncodeOptions = {}, certify = true): Promise<FoundRows> {
    const { energy } = this
    const count = checkObserved(energy, observed)
    const settings = encodeSettings(options, this.quadratic)
    this.checkSolver(settings)
    if (options.warmStart) checkCodes(options.warmStart, count, energy.codeSize, 'Codes to start from')
    const started = performance.now()
    const usable = finiteRows(observed)
    const rows = [...usable.keys()].filter((i) => usable[i])
    const found = unsolved(count, energy.codeSize)
    if (rows.length === 0) return found
    const taken = takeInputs({ x: observed.x, y: observed.y }, rows)
    energy.cost.check?.(taken.y, 'Observations')
    const given: Observed = taken.x ? { x: taken.x, y: taken.y } : { y: taken.y }
    const warm = options.warmStart && takeInputs({ codes: toDense(options.warmStart) }, rows).codes
    const start = warm ?? (await this.guess(given)) ?? zeros([rows.length, energy.codeSize])
    const budget = this.budget(settings, options, started, rows.length)
    const least = await this.leastEnergy({ ...given, start }, settings, certify, budget)
    for (const [from, to] of rows.entries()) replaceRow(found, to, least, from)
    return found
  }

  /** Enc(y, h), [n, k]; undefined where there is no encoder. */
  async guess(observed: Observed): Promise<Tensor | undefined> {
    const { energy } = this
    if (!energy.encoder) return undefined
    const program = await this.programs.get('guess', () => {
      const symbols = parameterInputs(this.parameters)
      const { x, y } = observationInputs(energy)
      const guess = energy.encode(symbols, y, energy.context(symbols, x))
      return guess ? { guess } : {}
    })
    const guess = zeros([observed.y.shape[0], energy.codeSize])
    await inSlices({ ...observed }, ENERGY_ROWS, async (rows, from) => {
      const made = await program.run(select(program, this.parameters, rows))
      guess.data.set(made.guess.data as Float32Array, from * energy.codeSize)
    })
    return guess
  }

  /** E at given codes [n, k], in double precision. */
  async energyOf(inputs: Observed & { readonly z: Tensor }): Promise<Float64Array> {
    const { energy, parameters } = this
    const program = await this.programs.get('energy', () => {
      const symbols = parameterInputs(parameters)
      return { energy: this.quadratic ? quadraticCertificate(energy, symbols).energy : energyGraph(energy, symbols) }
    })
    const energies = new Float64Array(inputs.z.shape[0])
    await inSlices({ ...inputs }, ENERGY_ROWS, async (rows, from) => {
      energies.set(doubles((await program.run(select(program, parameters, rows))).energy), from)
    })
    return energies
  }

  dispose(): void {
    this.programs.dispose()
    for (const solver of this.solvers.values()) solver.then((ready) => ready.dispose()).catch(() => {})
    this.solvers.clear()
  }

  /** The best of all starts. */
  private async leastEnergy(
    inputs: RowInputs,
    settings: EncodeSettings,
    certify: boolean,
    budget: (done: number) => RowBudget,
  ): Promise<FoundRows> {
    const [count] = inputs.y.shape
    // Restarts are judged by their energies.
    const judged = certify || settings.restarts > 0
    const best = await this.solve(inputs, settings, judged, budget(0))
    for (let restart = 1; restart <= settings.restarts; restart++) {
      const random = rng(settings.seed, restart)
      const data = inputs.start.data.map(() => settings.restartDeviation * random.normal())
      const other = await this.solve(
        { ...inputs, start: { ...inputs.start, data } },
        settings,
        judged,
        budget(restart * count),
      )
      for (let i = 0; i < count; i++) {
        const steps = best.steps[i] + other.steps[i]
        if (other.energy[i] < best.energy[i] || Number.isNaN(best.energy[i])) replaceRow(best, i, other, i)
        best.steps[i] = steps
      }
    }
    return best
  }

  /** One start. Where the gap is what counts and single precision does not reach it, goes on in double. */
  private async solve(
    inputs: RowInputs,
    settings: EncodeSettings,
    certify: boolean,
    budget: RowBudget,
  ): Promise<FoundRows> {
    if (!this.certifies(settings)) {
      return certify
        ? this.stationary(settings.solver, inputs, budget)
        : this.run(settings.solver, inputs, budget, false)
    }
    if (!certify) return this.run('single', inputs, budget, certify)
    const { maxSteps, tolerance } = budget
    const found = await this.startingPoint(inputs, tolerance, settings.warm || maxSteps === 0)
    if (tolerance >= SINGLE_TOLERANCE) {
      await this.improve('single', inputs, found, { ...budget, maxSteps: Math.min(maxSteps, SINGLE_STEPS) })
    }
    await this.improve('double', inputs, found, budget)
    return found
  }

  /**
   * Codes whose own stationarity is judged. The iteration sees that of the point that it came from, which lies beyond a code by its momentum; a
   * gradient changes by no more than as much again on the way, so half of the tolerance is asked of it.
   */
  private async stationary(name: string, inputs: RowInputs, budget: RowBudget): Promise<FoundRows> {
    const found = await this.run(name, inputs, { ...budget, tolerance: 0.5 * budget.tolerance })
    judge(found, () => budget.tolerance, 'stalled')
    return found
  }

  /** The codes to start from; judged where they may be solved already. */
  private async startingPoint({ start, ...rows }: RowInputs, tolerance: number, certify: boolean): Promise<FoundRows> {
    const found = unsolved(start.shape[0], start.shape[1])
    found.codes.data.set(start.data)
    found.status.fill('maxSteps')
    if (!certify) return found
    const { energy, certificate } = await this.finish(await this.solver('single'), { ...rows, z: start })
    found.energy.set(energy)
    found.certificate.set(certificate)
    judge(found, (i) => tolerance * found.energy[i], 'maxSteps')
    return found
  }

  /** Goes on with the rows that are not yet certified, from their codes and with the steps that they have left. */
  private async improve(
    name: 'single' | 'double',
    inputs: RowInputs,
    found: FoundRows,
    budget: RowBudget,
  ): Promise<void> {
    const { tolerance, between } = budget
    const open = found.status.flatMap((status, i) =>
      status === 'maxSteps' && found.steps[i] < budget.maxSteps ? [i] : [],
    )
    if (open.length === 0) return
    const maxSteps = budget.maxSteps - Math.max(...open.map((i) => found.steps[i]))
    const taken = takeInputs({ ...inputs, start: found.codes }, open)
    const solved = count(found) - open.length
    const better = await this.run(name, taken, {
      ...budget,
      maxSteps,
      // What rounding the codes to single precision may cost is left out.
      tolerance: Math.max(0.5 * tolerance, tolerance - ROUNDING),
      between: (done) => between?.(solved + done),
    })
    judge(better, (i) => tolerance * better.energy[i], name === 'single' ? 'maxSteps' : 'stalled')
    for (const [from, to] of open.entries()) {
      better.steps[from] += found.steps[to]
      replaceRow(found, to, better, from)
    }
  }

  private async run(name: string, inputs: RowInputs, budget: RowBudget, certify = true): Promise<FoundRows> {
    const solver = await this.solver(name)
    const shared = await solver.prepare(this.parameters)
    const solved = await solveRows(solver, shared, inputs, budget)
    const { start: _, ...rows } = inputs
    const { codes, steps } = solved
    const status = Array.from(solved.status, (row, i): Status => statusOf(row, solved.late[i] === 1))
    if (!certify) return { ...unsolved(codes.shape[0], codes.shape[1]), codes, steps, status }
    const { energy, certificate } = await this.finish(solver, { ...rows, z: codes, ...solved.kept })
    return { codes, energy, certificate, steps, status }
  }

  private async finish(
    solver: CompiledSolver,
    rows: Readonly<Record<string, Tensor>> & { readonly z: Tensor },
  ): Promise<{ energy: Float64Array; certificate: Float64Array }> {
    const [count] = rows.z.shape
    const energy = new Float64Array(count)
    const certificate = new Float64Array(count)
    await inSlices(rows, 4 * sliceOf(solver.work).rows, async (some, from) => {
      const told = await solver.finish(this.parameters, some)
      energy.set(doubles(told.energy), from)
      const bound = told.gap ?? told.stationarity
      if (bound) certificate.set(doubles(bound), from)
    })
    return { energy, certificate }
  }

  private solver(name: string): Promise<CompiledSolver> {
    this.programs.checkUsable()
    let solver = this.solvers.get(name)
    if (!solver) {
      solver = CompiledSolver.compile(this.runtime, this.graphs(name))
      this.solvers.set(name, solver)
    }
    return solver
  }

  private graphs(name: string): SolverGraphs {
    const symbols = parameterInputs(this.parameters)
    if (name === 'single') return quadraticGraphs(this.energy, symbols)
    if (name === 'double') return quadraticGraphs(this.energy, symbols, 'float64')
    return proximalGraphs(this.energy, symbols, name === 'gradient-descent' ? name : 'proximal-gradient')
  }

  /** Whether codes come with a duality gap. */
  private certifies({ solver }: EncodeSettings): boolean {
    return this.quadratic && solver === 'proximal-gradient'
  }

  private checkSolver({ solver }: EncodeSettings): void {
    const { regularizer } = this.energy
    if (solver === 'gradient-descent' && regularizer && !regularizer.symbolic.smooth) {
      throw new ConfigurationError(
        `Gradient descent needs a smooth regularizer, and ${partName(regularizer)} is not; use proximal-gradient.`,
      )
    }
  }

  private budget(
    { tolerance, maxSteps, restarts }: EncodeSettings,
    { seconds, signal, onProgress }: GraphEncodeOptions,
    started: number,
    rows: number,
  ): (before: number) => RowBudget {
    const total = rows * (1 + restarts)
    return (before) => ({
      tolerance,
      maxSteps,
      ...(seconds === undefined ? {} : { deadline: started + 1000 * seconds }),
      between: (done) => {
        if (signal?.aborted)
          throw new CancelledError(`Inference was cancelled after ${before + done} of ${total} codes.`)
        onProgress?.({ done: before + done, total, seconds: (performance.now() - started) / 1000 })
      },
    })
  }
}

const count = ({ status }: FoundRows): number => status.length

/**
 * Status by the certificates of the codes that are returned, whatever the iteration thought; `otherwise` is that of a row which the iteration held
 * to be solved: more steps may help, or single precision has no better code.
 */
function judge(
  { certificate, status }: FoundRows,
  limit: (row: number) => number,
  otherwise: 'maxSteps' | 'stalled',
): void {
  for (let i = 0; i < status.length; i++) {
    if (status[i] === 'diverged' || status[i] === 'nonFinite') continue
    if (certificate[i] <= limit(i)) status[i] = 'converged'
    else if (status[i] === 'converged') status[i] = otherwise
  }
}

function statusOf(row: number, late: boolean): Status {
  switch (row) {
    case RowStatus.converged:
      return 'converged'
    case RowStatus.diverged:
      return 'diverged'
    case RowStatus.nonFinite:
      return 'nonFinite'
    case RowStatus.stalled:
      return 'stalled'
    default:
      return late ? 'timeBudget' : 'maxSteps'
  }
}

/** An encoder for an energy at given parameters. */
export function graphEncoder(options: {
  readonly energy: LatentVariableEnergy
  readonly parameters: Parameters
  readonly runtime: Runtime
}): GraphEncoder {
  return new GraphEncoder(options.energy, options.runtime, options.parameters)
}
