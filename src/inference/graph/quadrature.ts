import type { GraphRegularizer } from '../../energy/graphRegularizer.js'
import { partName } from '../../energy/module.js'
import { ConfigurationError, ConvergenceError } from '../../tensor/errors.js'
import { type Tensor, takeRows, zeros } from '../../tensor/tensor.js'
import type { GraphEncoder } from './graphEncoder.js'
import { checkObserved, type Observed } from './observed.js'

export interface QuadratureOptions {
  /** β > 0, the inverse temperature. */
  readonly beta: number
  /** The box [−range, range]^k that is integrated over; by default as wide as λR(z) lets codes count beyond those of least energy. */
  readonly range?: number
  /** Points along each axis, an odd number; 401, 61 and 25 by default for codes of 1, 2 and 3 numbers. */
  readonly points?: number
}

const MOST_NUMBERS = 3
const POINTS = [401, 61, 25]
const ROWS = 8192
/** Beyond −log of this, λR(z) leaves nothing. */
const NEGLIGIBLE = 30
/** Shares of the integral: how much the edge of the box may hold, and how far half of the points may be off. */
const EDGE = 1e-3
const COARSE = 0.05

/**
 * F_β(x, y) = −(1/β) log ∫ exp(−βE(x, y, z)) dz, by the trapezoidal rule on a grid; for β → ∞ it is the least energy. For codes of up
 * to 3 numbers. Throws {@link ConfigurationError} where there are more, or the box is not known and not given (without a regularizer
 * the integral need not exist), and {@link ConvergenceError} where the edge of the box or the distance of the points matters.
 */
export async function quadrature(
  encoder: GraphEncoder,
  observed: Observed,
  options: QuadratureOptions,
): Promise<Float64Array> {
  const { energy } = encoder
  const { codeSize } = energy
  const { beta } = options
  if (!(beta > 0 && beta < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`beta must be a finite number above 0; got ${beta}.`)
  }
  if (codeSize > MOST_NUMBERS) {
    throw new ConfigurationError(
      `F_β is integrated over codes of up to ${MOST_NUMBERS} numbers; this energy's have ${codeSize}. Leave beta out for the least energy.`,
    )
  }
  const { points = POINTS[codeSize - 1] } = options
  if (!(Number.isInteger(points) && points >= 5 && points % 2 === 1)) {
    throw new ConfigurationError(`points must be an odd number, 5 or more; got ${points}.`)
  }
  const count = checkObserved(energy, observed)
  // Beyond the norm that codes are held to there is nothing.
  const closed = options.range === undefined && energy.regularizer?.kind === 'limited-noise'
  const spread = options.range ?? rangeOf(energy.regularizer, beta)
  const range = options.range === undefined && !closed ? spread + (await reachOf(encoder, observed)) : spread
  if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`range must be a finite number above 0; got ${range}.`)
  }
  const nodes = gridOf(codeSize, range, points)
  const rule = trapezoid(codeSize, range, points, closed)
  const free = new Float64Array(count)
  const some = Math.max(1, Math.floor(ROWS / rule.length))
  for (let from = 0; from < count; from += some) {
    const rows = Array.from({ length: Math.min(some, count - from) }, (_, i) => from + i)
    const energies = await energiesOf(encoder, observed, rows, nodes)
    for (const [i, row] of rows.entries()) {
      free[row] = freeEnergy(energies.subarray(i * rule.length, (i + 1) * rule.length), rule, beta, codeSize)
    }
  }
  return free
}

/** The weight of each node, that in a grid of half the points along each axis (0 where it is none of them), and whether it is at the edge. */
interface Rule {
  readonly length: number
  readonly fine: Float64Array
  readonly coarse: Float64Array
  readonly edge: readonly boolean[]
}

function trapezoid(size: number, range: number, points: number, closed: boolean): Rule {
  const length = points ** size
  const rule = { length, fine: new Float64Array(length).fill(1), coarse: new Float64Array(length).fill(1) }
  const step = (2 * range) / (points - 1)
  const edge = new Array<boolean>(length).fill(false)
  for (let node = 0; node < length; node++) {
    for (let axis = 0, rest = node; axis < size; axis++, rest = Math.floor(rest / points)) {
      const place = rest % points
      const end = place === 0 || place === points - 1
      if (end && !closed) edge[node] = true
      rule.fine[node] *= end ? step / 2 : step
      rule.coarse[node] *= place % 2 === 1 ? 0 : end ? step : 2 * step
    }
  }
  return { ...rule, edge }
}

/** Codes at the nodes, the last number varying slowest, as the rule counts them. */
function gridOf(size: number, range: number, points: number): Tensor {
  const nodes = zeros([points ** size, size])
  for (let node = 0; node < nodes.shape[0]; node++) {
    for (let axis = 0, rest = node; axis < size; axis++, rest = Math.floor(rest / points)) {
      nodes.data[node * size + axis] = -range + (2 * range * (rest % points)) / (points - 1)
    }
  }
  return nodes
}

/** E of each of some observations at every node. */
function energiesOf(
  encoder: GraphEncoder,
  { x, y }: Observed,
  rows: readonly number[],
  nodes: Tensor,
): Promise<Float64Array> {
  const [length, size] = nodes.shape
  const repeated = rows.flatMap((row) => new Array<number>(length).fill(row))
  const z = zeros([repeated.length, size])
  for (let i = 0; i < rows.length; i++) z.data.set(nodes.data, i * nodes.data.length)
  return encoder.energyOf({ ...(x ? { x: takeRows(x, repeated) } : {}), y: takeRows(y, repeated), z })
}

function freeEnergy(energies: Float64Array, { fine, coarse, edge }: Rule, beta: number, size: number): number {
  const least = energies.reduce((a, b) => Math.min(a, b))
  let [all, half, outside] = [0, 0, 0]
  for (let node = 0; node < energies.length; node++) {
    const density = Math.exp(-beta * (energies[node] - least))
    all += fine[node] * density
    half += coarse[node] * density
    if (edge[node]) outside += fine[node] * density
  }
  if (Number.isNaN(all)) return Number.NaN
  if (outside > EDGE * all) {
    throw new ConvergenceError(
      `F_β: the edge of the box holds ${(100 * (outside / all)).toPrecision(2)} % of the integral; give a larger range.`,
    )
  }
  if (Math.abs(Math.log(all / half)) > COARSE) {
    throw new ConvergenceError(
      `F_β: the points are too far apart for β = ${beta}; give more of them along each of the ${size} axes, or a smaller range.`,
    )
  }
  return least - Math.log(all) / beta
}

/**
 * How far from 0 codes of least energy lie, the largest number in any. exp(−βE) has its peaks at such codes, and for large β it is narrow around
 * them, however far λR(z) by itself would reach.
 */
async function reachOf(encoder: GraphEncoder, observed: Observed): Promise<number> {
  const { codes } = await encoder.find(observed, {}, false)
  return codes.data.reduce((reach, value) => (Number.isFinite(value) ? Math.max(reach, Math.abs(value)) : reach), 0)
}

/** Where βλR(z) alone leaves next to nothing. */
function rangeOf(regularizer: GraphRegularizer | undefined, beta: number): number {
  const { kind, strength, describe } = regularizer ?? {}
  if (kind === 'limited-noise' && describe) return describe().radius ?? Number.NaN
  if (strength && 'lambda' in strength) {
    if (kind === 'l2') return Math.sqrt((2 * NEGLIGIBLE) / (beta * strength.lambda))
    if (kind === 'l1' || kind === 'elastic-net' || kind === 'group') return NEGLIGIBLE / (beta * strength.lambda)
  }
  throw new ConfigurationError(
    `F_β: how far codes reach is not known ${regularizer ? `with the regularizer ${partName(regularizer)}` : 'without a regularizer'}; give a range.`,
  )
}
