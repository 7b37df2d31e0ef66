import { rng } from '../../src/tensor/random.js'
import { type Tensor, zeros } from '../../src/tensor/tensor.js'

/** Pictures of bars, upright, level and slanted, at random places on noise: three classes in turn. */
export function bars(
  count: number,
  side: number,
  seed: number,
  channels?: number,
): { observations: Tensor; labels: Uint8Array } {
  const random = rng(seed)
  const depth = channels ?? 1
  const observations = zeros([count, side, side, ...(channels === undefined ? [] : [channels])])
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3)
  for (let i = 0; i < count; i++) {
    const at = 2 + random.integer(side - 4)
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const on = [column === at, row === at, row + column === side - 1 + at - Math.floor(side / 2)][labels[i]]
        for (let c = 0; c < depth; c++) {
          observations.data[((i * side + row) * side + column) * depth + c] =
            (on ? 0.8 : 0.1) + 0.05 * random.uniform() * (c + 1)
        }
      }
    }
  }
  return { observations, labels }
}

/** The share of labels that were not predicted. */
export const shareWrong = (predicted: ArrayLike<number>, labels: ArrayLike<number>): number =>
  Array.from(predicted).filter((label, i) => label !== labels[i]).length / labels.length

/** A signal that fires soon after it has been asked so often. */
export function firesAfter(asked: number): AbortSignal {
  const stop = new AbortController()
  const { signal } = stop
  const real = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get!
  let count = 0
  const aborted = (): boolean => {
    if (++count === asked) queueMicrotask(() => stop.abort())
    return real.call(signal) as boolean // it is AbortSignal's own
  }
  Object.defineProperty(signal, 'aborted', { get: aborted })
  return signal
}

/** The bits of tensors by name. */
export const bitsOf = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.entries(tensors).map(([name, { shape, data }]) => [
    name,
    [...shape],
    [...new Uint32Array(data.buffer, data.byteOffset, data.length)],
  ])
