import { maxOver, mean, reshape, type Sym, slice, transpose } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { formatShape, sizeOf } from '../../tensor/tensor.js'
import type { Module } from '../module.js'
import { checkedCount } from '../regularizer.js'
import { checkInputs, joinFlat } from './inputs.js'

export interface PoolOptions {
  /** The maps that come in: [channels, height, width]. */
  readonly input: readonly number[]
  /** Side of the cells, which do not overlap. */
  readonly size: number
  /** What becomes of a cell: its largest number (`max`, the default) or its `mean`. */
  readonly how?: 'max' | 'mean'
}

/**
 * Maps [channels, height, width] pooled over cells of size×size: [channels, ⌊height/size⌋, ⌊width/size⌋]. What is left over at the end is
 * shared by both borders and in no cell. No parameters. Throws {@link ConfigurationError} where no cell fits.
 */
export function pool(options: PoolOptions): Module {
  const { input, how = 'max' } = options
  if (input.length !== 3 || !input.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ConfigurationError(`Pooling takes maps [channels, height, width]; got [${input.join(', ')}].`)
  }
  if (how !== 'max' && how !== 'mean') {
    throw new ConfigurationError(`Pooling takes the max or mean; got ${JSON.stringify(how)}.`)
  }
  const size = checkedCount('size', options.size)
  const [channels, height, width] = input
  const [down, across] = [Math.floor(height / size), Math.floor(width / size)]
  if (down < 1 || across < 1) {
    throw new ConfigurationError(
      `Cells of ${size}×${size} do not fit in maps of ${formatShape([height, width])}; pool over smaller ones.`,
    )
  }
  return {
    kind: 'pool',
    outputShape: [channels, down, across],
    init: () => ({}),
    shapes: () => ({}),
    apply(_, ...given) {
      checkInputs('pool', sizeOf(input), given)
      const maps = reshape(joinFlat(given), ['n', ...input])
      const within = middle(middle(maps, 2, down * size), 3, across * size)
      const best = how === 'max' ? maxOver : mean
      // A cell's rows first, with whole rows side by side: over short axes far apart ONNX Runtime takes three times as long.
      const lines = reshape(within, ['n', channels * down, size, across * size])
      const rows = best(transpose(lines, [2, 0, 1, 3]), 0)
      return best(reshape(rows, ['n', channels, down, across, size]), 4)
    },
    describe: () => ({ kind: 'pool', input: [...input], size, how }),
  }
}

/** The `size` numbers in the middle of an axis. */
function middle(x: Sym, axis: number, size: number): Sym {
  const from = Math.floor(((x.shape[axis] as number) - size) / 2) // only the batch is open
  return x.shape[axis] === size ? x : slice(x, { axis, from, to: from + size })
}
