import { add, conv as convolve, reshape, type Sym } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { sizeOf } from '../../tensor/tensor.js'
import type { Module } from '../module.js'
import { checkedCount } from '../regularizer.js'
import { type Activation, activate, checkedActivation, gainOf } from './activation.js'
import { checkedSize, checkInputs, filled, joinFlat, normalTensor } from './inputs.js'

export interface ConvOptions {
  /** The shape that comes in: [height, width] for one channel, else [channels, height, width]. */
  readonly input: readonly number[]
  /** Channels of the output, one kernel each. */
  readonly channels: number
  /** Side of the kernels. */
  readonly kernel: number
  /** Pixels from one place of the kernel to the next; 1 by default. */
  readonly stride?: number
  /** Zeros put around the input; 0 by default. */
  readonly padding?: number
  readonly bias?: boolean
  /** `identity` by default. */
  readonly activation?: Activation
}

/** A convolution's settings, checked, with the map that comes in as [channels, …space]. */
export interface ConvSettings {
  readonly input: readonly number[]
  readonly maps: readonly number[]
  readonly channels: number
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  readonly bias: boolean
  readonly activation: Activation
}

/**
 * a(K ∗ x + b), the convolution (as networks mean it: correlation) of maps with kernels. Parameters: `kernel` [channels out,
 * channels in, …side], `bias` [channels out]. Output: [channels, …], each side ⌊(size + 2·padding − kernel)/stride⌋ + 1. Throws
 * ConfigurationError where the kernel does not fit in its input.
 */
export function conv(options: ConvOptions): Module {
  const settings = convSettings(options)
  const { maps, channels, kernel, stride, padding } = settings
  const space = maps.slice(1)
  const sides = space.map((size) => Math.floor((size + 2 * padding - kernel) / stride) + 1)
  if (sides.some((side) => side < 1)) {
    throw new ConfigurationError(
      `A kernel of side ${kernel} does not fit in ${space.join('×')} with padding ${padding}; take a smaller kernel or more padding.`,
    )
  }
  return convModule('conv', settings, {
    outputShape: [channels, ...sides],
    kernels: [channels, maps[0], ...space.map(() => kernel)],
    fanIn: maps[0] * kernel ** space.length,
    product: (x, kernels) =>
      convolve(x, kernels, { strides: space.map(() => stride), padding: space.map(() => padding) }),
  })
}

/** The module of either direction: the product of maps [n, …maps] with kernels, a bias a channel, and the activation. */
export function convModule(
  kind: string,
  settings: ConvSettings,
  made: {
    outputShape: readonly number[]
    kernels: readonly number[]
    /** Numbers that one of the output gathers. */
    fanIn: number
    product(x: Sym, kernels: Sym): Sym
  },
): Module {
  const { input, maps, channels, bias, activation } = settings
  const { outputShape, kernels, fanIn } = made
  const shapes = checkedSize(kind, { kernel: kernels, ...(bias ? { bias: [channels] } : {}) })
  return {
    kind,
    outputShape,
    shapes: () => shapes,
    init: (random) => ({
      kernel: normalTensor(random, kernels, gainOf(activation) / Math.sqrt(fanIn)),
      ...(bias ? { bias: filled([channels], 0) } : {}),
    }),
    apply(parameters, ...given) {
      checkInputs(kind, sizeOf(input), given)
      const result = made.product(reshape(joinFlat(given), ['n', ...maps]), parameters.kernel)
      const ones = maps.slice(1).map(() => 1)
      return activate(activation, bias ? add(result, reshape(parameters.bias, [channels, ...ones])) : result)
    },
    describe: () => ({ kind, ...convConfig(settings) }),
  }
}

/** Checks what both convolutions take. Throws {@link ConfigurationError}. */
export function convSettings(options: ConvOptions): ConvSettings {
  const { input, stride = 1, padding = 0, bias = true } = options
  if (input.length < 2 || input.length > 3 || !input.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ConfigurationError(
      `The input of a convolution must be [height, width] or [channels, height, width]; got [${input.join(', ')}].`,
    )
  }
  if (!(Number.isInteger(padding) && padding >= 0)) {
    throw new ConfigurationError(`padding must be a whole number, 0 or more; got ${padding}.`)
  }
  return {
    input: [...input],
    maps: input.length === 2 ? [1, ...input] : [...input],
    channels: checkedCount('channels', options.channels),
    kernel: checkedCount('kernel', options.kernel),
    stride: checkedCount('stride', stride),
    padding,
    bias,
    activation: checkedActivation(options.activation),
  }
}

/** The settings as a description holds them. */
function convConfig({ maps: _, ...settings }: ConvSettings): Omit<ConvSettings, 'maps'> {
  return settings
}
