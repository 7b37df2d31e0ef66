import { type Given, givenOf, type LatentVariableEnergy, observationInputs } from '../../energy/latentVariableEnergy.js'
import type { SymParameters } from '../../energy/module.js'
import {
  abs,
  add,
  cast,
  clip,
  constant,
  div,
  equal,
  gradient,
  greater,
  input,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  loop,
  maximum,
  maxOver,
  mul,
  reshape,
  type Sym,
  sqrt,
  stopGradient,
  sub,
  sum,
  where,
  zerosLike,
} from '../../graph/index.js'
import { energyGraph } from './certify.js'
import { momentum } from './momentum.js'
import { type Lookup, type Outputs, RowStatus, type SolverGraphs } from './solverGraphs.js'
import { correlationsAtZero, isRelative, strengthOf } from './strength.js'
import { workOf } from './workOf.js'

/** How codes are minimized over: by proximal gradient with momentum, or by gradient descent with the whole energy smooth. */
export type GraphSolverName = 'proximal-gradient' | 'gradient-descent'

/** What single precision leaves of a sum, relative to it. */
const ROUNDING = 1e-6
/** How many times that E may lie above what it had fallen to where a step's fall cannot be seen. */
const BLIND = 8
/** Steps grow by this after each that fits, so that one that began too small recovers. */
const GROWTH = 1.1
const TINY = 1e-30
const LARGEST = 1e30
/** A code beyond this has run away. */
const RUNAWAY = 1e12
const LONGEST_STEP = 1e6
const SHORTEST_STEP = 1e-12
/** Trials that neither the energy nor what is left of the gradient falls in, after which a row has stalled. */
const PATIENCE = 500
/** What is left of the gradient falls where it comes below the least so far by this factor. */
const LOWER = 0.99

/** The energy of codes z [n, k] cut in two: f, with a gradient, and g, with a prox. */
interface Split {
  f(z: Sym): Sym
  g(z: Sym): Sym
  prox(v: Sym, step: Sym): Sym
}

function split(
  energy: LatentVariableEnergy,
  parameters: SymParameters,
  given: Given,
  lambda: Sym | undefined,
  solver: GraphSolverName,
): Split {
  const { regularizer } = energy
  const { prox, value } = regularizer?.symbolic ?? {}
  const proximal = solver === 'proximal-gradient' && prox !== undefined && value !== undefined && lambda !== undefined
  return {
    f(z) {
      const { cost, regularizer: penalty, encoder } = energy.terms(parameters, given, z, proximal ? undefined : lambda)
      return reshape(
        [penalty, encoder].reduce<Sym>((all, term) => (term ? add(all, term) : all), cost),
        ['n', 1],
      )
    },
    g: (z) => (proximal ? reshape(value(z, lambda), ['n', 1]) : zerosLike(sum(z, [1], true))),
    prox: (v, step) => (proximal ? prox(v, step, lambda) : v),
  }
}

const dot = (a: Sym, b: Sym): Sym => sum(mul(a, b), [1], true)
const peak = (v: Sym): Sym => maxOver(abs(v), [1], true)

/** f and its gradient at z, which is taken as a constant. */
function slope(f: (z: Sym) => Sym, at: Sym): { readonly value: Sym; readonly gradient: Sym } {
  const z = stopGradient(at)
  const value = f(z)
  return { value, gradient: gradient(sum(value), [z])[0] }
}

/**
 * Proximal gradient descent on E = f + g with a step for each row: z⁺ = prox_{sg}(v − s∇f(v)), where v is z, or lies beyond it by
 * FISTA's momentum (`proximal-gradient`). A trial whose f lies above its quadratic bound f(v) + ∇f(v)ᵀd + ‖d‖²/2s, d = z⁺ − v, is
 * not taken and halves s; one that raises E is not taken and drops the momentum, so that E falls. A row has converged where
 * ‖d‖∞/s, the gradient where g is 0, is at most `tolerance` times the larger of ‖∇f‖∞ at 0 and at the start. It has stalled where
 * single precision resolves no lower E, and ‖d‖∞/s comes no lower either.
 */
export function proximalGraphs(
  energy: LatentVariableEnergy,
  parameters: SymParameters,
  solver: GraphSolverName = 'proximal-gradient',
): SolverGraphs {
  const { codeSize } = energy
  const { x, y } = observationInputs(energy)
  const h = energy.context(parameters, x)
  const guess = energy.gamma > 0 ? energy.encode(parameters, y, h) : undefined
  const given = givenOf(y, h, guess)
  const lambda = strengthOf(energy, () => correlationsAtZero(energy, parameters, given))
  const first = split(energy, parameters, given, lambda, solver)

  const begin = (at: Lookup): Outputs => {
    const z = first.prox(at('start', ['n', codeSize]), constant(0))
    const atZero = slope(first.f, zerosLike(z))
    const atStart = slope(first.f, z)
    const reached = add(atStart.value, first.g(z))
    const none = zerosLike(reached)
    return {
      ...(h && h !== x ? { context: h } : {}),
      ...(guess ? { guess } : {}),
      ...(lambda && isRelative(energy) ? { lambda } : {}),
      z,
      ahead: z,
      weightOfMomentum: add(none, 1),
      stepSize: firstStep(first.f, z, atStart.gradient),
      energy: reached,
      scale: maximum(maximum(peak(atZero.gradient), peak(atStart.gradient)), TINY),
      mark: reached,
      leastResidual: add(none, LARGEST),
      still: none,
      count: none,
      status: where(less(abs(reached), LARGEST), none, RowStatus.nonFinite),
    }
  }

  const advance = (at: Lookup): Outputs => {
    const known = givenOf(y, h && h !== x ? at('context', h.shape) : x, guess ? at('guess', guess.shape) : undefined)
    const strength = isRelative(energy) ? at('lambda', ['n', 1]) : lambda
    const problem = split(energy, parameters, known, strength, solver)
    const limit = mul(at('tolerance', []), at('scale', ['n', 1]))
    const columns = ['weightOfMomentum', 'stepSize', 'energy', 'mark', 'leastResidual', 'still', 'count', 'status']
    const [z, ahead, ...after] = loop({
      state: [...['z', 'ahead'].map((name) => at(name, ['n', codeSize])), ...columns.map((name) => at(name, ['n', 1]))],
      maxSteps: at('steps', [], 'int64'),
      body: (before) => step(problem, limit, solver === 'proximal-gradient', before),
    })
    return { z, ahead, ...Object.fromEntries(columns.map((name, i) => [name, after[i]])) }
  }

  return {
    prepare: {},
    begin,
    advance,
    finish: { energy: energyGraph(energy, parameters), stationarity: cast(stationarityOf(first, codeSize), 'float64') },
    kept: ['stepSize', 'scale'],
    work: 4 * workOf(first.f(input('z', ['n', codeSize]))),
  }
}

/** ‖z − prox(z − s∇f(z))‖∞/s over the scale of gradients: what is small where a row has converged, [n, 1]. */
function stationarityOf({ f, prox }: Split, codeSize: number): Sym {
  const z = input('z', ['n', codeSize])
  const s = input('stepSize', ['n', 1])
  const moved = sub(prox(sub(z, mul(s, slope(f, z).gradient)), s), z)
  return div(peak(moved), mul(s, input('scale', ['n', 1])))
}

/** 1/L for the curvature L of f between z and a point a little down its gradient; the line search makes up for what that misses. */
function firstStep(f: (z: Sym) => Sym, z: Sym, down: Sym): Sym {
  const length = sqrt(maximum(dot(down, down), TINY))
  const reach = mul(1e-2, add(sqrt(dot(z, z)), 1))
  const change = mul(down, div(reach, length))
  const other = slope(f, sub(z, change)).gradient
  const turned = sub(down, other)
  const curvature = div(sqrt(dot(turned, turned)), reach)
  return clip(div(1, maximum(curvature, 1 / LONGEST_STEP)), SHORTEST_STEP, LONGEST_STEP)
}

/** One trial of every row that is still active. */
function step(
  { f, g, prox }: Split,
  limit: Sym,
  accelerated: boolean,
  [z, v, t, s, energy, mark, leastResidual, still, count, status]: readonly Sym[],
): { state: Sym[]; keepGoing: Sym } {
  const active = equal(status, RowStatus.active)
  const { value, gradient: down } = slope(f, v)
  const next = prox(sub(v, mul(s, down)), s)
  const d = sub(next, v)
  const f1 = f(next)
  const raised = add(f1, g(next))
  const distance = div(dot(d, d), mul(2, s))
  const slack = mul(ROUNDING, add(abs(value), abs(f1)))
  const fits = lessEqual(f1, add(add(value, dot(down, d)), add(distance, slack)))
  // A fall that rounding hides is taken on trust, without momentum, as long as E stays near what it had fallen to.
  const plain = lessEqual(t, 1)
  const resolvable = greater(distance, slack)
  const seen = lessEqual(raised, add(energy, mul(ROUNDING, abs(energy))))
  const near = lessEqual(raised, add(mark, mul(BLIND * ROUNDING, abs(mark))))
  const trusted = logicalAnd(logicalAnd(plain, logicalNot(resolvable)), near)
  const falls = logicalOr(seen, trusted)
  const taken = logicalAnd(fits, falls)
  const residual = div(peak(d), s)
  const settled = logicalAnd(fits, lessEqual(residual, limit))

  const lower = logicalAnd(taken, less(raised, sub(mark, mul(ROUNDING, abs(mark)))))
  const nearer = logicalAnd(fits, less(residual, mul(LOWER, leastResidual)))
  const rested = where(logicalOr(lower, nearer), zerosLike(still), add(still, 1))
  const stuck = greater(rested, PATIENCE)
  const spent = lessEqual(s, SHORTEST_STEP)
  const runaway = logicalOr(greater(peak(next), RUNAWAY), less(raised, -LARGEST))
  const outcome = where(
    settled,
    RowStatus.converged,
    where(
      logicalAnd(fits, runaway),
      RowStatus.diverged,
      where(logicalOr(stuck, spent), RowStatus.stalled, zerosLike(status)),
    ),
  )

  const faster = momentum(t)
  const moved = accelerated ? add(next, mul(faster.beyond, sub(next, z))) : next
  const longer = where(resolvable, mul(s, GROWTH), s)
  const kept = logicalAnd(active, taken)
  const back = logicalAnd(active, logicalAnd(fits, logicalNot(falls)))
  const going = where(active, outcome, status)
  return {
    state: [
      where(kept, next, z),
      where(kept, moved, where(back, z, v)),
      where(kept, accelerated ? faster.next : t, where(back, 1, t)),
      where(active, where(taken, longer, where(logicalAnd(fits, logicalNot(plain)), s, mul(0.5, s))), s),
      where(kept, raised, energy),
      where(logicalAnd(active, lower), raised, mark),
      where(logicalAnd(active, nearer), residual, leastResidual),
      where(active, rested, still),
      where(active, add(count, 1), count),
      going,
    ],
    keepGoing: cast(sum(cast(equal(going, RowStatus.active), 'float32')), 'bool'),
  }
}
