import { concat, div, linear as linearMap, maximum, reshape, slice, sqrt, square, sum } from '../../graph/index.js'
import { knownSize } from '../../graph/shapes.js'
import type { Sym } from '../../graph/sym.js'
import { ShapeError } from '../../tensor/errors.js'
import { sizeOf } from '../../tensor/tensor.js'
import type { AffineForm, Module, SymParameters } from '../module.js'
import { checkedCount } from '../regularizer.js'
import { type Activation, activate, checkedActivation, gainOf } from './activation.js'
import { checkedSize, checkInputs, filled, joinFlat, normalTensor } from './inputs.js'

export interface LinearOptions {
  /** Numbers that come in an observation, all inputs together: they are laid flat and joined in their order. */
  readonly inputs: number
  /** The shape of the output, or its size. */
  readonly outputs: number | readonly number[]
  /** Whether there is a bias b; there is by default. */
  readonly bias?: boolean
  /** `identity` by default. */
  readonly activation?: Activation
}

const TINY = 1e-12

/**
 * a(W·[inputs] + b). Parameters: `weight` [outputs, inputs], whose column j is what input j contributes (the atom, where this is
 * a decoder), and `bias` [outputs]. Without bias and activation it is the decoder of sparse coding, Wz.
 */
export function linear(options: LinearOptions): Module {
  const inputs = checkedCount('inputs', options.inputs)
  const outputShape = typeof options.outputs === 'number' ? [options.outputs] : [...options.outputs]
  const outputs = checkedCount('outputs', sizeOf(outputShape))
  const { bias = true } = options
  const shapes = checkedSize('linear', { weight: [outputs, inputs], ...(bias ? { bias: [outputs] } : {}) })
  const activation = checkedActivation(options.activation)
  const biasOf = (parameters: SymParameters) => (bias ? parameters.bias : undefined)

  const affine = (parameters: SymParameters, ...others: Sym[]): AffineForm => {
    const { weight } = parameters
    const shift = biasOf(parameters)
    if (others.length === 0) return { weight, ...(shift ? { offset: shift } : {}) }
    const first = joinFlat(others)
    const size = knownSize(first.shape)
    if (size >= inputs) {
      throw new ShapeError(
        `The linear module is for ${inputs} numbers an observation, and ${size} come before its last input; state inputs as the size of all together.`,
      )
    }
    return {
      weight: slice(weight, { axis: 1, from: size, to: inputs }),
      offset: linearMap(first, slice(weight, { axis: 1, from: 0, to: size }), shift),
    }
  }

  return {
    kind: 'linear',
    outputShape,
    shapes: () => shapes,
    init: (random) => ({
      weight: normalTensor(random, [outputs, inputs], gainOf(activation) / Math.sqrt(inputs)),
      ...(bias ? { bias: filled([outputs], 0) } : {}),
    }),
    apply(parameters, ...given) {
      checkInputs('linear', inputs, given)
      const mapped = linearMap(joinFlat(given), parameters.weight, biasOf(parameters))
      const output = activate(activation, mapped)
      return outputShape.length === 1 ? output : reshape(output, ['n', ...outputShape])
    },
    ...(activation === 'identity' ? { affine } : {}),
    normalized(parameters, lastSize) {
      const { weight } = parameters
      const own = slice(weight, { axis: 1, from: inputs - lastSize, to: inputs })
      const unit = div(own, maximum(sqrt(sum(square(own), [0], true)), TINY))
      const rest = inputs - lastSize
      return {
        ...parameters,
        weight: rest === 0 ? unit : concat([slice(weight, { axis: 1, from: 0, to: rest }), unit], 1),
      }
    },
    describe: () => ({ kind: 'linear', inputs, outputs: outputShape, bias, activation }),
  }
}
