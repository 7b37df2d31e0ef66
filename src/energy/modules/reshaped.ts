import { reshape, transpose } from '../../graph/index.js'
import { ShapeError } from '../../tensor/errors.js'
import { formatShape, sizeOf } from '../../tensor/tensor.js'
import type { Module } from '../module.js'
import { checkInputs, joinFlat } from './inputs.js'

/** The same numbers in another shape: [1, 28, 28] as [28, 28]. Throws ShapeError unless both hold as many. */
export function reshaped(options: { readonly input: readonly number[]; readonly output: readonly number[] }): Module {
  const { input, output } = options
  const size = sizeOf(input)
  if (size !== sizeOf(output)) {
    throw new ShapeError(`${formatShape(input)} numbers cannot be given the shape ${formatShape(output)}.`)
  }
  return {
    kind: 'reshaped',
    outputShape: [...output],
    init: () => ({}),
    shapes: () => ({}),
    apply(_, ...given) {
      checkInputs('reshaped', size, given)
      return reshape(joinFlat(given), ['n', ...output])
    },
    describe: () => ({ kind: 'reshaped', input: [...input], output: [...output] }),
  }
}

/** Pictures [height, width, channels] as maps [channels, height, width], which convolutions take. */
export function channelsFirst(picture: readonly [height: number, width: number, channels: number]): Module {
  const [height, width, channels] = picture
  return {
    kind: 'channels-first',
    outputShape: [channels, height, width],
    init: () => ({}),
    shapes: () => ({}),
    apply(_, ...given) {
      checkInputs('channels-first', height * width * channels, given)
      return transpose(reshape(joinFlat(given), ['n', height, width, channels]), [0, 3, 1, 2])
    },
    describe: () => ({ kind: 'channels-first', picture: [...picture] }),
  }
}

/** Maps [channels, height, width] as pictures [height, width, channels]. */
export function channelsLast(maps: readonly [channels: number, height: number, width: number]): Module {
  const [channels, height, width] = maps
  return {
    kind: 'channels-last',
    outputShape: [height, width, channels],
    init: () => ({}),
    shapes: () => ({}),
    apply(_, ...given) {
      checkInputs('channels-last', height * width * channels, given)
      return transpose(reshape(joinFlat(given), ['n', channels, height, width]), [0, 2, 3, 1])
    },
    describe: () => ({ kind: 'channels-last', maps: [...maps] }),
  }
}
