import { CancelledError, ConfigurationError, DataError } from '../tensor/errors.js'
import { rng } from '../tensor/random.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import type { Observations, Pass } from './observations.js'
import { permutation } from './permutation.js'

/** Observations that can be fetched in any order. */
export interface IndexedSource {
  readonly name: string
  readonly shape: readonly number[]
  readonly count: number
  /** Begins a pass; `take` gives the rows of the given numbers, in their order, in memory of their own or in `room`, which holds them. */
  open(): Promise<{ take(indices: Float64Array, room?: Float32Array): Promise<Float32Array>; close(): Promise<void> }>
  /** Bytes of rows fetched at once, so that reads from a disk can be sorted. One batch by default. */
  readonly window?: number
  /** Whether all numbers are known to be finite. */
  readonly checked?: boolean
  /** Whether observations are signals [t] or [t, c]: what is missing is then called a gap. */
  readonly signals?: boolean
}

/** Observations that only come one after another. */
export interface SequentialSource {
  readonly name: string
  readonly shape: readonly number[]
  readonly count: number | undefined
  /** All rows in the stored order, any number of whole rows at a time. */
  scan(signal: AbortSignal | undefined): AsyncIterable<Float32Array>
  /** Bytes of rows among which a shuffled pass draws. 32 MiB by default. */
  readonly buffer?: number
  /** Whether observations are signals. */
  readonly signals?: boolean
}

interface CheckedPass {
  readonly batchSize: number
  readonly seed: number | undefined
  readonly epoch: number
  readonly skip: number
  readonly reuse: boolean
  readonly signal: AbortSignal | undefined
}

/** Fills in a pass. Throws {@link ConfigurationError} where a number is out of range. */
export function checkPass(pass: Pass): CheckedPass {
  const { batchSize, seed, epoch = 0, skip = 0, reuse = false, signal } = pass
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ConfigurationError(`A batch holds a whole number of observations, 1 or more; got ${batchSize}.`)
  }
  if (!Number.isInteger(skip) || skip < 0) {
    throw new ConfigurationError(`The batches to skip are a whole number, 0 or more; got ${skip}.`)
  }
  rng(seed ?? 0, epoch)
  return { batchSize, seed, epoch, skip, reuse, signal }
}

/** Throws {@link CancelledError} once the signal has been raised. */
export function checkCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new CancelledError(`Reading ${what} was cancelled.`)
}

/** Where numbers come from: which signal a row is, and the shape of one. */
export interface SignalRows {
  readonly shape: readonly number[]
  /** The number of the signal of a row; undefined where rows were shuffled on the way. */
  row(position: number): number | undefined
}

/** Throws {@link DataError} at the first number that is NaN or infinite; in `signals` it names the signal and its gap. */
export function checkFinite(data: Float32Array, name: string, signals?: SignalRows): void {
  for (let i = 0; i < data.length; i++) {
    // Subtracting a number from itself gives 0, unless it is NaN or infinite.
    if (data[i] - data[i] === 0) continue
    if (signals !== undefined && Number.isNaN(data[i])) throw new DataError(`${name} ${gapAt(data, i, signals)}`)
    throw new DataError(
      Number.isNaN(data[i])
        ? `${name} holds NaN. Remove or replace such values before use; what is missing may be 0 under a mask, which sparse coding and convolutional sparse coding take.`
        : `${name} holds an infinite number, or one too large for single precision. Remove or replace such values before use.`,
    )
  }
}

/** "holds a gap …": the samples of a signal that are NaN, from the first on. */
function gapAt(data: Float32Array, at: number, { shape, row }: SignalRows): string {
  const [length, channels = 1] = shape
  const sampleAt = (i: number) => Math.floor(i / channels) % length
  const signal = Math.floor(at / (length * channels))
  const first = sampleAt(at)
  let last = first
  const isMissing = (sample: number) => {
    const begin = (signal * length + sample) * channels
    return data.subarray(begin, begin + channels).some(Number.isNaN)
  }
  while (last + 1 < length && isMissing(last + 1)) last++
  const number = row(signal)
  const where = first === last ? `sample ${first} is NaN` : `samples ${first} to ${last} are NaN`
  return (
    `has a gap in ${number === undefined ? 'one of its signals' : `signal ${number}`}: ${where} (counted from 0). ` +
    'Put any finite numbers there and give a mask that is 0 in the gap and 1 elsewhere, or cut the gap out.'
  )
}

/** Throws {@link DataError} unless there is at least one observation, with at least one number in it. */
export function checkSomething(name: string, shape: readonly number[], count: number | undefined): void {
  if (count === 0) throw new DataError(`${name} holds no observations. At least one is needed.`)
  if (sizeOf(shape) === 0) throw new DataError(`The observations of ${name} are empty (shape ${shape.join('×')}).`)
}

/** Observations from rows that can be fetched in any order: a shuffled pass is a uniformly random order. */
export function indexedObservations(source: IndexedSource): Observations {
  const { name, shape, count } = source
  checkSomething(name, shape, count)
  const width = sizeOf(shape)

  async function* batches(pass: Pass): AsyncGenerator<Tensor> {
    const { batchSize, seed, epoch, skip, reuse, signal } = checkPass(pass)
    const order = seed === undefined ? (position: number) => position : permutation(count, seed, epoch)
    const window = batchSize * Math.max(1, Math.floor((source.window ?? 0) / (4 * width * batchSize)))
    checkCancelled(signal, name)
    if (skip * batchSize >= count) return
    const rows = await source.open()
    const places = new Float64Array(Math.min(window, count - skip * batchSize))
    let room: Float32Array | undefined
    try {
      for (let begin = skip * batchSize; begin < count; begin += window) {
        const indices = places.subarray(0, count - begin)
        for (let i = 0; i < indices.length; i++) indices[i] = order(begin + i)
        const data = await rows.take(indices, room?.subarray(0, indices.length * width))
        if (reuse) room = data
        if (!source.checked) checkFinite(data, name, source.signals ? { shape, row: (i) => indices[i] } : undefined)
        for (let at = 0; at < indices.length; at += batchSize) {
          checkCancelled(signal, name)
          const size = Math.min(batchSize, indices.length - at)
          yield { shape: [size, ...shape], data: data.subarray(at * width, (at + size) * width) }
        }
      }
    } finally {
      await rows.close()
    }
  }
  return { name, shape: [...shape], count, batches }
}

/**
 * Observations from rows that only come in their stored order. A shuffled pass draws each row at random from a buffer
 * of those that came before it; a pass continued at a later batch reads the rows before it again.
 */
export function sequentialObservations(source: SequentialSource): Observations {
  const { name, shape, count } = source
  checkSomething(name, shape, count)
  const width = sizeOf(shape)
  const room = Math.max(1, Math.floor((source.buffer ?? 1 << 25) / (4 * width)))

  async function* batches(pass: Pass): AsyncGenerator<Tensor> {
    const { batchSize, seed, epoch, skip, signal } = checkPass(pass)
    checkCancelled(signal, name)
    const scanned = source.scan(signal)
    const rows = seed === undefined ? scanned : shuffled(scanned, width, room, seed, epoch)
    let left = skip * batchSize
    let seen = 0
    let filled = 0
    // Memory follows the rows that arrive, not the size of batch that was asked for.
    let pieces: Float32Array[] = []
    const batch = (): Tensor => {
      const data = new Float32Array(filled * width)
      let at = 0
      for (const piece of pieces) {
        data.set(piece, at)
        at += piece.length
      }
      pieces = []
      filled = 0
      return { shape: [data.length / width, ...shape], data }
    }
    for await (const piece of rows) {
      checkCancelled(signal, name)
      const before = seen
      const stored = { shape, row: (i: number) => (seed === undefined ? before + i : undefined) }
      checkFinite(piece, name, source.signals ? stored : undefined)
      const total = piece.length / width
      seen += total
      const passed = Math.min(left, total)
      left -= passed
      for (let row = passed; row < total; ) {
        const size = Math.min(batchSize - filled, total - row)
        pieces.push(piece.subarray(row * width, (row + size) * width))
        filled += size
        row += size
        if (filled < batchSize) continue
        checkCancelled(signal, name)
        yield batch()
      }
    }
    if (seen === 0) checkSomething(name, shape, 0)
    if (filled > 0) yield batch()
  }
  return { name, shape: [...shape], count, batches }
}

/** Rows drawn from a buffer of `room` rows: each arrival takes the place of a random one, which goes out. */
async function* shuffled(
  stored: AsyncIterable<Float32Array>,
  width: number,
  room: number,
  seed: number,
  epoch: number,
): AsyncGenerator<Float32Array> {
  const random = rng(seed, epoch)
  const buffer: Float32Array[] = []
  for await (const piece of stored) {
    const out = new Float32Array(piece.length)
    let at = 0
    for (let begin = 0; begin < piece.length; begin += width) {
      const row = piece.slice(begin, begin + width)
      if (buffer.length < room) {
        buffer.push(row)
        continue
      }
      const slot = random.integer(room)
      out.set(buffer[slot], at)
      at += width
      buffer[slot] = row
    }
    if (at > 0) yield out.subarray(0, at)
  }
  for (let last = buffer.length; last > 0; last--) {
    const slot = random.integer(last)
    yield buffer[slot]
    buffer[slot] = buffer[last - 1]
  }
}
