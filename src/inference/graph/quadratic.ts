import { type LatentVariableEnergy, observationInputs } from '../../energy/latentVariableEnergy.js'
import type { AffineForm, SymParameters } from '../../energy/module.js'
import {
  add,
  cast,
  constant,
  div,
  type ElementType,
  expandLike,
  less,
  lessEqual,
  loop,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  type Sym,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
  zerosLike,
} from '../../graph/index.js'
import { sizeOf } from '../../tensor/tensor.js'
import { notQuadratic, quadraticCertificate } from './certify.js'
import { dualityGap } from './dualityGap.js'
import { momentum } from './momentum.js'
import { castParameters, type Lookup, type Outputs, RowStatus, type SolverGraphs } from './solverGraphs.js'
import { isRelative, strengthOf } from './strength.js'

const POWER_STEPS = 40
/** The power method comes from below; momentum is stable up to 4/3 of the step that it should take. */
const MARGIN = 1.02
const TINY = 1e-30
/** A step is at most this much longer than the one before, and than 1/L. */
const GROWTH = 1.5
const LONGEST = 1e4
/** The first step, in 1/L: few directions are as curved as the steepest. */
const FIRST = 4

/**
 * FISTA for E = ½‖y − Wz‖² + ½γ‖z − ē‖² + λR(z), restarted in each row where its momentum points uphill (O'Donoghue, Candès 2015).
 * Each row has a step of its own, as long as the curvature along its last move allows and never below 1/L, which is right for any
 * direction. With G = WᵀW + γI a step is the one product Gz, which is two, by W and by Wᵀ, where W is so low that they cost less;
 * the gradient at the point that momentum looks ahead to follows from those at the last two. A row has converged where its
 * duality gap, here in the precision of the iteration, is within the tolerance.
 */
export function quadraticGraphs(
  energy: LatentVariableEnergy,
  parameters: SymParameters,
  type: ElementType = 'float32',
): SolverGraphs {
  const { codeSize, encoder, gamma } = energy
  const { prox, dual, value } = energy.regularizer?.symbolic ?? {}
  if (!prox || !dual || !value) throw notQuadratic()
  const symbols = castParameters(parameters, type)
  const inputs = observationInputs(energy)
  const [x, y] = [inputs.x && cast(inputs.x, type), cast(inputs.y, type)]
  const h = energy.context(symbols, x)
  const size = sizeOf(energy.yShape)
  const pull = encoder ? gamma : 0
  const tall = codeSize > 2 * size
  const plane = energy.affine(symbols, h)
  if (!plane) throw notQuadratic()

  const gram = pulled(matmul(transpose(plane.weight), plane.weight), identity(codeSize, type), pull)
  const prepare = { ...(tall ? {} : { gram }), weight: plane.weight, shortest: shortestStep(gram) }

  /** Gz, from W or from G. */
  const productBy = (at: Lookup) => {
    if (!tall) return (z: Sym): Sym => matmul(z, at('gram', [codeSize, codeSize], type))
    const w = at('weight', [size, codeSize], type)
    return (z: Sym): Sym => pulled(matmul(matmul(z, transpose(w)), w), z, pull)
  }
  const strengthBy = (correlations: () => Sym): Sym => {
    const lambda = strengthOf(energy, correlations, type)
    if (!lambda) throw notQuadratic()
    return lambda
  }

  const begin = (at: Lookup): Outputs => {
    const guess = pull > 0 ? energy.encode(symbols, y, h) : undefined
    const target = targetOf(y, size, plane)
    const matched = pulled(matmul(target, at('weight', [size, codeSize], type)), guess, pull)
    const lambda = strengthBy(() => matched)
    const z = prox(cast(at('start', ['n', codeSize]), type), constant(0, type), lambda)
    const slope = sub(productBy(at)(z), matched)
    const squares = pulled(rowSum(square(target)), guess && rowSum(square(guess)), pull)
    const none = zerosLike(squares)
    return {
      ...(isRelative(energy) ? { lambda } : {}),
      matched,
      squares,
      z,
      slope,
      ahead: z,
      slopeAhead: slope,
      weightOfMomentum: add(none, 1),
      stepSize: expandLike(mul(FIRST, at('shortest', [], type)), none),
      count: none,
      status: none,
    }
  }

  const advance = (at: Lookup): Outputs => {
    const column = (name: string) => at(name, ['n', 1], type)
    const row = (name: string) => at(name, ['n', codeSize], type)
    const [q, whole, count] = [row('matched'), column('squares'), column('count')]
    const shortest = at('shortest', [], type)
    const steps = at('steps', [], 'int64')
    const lambda = isRelative(energy) ? column('lambda') : strengthBy(() => q)
    const product = productBy(at)
    const [z, slope, ahead, slopeAhead, t, s] = loop({
      state: [row('z'), row('slope'), row('ahead'), row('slopeAhead'), column('weightOfMomentum'), column('stepSize')],
      maxSteps: steps,
      body([z, atZ, v, atV, t, s]) {
        const next = prox(sub(v, mul(s, atV)), s, lambda)
        const atNext = sub(product(next), q)
        const d = sub(next, v)
        const moved = sub(next, z)
        const uphill = less(rowSum(mul(d, moved)), 0)
        const { next: heavier, beyond } = momentum(where(uphill, 1, t))
        const curvature = maximum(rowSum(mul(d, sub(atNext, atV))), TINY)
        const fitting = minimum(div(rowSum(square(d)), curvature), mul(GROWTH, s))
        return {
          state: [
            next,
            atNext,
            add(next, mul(beyond, moved)),
            add(atNext, mul(beyond, sub(atNext, atZ))),
            heavier,
            minimum(maximum(fitting, shortest), mul(LONGEST, shortest)),
          ],
          keepGoing: constant(1, 'bool'),
        }
      },
    })
    const correlations = neg(slope)
    const { energy: reached, gap } = dualityGap(
      {
        z,
        correlations,
        // ‖y − Wz‖² = ‖y‖² − zᵀ(q + Wᵀr), with the encoder's rows in y and W.
        squares: maximum(sub(whole, rowSum(mul(z, add(q, correlations)))), 0),
        alignment: sub(whole, rowSum(mul(z, q))),
        penalty: reshape(value(z, lambda), ['n', 1]),
      },
      dual,
      lambda,
    )
    const within = lessEqual(gap, mul(cast(at('tolerance', []), type), reached))
    const finite = less(reached, Number.MAX_VALUE)
    return {
      z,
      slope,
      ahead,
      slopeAhead,
      weightOfMomentum: t,
      stepSize: s,
      count: add(count, cast(steps, type)),
      status: where(finite, where(within, RowStatus.converged, zerosLike(reached)), RowStatus.nonFinite),
    }
  }

  return {
    prepare,
    begin,
    advance,
    finish: quadraticCertificate(energy, parameters),
    kept: [],
    work: tall ? 2 * codeSize * size : codeSize * codeSize,
  }
}

const rowSum = (v: Sym): Sym => sum(v, [1], true)

/** What the encoder's term ½γ‖z − ē‖² adds, γ times something. */
function pulled(own: Sym, more: Sym | undefined, pull: number): Sym {
  return more && pull > 0 ? add(own, mul(pull, more)) : own
}

/** y as the plane through the origin sees it. */
function targetOf(y: Sym, size: number, { offset }: AffineForm): Sym {
  const flat = reshape(y, ['n', size])
  return offset ? sub(flat, offset) : flat
}

function identity(size: number, type: ElementType): Sym {
  const data = new Float32Array(size * size)
  for (let j = 0; j < size; j++) data[j * size + j] = 1
  return constant({ shape: [size, size], data }, type)
}

/** 1/L, L being the largest eigenvalue of a Gram matrix by the power method. */
function shortestStep(gram: Sym): Sym {
  const size = Number(gram.shape[0])
  const first = Float32Array.from({ length: size }, (_, j) => 1 + 0.5 * Math.sin(1 + j * 12.9898))
  const norm = (v: Sym) => maximum(sqrt(sum(square(v))), 1e-12)
  const [vector] = loop({
    state: [constant({ shape: [size, 1], data: first }, gram.type)],
    maxSteps: POWER_STEPS,
    body([v]) {
      const next = matmul(gram, v)
      return { state: [div(next, norm(next))], keepGoing: constant(1, 'bool') }
    },
  })
  return div(1 / MARGIN, norm(matmul(gram, vector)))
}
