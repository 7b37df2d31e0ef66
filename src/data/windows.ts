import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { formatShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import { fromTensor, toTensor } from './fromTensor.js'
import type { Observations } from './observations.js'
import { indexedObservations } from './passes.js'

export interface WindowsOptions {
  /** Samples of a window. */
  readonly length: number
  /** Samples from the beginning of one window to that of the next; `length` by default, so that they do not overlap. */
  readonly hop?: number
}

/**
 * Windows [length] or [length, c] of signals [n, t] or [n, t, c], in the order of signals and time: they begin at 0, hop, 2 hop, …, and samples
 * at the end of a signal that fill no window are left out. The signals are held in memory, the windows are not.
 * Throws {@link ConfigurationError} for sizes that are no whole numbers of 1 or more, {@link ShapeError} where observations are no signals,
 * {@link DataError} where signals are shorter than a window.
 */
export async function windows(signals: Tensor | Observations, options: WindowsOptions): Promise<Observations> {
  const { length, hop = length } = checkOptions('windows', options, { length: true, hop: true })
  for (const [name, size] of Object.entries({ length, hop })) {
    if (Number.isInteger(size) && size >= 1) continue
    throw new ConfigurationError(`Windows need a ${name} of whole samples, 1 or more; got ${size}.`)
  }
  const source = 'batches' in signals ? signals : fromTensor(signals)
  if (source.shape.length > 2) {
    throw new ShapeError(
      `Windows are cut out of signals [length] or [length, channels]; ${source.name} holds observations of ${formatShape(source.shape)}.`,
    )
  }
  const [total, ...channels] = source.shape
  if (total < length) {
    throw new DataError(`${source.name} holds signals of ${total} samples; windows of ${length} do not fit into them.`)
  }
  const { shape, data } = await toTensor(source)
  const each = Math.floor((total - length) / hop) + 1
  const step = sizeOf(channels)
  const width = length * step
  return indexedObservations({
    name: `${source.name}, windows of ${length}`,
    shape: [length, ...channels],
    count: shape[0] * each,
    checked: true,
    open: async () => ({
      async take(indices, room = new Float32Array(indices.length * width)) {
        for (const [place, index] of indices.entries()) {
          const begin = (Math.floor(index / each) * total + (index % each) * hop) * step
          room.set(data.subarray(begin, begin + width), place * width)
        }
        return room
      },
      close: async () => {},
    }),
  })
}
