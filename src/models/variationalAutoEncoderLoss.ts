import { bernoulli } from '../energy/costs/bernoulli.js'
import { squaredError } from '../energy/costs/squaredError.js'
import { type LatentVariableEnergy, latentVariableEnergy, observationInputs } from '../energy/latentVariableEnergy.js'
import {
  applyModule,
  type Module,
  type ParameterShapes,
  type Parameters,
  parameterShapes,
  partName,
  prefixed,
  type SymParameters,
  scoped,
} from '../energy/module.js'
import {
  add,
  constant,
  exp,
  expandLike,
  input,
  log,
  mean,
  mul,
  neg,
  reshape,
  type Sym,
  slice,
  square,
  sub,
  sum,
} from '../graph/index.js'
import type { Loss } from '../learning/gradientTraining.js'
import { ShapeError } from '../tensor/errors.js'
import type { Rng } from '../tensor/random.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import { buildNetworks, type Networks, uniformParameters } from './variationalAutoEncoderNetworks.js'

/** How y scatters around what is decoded: pixels in [0, 1] by coin flips, or a Gaussian of one variance s². */
export type Likelihood =
  | { readonly kind: 'bernoulli' }
  | { readonly kind: 'gaussian'; readonly variance: number | 'learned' }

/** What a variational auto-encoder is, apart from the shapes of its data. */
export interface VariationalForm {
  /** Numbers in a code, k. */
  readonly latent: number
  readonly networks: Networks
  /** h = Pred(x); x itself where there is none. */
  readonly predictor?: Module
  readonly likelihood: Likelihood
  /** Strength of spring and size term together. */
  readonly beta: number
  /** Strength of the spring, ½‖z̄‖². */
  readonly spring: number
  /** Strength of the size term, ½Σ(σ² − 1 − log σ²). */
  readonly ballSize: number
  /** σ where it is fixed. */
  readonly deviation: number | 'learned'
}

/** The form with its networks made for the shapes of x and y. */
export interface VariationalParts extends VariationalForm {
  /** C(y, Dec(h, z)), with C = ½‖y − ŷ‖² for a Gaussian, its variance apart. */
  readonly energy: LatentVariableEnergy
  readonly encoder: Module
}

/** The Gaussian q(z | y, h): its mean z̄ and deviation σ, [n, k] each, and log σ² where it is learned. */
export interface Ball {
  readonly mean: Sym
  readonly deviation: Sym
  readonly logVariance?: Sym
}

const LOG_VARIANCE = 'likelihood.logVariance'

/** Networks for given shapes. Throws ShapeError or ConfigurationError where something does not fit. */
export function variationalParts(
  form: VariationalForm,
  shapes: { readonly x?: readonly number[]; readonly y: readonly number[] },
): VariationalParts {
  const { latent, predictor, likelihood, deviation } = form
  const context = predictor ? sizeOf(predictor.outputShape) : sizeOf(shapes.x ?? [0])
  const heads = deviation === 'learned' ? 2 * latent : latent
  const { encoder, decoder } = buildNetworks(form.networks, { y: shapes.y, context, latent, heads })
  if (encoder.outputShape.length !== 1 || encoder.outputShape[0] !== heads) {
    throw new ShapeError(
      `The encoder (${partName(encoder)}) gives ${formatShape(encoder.outputShape)}; for a code of ${latent} it must give ${heads} numbers${deviation === 'learned' ? ', z̄ and log σ²' : ', z̄'}.`,
    )
  }
  const energy = latentVariableEnergy({
    shapes: { ...shapes, z: latent },
    ...(predictor ? { predictor } : {}),
    decoder,
    cost: likelihood.kind === 'bernoulli' ? bernoulli() : squaredError(),
  })
  return { ...form, energy, encoder }
}

/** First parameters, under `predictor.…`, `encoder.…` and `decoder.…`. */
export function firstParameters({ energy, encoder, networks, likelihood }: VariationalParts, random: Rng): Parameters {
  const drawn = { ...prefixed(encoder.init(random), 'encoder'), ...energy.init(random) }
  const own = Object.fromEntries(Object.entries(drawn).filter(([name]) => !name.startsWith('predictor.')))
  return {
    ...drawn,
    ...(networks.kind === 'modules' ? {} : uniformParameters(own, random)),
    ...(likelihood.kind === 'gaussian' && likelihood.variance === 'learned'
      ? { [LOG_VARIANCE]: { shape: [1], data: new Float32Array(1) } }
      : {}),
  }
}

/** The shapes of what {@link firstParameters} gives. */
export function shapesOfParameters({ energy, encoder, likelihood }: VariationalParts): ParameterShapes {
  return {
    ...prefixed(parameterShapes(encoder), 'encoder'),
    ...energy.shapesOfParameters(),
    ...(likelihood.kind === 'gaussian' && likelihood.variance === 'learned' ? { [LOG_VARIANCE]: [1] } : {}),
  }
}

/** q(z | y, h) of each observation. */
export function ballOf(
  { encoder, latent, deviation }: VariationalParts,
  parameters: SymParameters,
  y: Sym,
  h?: Sym,
): Ball {
  const heads = applyModule('encoder', encoder, scoped(parameters, 'encoder'), ...(h ? [y, h] : [y]))
  if (deviation !== 'learned') return { mean: heads, deviation: expandLike(constant(deviation), heads) }
  const logVariance = slice(heads, { axis: 1, from: latent, to: 2 * latent })
  return { mean: slice(heads, { axis: 1, from: 0, to: latent }), deviation: exp(mul(logVariance, 0.5)), logVariance }
}

/** q(z | y, h) as a graph over its parameters, x and y. */
export function ballAsGraph(parts: VariationalParts): Readonly<Record<string, Sym>> {
  const parameters = Object.fromEntries(
    Object.entries(shapesOfParameters(parts)).map(([name, shape]) => [name, input(name, shape)]),
  )
  const { x, y } = observationInputs(parts.energy)
  const { mean: centre, deviation } = ballOf(parts, parameters, y, parts.energy.context(parameters, x))
  return { centre, deviation }
}

/** −log p(y | z, h), [n]. For a Bernoulli of values between 0 and 1 it is the cross-entropy, which no density belongs to. */
export function reconstructionCost(
  { energy, likelihood }: VariationalParts,
  parameters: SymParameters,
  y: Sym,
  decoded: Sym,
): Sym {
  const cost = energy.cost.value(y, decoded)
  if (likelihood.kind === 'bernoulli') return cost
  const half = sizeOf(energy.yShape) / 2
  const { variance } = likelihood
  if (variance === 'learned') {
    const logVariance = reshape(parameters[LOG_VARIANCE], [])
    return add(mul(cost, exp(neg(logVariance))), mul(add(logVariance, Math.log(2 * Math.PI)), half))
  }
  return add(mul(cost, 1 / variance), half * Math.log(2 * Math.PI * variance))
}

/** ½‖z̄‖², [n]. */
export const springTerm = ({ mean: center }: Ball): Sym => mul(sum(square(center), [1]), 0.5)

/** ½Σ(σ² − 1 − log σ²), [n], least where σ = 1. */
export function sizeTerm({ deviation, logVariance }: Ball): Sym {
  const squares = square(deviation)
  return mul(sum(sub(sub(squares, logVariance ?? log(squares)), 1), [1]), 0.5)
}

/**
 * The loss of a batch, a mean over its observations: −log p(y | z̄ + σε) + β(spring·½‖z̄‖² + ballSize·½Σ(σ² − 1 − log σ²)), with the
 * noise ε [n, k] as an input (Kingma and Welling 2014, section 2.3 and appendix B).
 */
export function variationalLoss(parts: VariationalParts, parameters: SymParameters, inputs: SymParameters): Loss {
  const { energy, beta, spring, ballSize } = parts
  const { x, y, noise } = inputs
  const h = energy.context(parameters, x)
  const ball = ballOf(parts, parameters, y, h)
  const code = add(ball.mean, mul(ball.deviation, noise))
  const reconstruction = mean(reconstructionCost(parts, parameters, y, energy.decode(parameters, h, code)))
  const pull = mean(springTerm(ball))
  const size = mean(sizeTerm(ball))
  const terms = [
    [pull, beta * spring],
    // A fixed σ leaves a constant, which moves nothing.
    [size, parts.deviation === 'learned' ? beta * ballSize : 0],
  ] as const
  const loss = terms.reduce<Sym>(
    (total, [term, strength]) => (strength === 0 ? total : add(total, mul(term, strength))),
    reconstruction,
  )
  return { loss, metrics: { reconstruction, spring: pull, size } }
}
