import type { Status } from '../inference.js'
import { always, type ConvolutionProblem, type Measurement } from './problem.js'

/** When a solver stops. */
export interface Limits {
  /** Relative gap to reach. */
  readonly tolerance: number
  readonly maxSteps: number
  /** Whether time is up. Throws where the work was cancelled. */
  readonly outOfTime: () => boolean
  readonly onStep: (steps: number, measured: Measurement) => void
}

/** What was reached: the measurement is of the very point that the problem holds. */
export interface Solved {
  readonly measured: Measurement
  readonly steps: number
  readonly status: Status
}

/** Sweeps between two scans, at most. */
const SWEEPS = 30
/** Share of the tolerance within which a tile's levels are let be. */
const CALM = 0.25
/** Every fourth sweep is followed by conjugate gradients of this many steps. */
const REFINED_EVERY = 4
const REFINEMENTS = 6
/** Rounds without progress after which single precision has no more to give. */
const STALLED = 25
const STALLED_STEPS = 500
/** Share of the energy that is progress: along flat directions it falls long before the gap does. */
const PROGRESS = 1e-9

/** Share of what the first sweep takes off the energy of a tile below which it is let be where no scan follows. */
const SETTLED = 1e-9

/** Whether a measurement is the best so far, in its gap or its energy, counted from the last that was. */
function progress(): (measured: Measurement) => boolean {
  let gap = Number.POSITIVE_INFINITY
  let energy = Number.POSITIVE_INFINITY
  return (measured) => {
    if (!(measured.gap < gap || measured.energy < energy * (1 - PROGRESS))) return false
    gap = Math.min(gap, measured.gap)
    energy = Math.min(energy, measured.energy)
    return true
  }
}

/**
 * Working sets and coordinate descent: scans admit the largest coefficient above λ of each position, sweeps minimize over what has been
 * admitted. A step is a sweep over all working sets.
 */
export async function solveActiveSet(problem: ConvolutionProblem, limits: Limits): Promise<Solved> {
  let steps = 0
  const progresses = progress()
  let stalled = 0
  let calm = CALM * limits.tolerance
  for (;;) {
    const measured = await measureWhole(problem, limits)
    limits.onStep(steps, measured)
    const status = verdict(measured, limits)
    if (status) return { measured, steps, status }
    stalled = progresses(measured) ? 0 : stalled + 1
    if (steps >= limits.maxSteps) return { measured, steps, status: 'maxSteps' }
    if (stalled > STALLED) return { measured, steps, status: 'stalled' }
    if (limits.outOfTime()) return { measured, steps, status: 'timeBudget' }
    problem.grow()
    let first = 0
    for (let sweep = 0; sweep < SWEEPS && steps < limits.maxSteps; sweep++) {
      const decrease = await problem.descend(refinements(sweep), calm, limits.outOfTime)
      steps++
      if (decrease === undefined) break
      if (sweep === 0) first = decrease
      else if (decrease === 0) break
    }
    if (first === 0) calm /= 8
  }
}

/**
 * Sweeps over the working sets as they are, to which nothing is admitted: ends early where a sweep changes nothing. What is reached has an
 * energy and no certificate.
 */
export async function polish(
  problem: ConvolutionProblem,
  sweeps: number,
  check: () => void,
): Promise<{ readonly energy: number; readonly steps: number }> {
  problem.describe({ faded: SETTLED })
  let energy = await problem.energy(check)
  let steps = 0
  while (steps < sweeps && (await problem.descend(refinements(steps), 0, always(check))) !== 0) steps++
  if (steps > 0) energy = await problem.energy(check)
  return { energy, steps }
}

/** Steps of conjugate gradients that follow a sweep. */
const refinements = (sweep: number): number => (sweep % REFINED_EVERY === REFINED_EVERY - 1 ? REFINEMENTS : 0)

/**
 * FISTA (Beck and Teboulle 2009) with adaptive restart (O'Donoghue and Candès 2015), on sparse maps: every coefficient is looked at in
 * every step, and those that stay zero are not stored. The point returned is the one with momentum, which is as sparse.
 */
export async function solveFista(problem: ConvolutionProblem, lipschitz: number, limits: Limits): Promise<Solved> {
  problem.describe({ accelerated: 1 })
  let steps = 0
  let t = 1
  let before = Number.POSITIVE_INFINITY
  const progresses = progress()
  let stalled = 0
  for (;;) {
    let measured = await measureWhole(problem, limits)
    while (problem.grow()) measured = await measureWhole(problem, limits)
    limits.onStep(steps, measured)
    const status = verdict(measured, limits)
    if (status) return { measured, steps, status }
    stalled = progresses(measured) ? 0 : stalled + 1
    if (steps >= limits.maxSteps) return { measured, steps, status: 'maxSteps' }
    if (stalled > STALLED_STEPS) return { measured, steps, status: 'stalled' }
    if (limits.outOfTime()) return { measured, steps, status: 'timeBudget' }
    if (measured.energy > before) t = 1
    before = measured.energy
    const next = (1 + Math.sqrt(1 + 4 * t * t)) / 2
    await problem.accelerate(1 / lipschitz, (t - 1) / next)
    t = next
    steps++
  }
}

/** Measures to the end even where time is up, so that what is returned is certified. */
function measureWhole(problem: ConvolutionProblem, limits: Limits): Promise<Measurement> {
  return problem.measure(() => {
    limits.outOfTime()
  })
}

function verdict(measured: Measurement, { tolerance }: Limits): Status | undefined {
  if (!Number.isFinite(measured.energy)) return 'diverged'
  return measured.gap <= tolerance * measured.energy ? 'converged' : undefined
}
