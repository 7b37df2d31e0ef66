import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'

/** Numbers of single or double precision. */
export type Reals = Float32Array | Float64Array

/** How one observation or atom is looked at as an image. */
export interface ImageShape {
  readonly height: number
  readonly width: number
  /** 1 (grey) or 3 (colour). */
  readonly channels: 1 | 3
}

/**
 * The image that an observation of `shape` is: [height, width], [height, width, 1 or 3], or [m] with m a perfect square.
 * `what` names it in messages. Throws {@link ShapeError} for any other shape and where a side is 0.
 */
export function imageShape(shape: readonly number[], what: string): ImageShape {
  const image = asImage(shape)
  if (image === undefined) {
    throw new ShapeError(
      `${what} of shape ${formatShape(shape)} cannot be drawn; give [height, width], [height, width, 3], or a vector whose length is a perfect square.`,
    )
  }
  if (image.height === 0 || image.width === 0) {
    throw new ShapeError(`${what} of shape ${formatShape(shape)} has no pixels to draw.`)
  }
  return image
}

function asImage(shape: readonly number[]): ImageShape | undefined {
  if (shape.length === 1) {
    const side = Math.round(Math.sqrt(shape[0]))
    return side * side === shape[0] ? { height: side, width: side, channels: 1 } : undefined
  }
  const [height, width, channels = 1] = shape
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) return undefined
  return { height, width, channels }
}

/** Throws {@link DataError} at the first NaN or infinity of a batch, and names its row as `what` and its number. */
export function requireFinite(batch: Tensor, what: string): void {
  const at = batch.data.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const width = batch.data.length / batch.shape[0]
  throw new DataError(
    `${what} ${Math.floor(at / width)} holds ${batch.data[at]} at element ${at % width}; only finite numbers can be drawn.`,
  )
}

/** The largest |value|, in double precision; 0 of nothing. */
export function largestMagnitude(values: Reals): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  return largest
}
