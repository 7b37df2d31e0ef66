import type { Sym } from '../../graph/index.js'
import { eigenvalueBound } from '../../kernels/eigenvalueBound.js'
import { DataError, ShapeError } from '../../tensor/errors.js'
import { formatShape, sizeOf, type Tensor } from '../../tensor/tensor.js'
import type { Module, ModuleConfig, ParameterShapes, Parameters, SymParameters } from '../module.js'
import { checkedSize, checkInputs, joinFlat } from '../modules/inputs.js'
import { checkedCount } from '../regularizer.js'

/** A module that predicts codes, Enc(y): [n, m] or [n, …shape] → [n, k]. */
export interface Encoder extends Module {
  /** Numbers that come in an observation, m. */
  readonly inputs: number
  /** Numbers in a code, k. */
  readonly codeSize: number
  /** First parameters for codes over a dictionary, argmin over z of ½‖y − Wz‖² + λ‖z‖₁: what proximal gradient steps would use. */
  start(atoms: Tensor, lambda: number): Parameters
  /** Parameters brought back to where they mean something: thresholds to 0 or more. What is left out stays. */
  constrain(parameters: SymParameters): SymParameters
}

/** What a step of ISTA is made of, as tensors. */
export interface IstaStep {
  /** Wᵀ/L, [k, m] */
  readonly weight: Tensor
  /** S = I − WᵀW/L, [k, k] */
  readonly inhibition: Tensor
  /** λ/L for each unit, [k] */
  readonly threshold: Tensor
}

/**
 * z ← shrink(Wᵀy/L + Sz, λ/L), one step of ISTA for the dictionary `atoms` [k, …shape], with the L that the kernels use. Sums are
 * taken in double precision. Throws {@link ShapeError} or {@link DataError} unless atoms are finite and one of them is not 0.
 */
export function istaStep(atoms: Tensor, lambda: number): IstaStep {
  const [count, ...shape] = atoms.shape
  const size = sizeOf(shape)
  if (!(count >= 1) || size < 1) {
    throw new ShapeError(`A dictionary must be [k, …shape] with k ≥ 1; got ${formatShape(atoms.shape)}.`)
  }
  if (!atoms.data.every(Number.isFinite))
    throw new DataError('The dictionary holds NaN or infinity; it must be finite.')
  const gram = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let p = 0; p < size; p++) sum += atoms.data[i * size + p] * atoms.data[j * size + p]
      gram[i * count + j] = sum
      gram[j * count + i] = sum
    }
  }
  const lipschitz = eigenvalueBound(Float32Array.from(gram), count, count)
  if (!(lipschitz > 0)) throw new DataError('All atoms of the dictionary are 0; nothing can be coded over it.')
  const inhibition = Float32Array.from(gram, (value) => -value / lipschitz)
  for (let j = 0; j < count; j++) inhibition[j * count + j] = 1 - gram[j * count + j] / lipschitz
  return {
    weight: { shape: [count, size], data: atoms.data.map((value) => value / lipschitz) },
    inhibition: { shape: [count, count], data: inhibition },
    threshold: { shape: [count], data: new Float32Array(count).fill(lambda / lipschitz) },
  }
}

/** What tells one encoder of a dictionary from another. */
export interface EncoderParts {
  readonly kind: string
  /** Settings beside the sizes. */
  readonly settings?: Readonly<Record<string, number | boolean>>
  shapes(): ParameterShapes
  readonly init: Module['init']
  /** First parameters from a step of ISTA. */
  start(step: IstaStep): Parameters
  /** Codes of observations [n, m]. */
  code(parameters: SymParameters, y: Sym): Sym
  readonly constrain: Encoder['constrain']
}

/** An encoder from `inputs` numbers of an observation to `outputs` of a code. Throws ConfigurationError where a size cannot be. */
export function encoder(
  sizes: { readonly inputs: number; readonly outputs: number },
  { kind, settings = {}, shapes, init, start, code, constrain }: EncoderParts,
): Encoder {
  const inputs = checkedCount('inputs', sizes.inputs)
  const codeSize = checkedCount('outputs', sizes.outputs)
  const checked = checkedSize(kind, shapes())
  return {
    kind,
    outputShape: [codeSize],
    inputs,
    codeSize,
    shapes: () => checked,
    init,
    start(atoms, lambda) {
      checkDictionary(atoms, inputs, codeSize)
      return start(istaStep(atoms, lambda))
    },
    apply(parameters, ...given) {
      checkInputs(kind, inputs, given)
      return code(parameters, joinFlat(given))
    },
    constrain,
    describe: (): ModuleConfig => ({ kind, inputs, outputs: codeSize, ...settings }),
  }
}

/** Throws {@link ShapeError} unless a dictionary is one for `inputs` numbers an observation and `codeSize` in a code. */
function checkDictionary(atoms: Tensor, inputs: number, codeSize: number): void {
  const [count, ...shape] = atoms.shape
  if (count !== codeSize || sizeOf(shape) !== inputs) {
    throw new ShapeError(
      `The encoder gives ${codeSize} numbers for ${inputs} of an observation; a dictionary of ${formatShape(atoms.shape)} does not fit.`,
    )
  }
}
