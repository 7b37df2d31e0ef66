import { formatShape, type Picture, ShapeError, type Tensor } from '../../src/index.js'

/** How numbers become greys: `unit` takes 0 to 1 for black to white; `each` scales ±max of a picture, zero being mid-grey. */
export type Scaling = 'unit' | 'each'

/** Height, width and channels of an observation that is a picture, perhaps stored as a vector. */
function pictureShape(shape: readonly number[]): readonly [number, number, 1 | 3] | undefined {
  const [height, width, channels = 1] = shape
  if (shape.length === 1) {
    const side = Math.round(Math.sqrt(height))
    return side * side === height ? [side, side, 1] : undefined
  }
  if (shape.length > 3 || (channels !== 1 && channels !== 3)) return undefined
  return [height, width, channels]
}

/** Whether observations of this shape are pictures, perhaps stored as vectors. */
export const isPictureShape = (shape: readonly number[]): boolean => pictureShape(shape) !== undefined

/**
 * An observation as a picture, with the number of values that lay outside 0 to 1 by more than rounding. Throws
 * ShapeError where its shape is not that of a picture.
 */
export function asPicture({ shape, data }: Tensor, scaling: Scaling): { picture: Picture; outside: number } {
  const sizes = pictureShape(shape)
  if (sizes === undefined) {
    throw new ShapeError(
      `Observations of ${formatShape(shape)} are no pictures; give --out a name that ends in .npy to get the numbers.`,
    )
  }
  const [height, width, channels] = sizes
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const pixels = new Uint8Array(data.length)
  let outside = 0
  for (let i = 0; i < data.length; i++) {
    const level = scaling === 'unit' ? 255 * data[i] : 128 + (largest === 0 ? 0 : (127 * data[i]) / largest)
    pixels[i] = Math.max(0, Math.min(255, Math.round(level)))
    if (level < -0.5 || level > 255.5) outside++
  }
  return { picture: { width, height, channels, pixels }, outside }
}
