import type { Tensor } from '../tensor/tensor.js'

/** How to walk through observations once. */
export interface Pass {
  /** Observations a batch; the last batch may be smaller. */
  readonly batchSize: number
  /** Shuffles with this seed; without it the stored order. */
  readonly seed?: number
  /** Which pass: another epoch is another order (and, for random patches, other patches). 0 by default. */
  readonly epoch?: number
  /** Batches to leave out at the start: a pass continued at batch b gives exactly what the whole pass gave from b on. */
  readonly skip?: number
  /** Lets each batch lie in the memory of the one before, for whoever is done with a batch when asking for the next. */
  readonly reuse?: boolean
  readonly signal?: AbortSignal
}

/**
 * Where y comes from: observations of one shape, delivered in batches [n, …shape]. A source is never held in memory
 * whole unless it came that way. Batches are finite numbers: a source throws DataError at the first NaN or infinity.
 */
export interface Observations {
  /** What a person calls it: "digits", "photographs 16×16", a file's name. */
  readonly name: string
  /** The shape of one observation: [28, 28], [16, 16, 3], [m]. */
  readonly shape: readonly number[]
  /** Observations in one pass; undefined where only reading tells (standard input). */
  readonly count: number | undefined
  batches(pass: Pass): AsyncIterable<Tensor>
}

/** A picture source: images of any sizes, one at a time, so that a collection larger than memory can be walked through. */
export interface Images {
  readonly name: string
  readonly count: number
  /** 1 (grey) or 3 (colour). */
  readonly channels: 1 | 3
  /** Image `index` as [height, width] or [height, width, 3], in [0, 1]. */
  image(index: number): Promise<Tensor>
  /** What a person calls image `index`: its file name. */
  label(index: number): string
}
