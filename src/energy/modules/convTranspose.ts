import { add, div, maximum, reshape, convTranspose as spread, sqrt, square, sum } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Module } from '../module.js'
import { activate, gainOf } from './activation.js'
import { type ConvOptions, convConfig, convSettings } from './conv.js'
import { checkedSize, checkInputs, filled, joinFlat, normalTensor } from './inputs.js'

const TINY = 1e-12

/**
 * a(Σᵢ Kᵢ ∗ xᵢ + b): each number of a map lays down its kernel, `stride` pixels apart; the decoder of convolutional sparse coding.
 * Parameters: `kernel` [channels in, channels out, …side], `bias` [channels out]. Output: [channels, …], each side
 * (size − 1)·stride − 2·padding + kernel. Throws ConfigurationError where nothing would be left.
 */
export function convTranspose(options: ConvOptions): Module {
  const settings = convSettings(options)
  const { input, maps, channels, kernel, stride, padding, bias, activation } = settings
  const space = maps.slice(1)
  const sides = space.map((size) => (size - 1) * stride - 2 * padding + kernel)
  if (sides.some((side) => side < 1)) {
    throw new ConfigurationError(
      `A padding of ${padding} leaves nothing of an output of ${space.map((size) => (size - 1) * stride + kernel).join('×')}; take less.`,
    )
  }
  const kernels = [maps[0], channels, ...space.map(() => kernel)]
  const shapes = checkedSize('conv-transpose', { kernel: kernels, ...(bias ? { bias: [channels] } : {}) })
  const axes = space.map((_, axis) => axis + 2)
  // Each number of the output gathers about (kernel/stride)^d numbers of each map.
  const fanIn = maps[0] * Math.max(1, kernel / stride) ** space.length
  return {
    kind: 'conv-transpose',
    outputShape: [channels, ...sides],
    shapes: () => shapes,
    init: (random) => ({
      kernel: normalTensor(random, kernels, gainOf(activation) / Math.sqrt(fanIn)),
      ...(bias ? { bias: filled([channels], 0) } : {}),
    }),
    apply(parameters, ...given) {
      checkInputs(
        'conv-transpose',
        input.reduce((size, extent) => size * extent, 1),
        given,
      )
      const laid = spread(reshape(joinFlat(given), ['n', ...maps]), parameters.kernel, {
        strides: space.map(() => stride),
        padding: space.map(() => padding),
      })
      return activate(activation, bias ? add(laid, reshape(parameters.bias, [channels, ...space.map(() => 1)])) : laid)
    },
    normalized(parameters) {
      const norms = sqrt(sum(square(parameters.kernel), [1, ...axes], true))
      return { ...parameters, kernel: div(parameters.kernel, maximum(norms, TINY)) }
    },
    describe: () => ({ kind: 'conv-transpose', ...convConfig(settings) }),
  }
}
