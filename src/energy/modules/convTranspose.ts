import { div, maximum, convTranspose as spread, sqrt, square, sum } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Module } from '../module.js'
import { type ConvOptions, convModule, convSettings } from './conv.js'

const TINY = 1e-12

/**
 * a(Σᵢ Kᵢ ∗ xᵢ + b): each number of a map lays down its kernel, `stride` pixels apart; the decoder of convolutional sparse coding.
 * Parameters: `kernel` [channels in, channels out, …side], `bias` [channels out]. Output: [channels, …], each side
 * (size − 1)·stride − 2·padding + kernel. Throws ConfigurationError where nothing would be left.
 */
export function convTranspose(options: ConvOptions): Module {
  const settings = convSettings(options)
  const { maps, channels, kernel, stride, padding } = settings
  const space = maps.slice(1)
  const sides = space.map((size) => (size - 1) * stride - 2 * padding + kernel)
  if (sides.some((side) => side < 1)) {
    throw new ConfigurationError(
      `A padding of ${padding} leaves nothing of an output of ${space.map((size) => (size - 1) * stride + kernel).join('×')}; take less.`,
    )
  }
  const axes = space.map((_, axis) => axis + 2)
  const module = convModule('conv-transpose', settings, {
    outputShape: [channels, ...sides],
    kernels: [maps[0], channels, ...space.map(() => kernel)],
    // Each number of the output gathers about (kernel/stride)^d numbers of each map.
    fanIn: maps[0] * Math.max(1, kernel / stride) ** space.length,
    product: (x, kernels) =>
      spread(x, kernels, { strides: space.map(() => stride), padding: space.map(() => padding) }),
  })
  return {
    ...module,
    normalized(parameters) {
      const norms = sqrt(sum(square(parameters.kernel), [1, ...axes], true))
      return { ...parameters, kernel: div(parameters.kernel, maximum(norms, TINY)) }
    },
  }
}
