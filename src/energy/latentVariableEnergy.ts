import { add, input, mul, reshape } from '../graph/index.js'
import type { Sym } from '../graph/sym.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import type { Rng } from '../tensor/random.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import type { Cost, CostConfig } from './cost.js'
import { squaredError } from './costs/squaredError.js'
import {
  checkNoise,
  describeRegularizer,
  type GraphRegularizer,
  type GraphRegularizerConfig,
} from './graphRegularizer.js'
import {
  type AffineForm,
  applyModule,
  checkedOptions,
  checkedOutput,
  checkedPart,
  type Module,
  type ModuleConfig,
  type ParameterShapes,
  type Parameters,
  parameterShapes,
  partName,
  prefixed,
  type SymParameters,
  scoped,
} from './module.js'
import { checkedCount } from './regularizer.js'

/** Shapes of one x, y and z, without the batch; a number stands for a vector. */
export interface EnergyShapes {
  /** What y is explained from; absent where nothing is given. */
  readonly x?: number | readonly number[]
  readonly y: number | readonly number[]
  readonly z: number | readonly number[]
}

/** What an energy is made of; see {@link latentVariableEnergy}. */
export interface EnergyParts {
  readonly shapes: EnergyShapes
  /** h = Pred(x); x itself where there is none. */
  readonly predictor?: Module
  /** ŷ = Dec(h, z), or Dec(z) where there is no x. */
  readonly decoder: Module
  readonly cost: Cost
  /** λR(z); none where absent. */
  readonly regularizer?: GraphRegularizer
  /** Enc(y, h), or Enc(y), whose output has the shape of z. */
  readonly encoder?: Module
  /** D; the squared error by default. */
  readonly encoderCost?: Cost
  /** γ ≥ 0; 1 by default. */
  readonly gamma?: number
}

/** An energy as `config.json` holds it. */
export interface EnergyConfig {
  readonly shapes: { readonly x?: readonly number[]; readonly y: readonly number[]; readonly z: readonly number[] }
  readonly predictor?: ModuleConfig
  readonly decoder: ModuleConfig
  readonly cost: CostConfig
  readonly regularizer?: GraphRegularizerConfig
  readonly encoder?: ModuleConfig
  readonly encoderCost?: CostConfig
  readonly gamma?: number
}

/** What is known of each observation before its code: y, h and the encoder's guess Enc(y, h), flat. */
export interface Given {
  readonly y: Sym
  readonly h?: Sym
  readonly guess?: Sym
}

/** The same, without what there is none of. */
export function givenOf(y: Sym, h: Sym | undefined, guess: Sym | undefined): Given {
  return { y, ...(h ? { h } : {}), ...(guess ? { guess } : {}) }
}

/** The energy's terms, one number an observation each. */
export interface EnergyTerms {
  /** C(y, Dec(h, z)) */
  readonly cost: Sym
  /** λR(z) */
  readonly regularizer?: Sym
  /** γ D(z, Enc(y, h)) */
  readonly encoder?: Sym
}

/** E(x, y, z), its parts and how they meet. Codes are flat here, [n, k]. */
export interface LatentVariableEnergy extends EnergyParts {
  readonly xShape: readonly number[] | undefined
  readonly yShape: readonly number[]
  readonly zShape: readonly number[]
  /** Numbers in a code, k. */
  readonly codeSize: number
  readonly gamma: number
  readonly encoderCost: Cost
  /** First parameters, under `predictor.…`, `decoder.…` and `encoder.…`. */
  init(random: Rng): Parameters
  /** The shapes of what `init` gives. */
  shapesOfParameters(): ParameterShapes
  /** h of x [n, …]; undefined where there is no x. */
  context(parameters: SymParameters, x: Sym | undefined): Sym | undefined
  /** Dec(h, z), [n, …y]. */
  decode(parameters: SymParameters, h: Sym | undefined, z: Sym): Sym
  /** Enc(y, h), [n, k]; undefined where there is no encoder. */
  encode(parameters: SymParameters, y: Sym, h: Sym | undefined): Sym | undefined
  /** The terms at codes z [n, k]; without λ, C and γD alone. */
  terms(parameters: SymParameters, given: Given, z: Sym, lambda: Sym | undefined): EnergyTerms
  /** The decoder as weight·z + offset, where it is affine in z. */
  affine(parameters: SymParameters, h: Sym | undefined): AffineForm | undefined
  describe(): EnergyConfig
}

/**
 * E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)) with h = Pred(x). Builds all of it once, so that shapes that do not
 * fit are found here: throws {@link ShapeError} with the names of the parts and both shapes, and {@link ConfigurationError} where
 * a part lacks another.
 */
export function latentVariableEnergy(parts: EnergyParts): LatentVariableEnergy {
  checkParts(parts)
  const { shapes, predictor, decoder, cost, regularizer, encoder, gamma = 1, encoderCost = squaredError() } = parts
  const xShape = shapes.x === undefined ? undefined : checkedShape('x', shapes.x)
  const yShape = checkedShape('y', shapes.y)
  const zShape = checkedShape('z', shapes.z)
  const codeSize = sizeOf(zShape)
  if (predictor && !xShape) {
    throw new ConfigurationError(
      'There is a predictor but no x to predict from; state the shape of x, or leave it out.',
    )
  }
  if (!encoder && (parts.gamma !== undefined || parts.encoderCost)) {
    throw new ConfigurationError('gamma and encoderCost weigh an encoder; give one, or leave them out.')
  }
  if (!(gamma >= 0 && gamma < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`gamma must be a finite number, 0 or more; got ${gamma}.`)
  }
  checkOutputShape('decoder', decoder, 'y', yShape)
  if (encoder && sizeOf(encoder.outputShape) !== codeSize) checkOutputShape('encoder', encoder, 'z', zShape)
  if (regularizer && !regularizer.symbolic.prox && !regularizer.symbolic.smooth) {
    throw new ConfigurationError(
      `The regularizer ${partName(regularizer)} is neither smooth nor has a prox; give it a prox, so that it can be minimized.`,
    )
  }

  const energy: LatentVariableEnergy = {
    ...parts,
    gamma,
    encoderCost,
    xShape,
    yShape,
    zShape,
    codeSize,
    init: (random) => ({
      ...(predictor ? prefixed(predictor.init(random), 'predictor') : {}),
      ...prefixed(decoder.init(random), 'decoder'),
      ...(encoder ? prefixed(encoder.init(random), 'encoder') : {}),
    }),
    shapesOfParameters: () => ({
      ...(predictor ? prefixed(parameterShapes(predictor), 'predictor') : {}),
      ...prefixed(parameterShapes(decoder), 'decoder'),
      ...(encoder ? prefixed(parameterShapes(encoder), 'encoder') : {}),
    }),
    context: (parameters, x) =>
      predictor && x ? applyModule('predictor', predictor, scoped(parameters, 'predictor'), x) : x,
    decode(parameters, h, z) {
      const code = zShape.length === 1 ? z : reshape(z, ['n', ...zShape])
      return applyModule('decoder', decoder, scoped(parameters, 'decoder'), ...(h ? [h, code] : [code]))
    },
    encode(parameters, y, h) {
      if (!encoder) return undefined
      const guess = applyModule('encoder', encoder, scoped(parameters, 'encoder'), ...(h ? [y, h] : [y]))
      return encoder.outputShape.length === 1 ? guess : reshape(guess, ['n', codeSize])
    },
    terms(parameters, { y, h, guess }, z, lambda) {
      const fit = checkedOutput(`The cost ${partName(cost)}`, cost.value(y, energy.decode(parameters, h, z)), ['n'])
      return {
        cost: fit,
        ...(regularizer && lambda ? { regularizer: regularizerTerm(regularizer, z, lambda) } : {}),
        ...(guess && gamma > 0 ? { encoder: mul(gamma, encoderCost.value(z, guess)) } : {}),
      }
    },
    affine: (parameters, h) => decoder.affine?.(scoped(parameters, 'decoder'), ...(h ? [h] : [])),
    describe: () => ({
      shapes: { ...(xShape ? { x: xShape } : {}), y: yShape, z: zShape },
      ...(predictor ? { predictor: predictor.describe() } : {}),
      decoder: decoder.describe(),
      cost: cost.describe(),
      ...(regularizer ? { regularizer: describeRegularizer(regularizer) } : {}),
      ...(encoder ? { encoder: encoder.describe(), encoderCost: encoderCost.describe(), gamma } : {}),
    }),
  }
  partsAsGraph(energy) // for the errors that this throws
  return energy
}

/** Throws {@link ConfigurationError} where a part is missing or no part at all. */
function checkParts(parts: EnergyParts): void {
  const { shapes, predictor, decoder, cost, encoder, regularizer, encoderCost } = checkedOptions(
    'An energy',
    parts,
    '{ shapes, decoder, cost }',
  )
  checkedOptions('shapes', shapes, '{ y: 784, z: 16 }')
  const linear = 'linear({ inputs, outputs })'
  for (const [what, module] of Object.entries({
    decoder,
    ...(predictor ? { predictor } : {}),
    ...(encoder ? { encoder } : {}),
  })) {
    checkedPart(what, module, ['apply', 'init', 'describe'], linear)
  }
  for (const [what, each] of Object.entries({ cost, ...(encoderCost ? { encoderCost } : {}) })) {
    checkedPart(what, each, ['value', 'mean', 'describe'], 'squaredError()')
  }
  if (regularizer) {
    checkedPart('regularizer', regularizer, ['describe'], 'l1({ lambda: 0.1 })')
    checkedOptions("The regularizer's symbolic form", regularizer.symbolic, 'those of l1({ lambda: 0.1 })')
    checkNoise(regularizer.noise)
  }
}

/** λR(z), checked to be one number an observation. */
function regularizerTerm(regularizer: GraphRegularizer, z: Sym, lambda: Sym): Sym {
  return checkedOutput(`The regularizer ${partName(regularizer)}`, regularizer.symbolic.value(z, lambda), ['n'])
}

/** Σ of the terms: E, [n]. */
export function total({ cost, regularizer, encoder }: EnergyTerms): Sym {
  return [regularizer, encoder].reduce<Sym>((sum, term) => (term ? add(sum, term) : sum), cost)
}

/** Parameters as inputs of a graph, by their names. */
export function parameterInputs(parameters: Parameters): SymParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, input(name, shape)]))
}

/** The inputs x and y of a graph over observations. */
export function observationInputs(energy: LatentVariableEnergy): { x: Sym | undefined; y: Sym } {
  return {
    x: energy.xShape ? input('x', ['n', ...energy.xShape]) : undefined,
    y: input('y', ['n', ...energy.yShape]),
  }
}

/** Every part as a graph over its parameters, x, y, z, λ and a step: its terms, the mean of y, the encoder's guess and the prox. */
export function partsAsGraph(energy: LatentVariableEnergy): Readonly<Record<string, Sym>> {
  const parameters = Object.fromEntries(
    Object.entries(energy.shapesOfParameters()).map(([name, shape]) => [name, input(name, shape)]),
  )
  const { x, y } = observationInputs(energy)
  const z = input('z', ['n', energy.codeSize])
  const h = energy.context(parameters, x)
  const guess = energy.encode(parameters, y, h)
  const { regularizer, cost } = energy
  const terms = energy.terms(parameters, givenOf(y, h, guess), z, input('lambda', []))
  const moved = regularizer?.symbolic.prox?.(z, input('step', []), input('lambda', []))
  if (regularizer && moved)
    checkedOutput(`The prox of the regularizer ${partName(regularizer)}`, moved, ['n', energy.codeSize])
  return {
    ...terms,
    mean: cost.mean(energy.decode(parameters, h, z)),
    ...(guess ? { guess } : {}),
    ...(moved ? { moved } : {}),
  }
}

function checkedShape(name: string, shape: number | readonly number[]): readonly number[] {
  const checked = typeof shape === 'number' ? [shape] : [...shape]
  if (checked.length === 0) throw new ShapeError(`The shape of ${name} is empty; a single number has the shape [1].`)
  for (const size of checked) checkedCount(`Every size in the shape of ${name}`, size)
  return checked
}

function checkOutputShape(part: string, module: Module, name: string, shape: readonly number[]): void {
  const { outputShape } = module
  if (outputShape.length === shape.length && outputShape.every((size, axis) => size === shape[axis])) return
  throw new ShapeError(
    `The ${part} (${partName(module)}) gives ${formatShape(outputShape)}, but ${name} is ${formatShape(shape)}; make the two alike.`,
  )
}
