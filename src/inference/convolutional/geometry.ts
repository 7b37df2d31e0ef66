import { ConfigurationError, ShapeError } from '../../tensor/errors.js'
import { described, formatShape } from '../../tensor/tensor.js'

/**
 * What happens at the border of an observation of size h under kernels of size k:
 * `valid`: kernels lie wholly inside, h − k + 1 positions; `same`: h positions, the kernel's corner ⌊(k − 1)/2⌋ before its
 * position, what falls outside cut off; `circular`: h positions, the kernel's corner at its position, what passes the end
 * goes on at the beginning.
 */
export type Boundary = 'valid' | 'same' | 'circular'

export const boundaries: readonly Boundary[] = ['valid', 'same', 'circular']

/** The number of axes along which kernels move: 1 for signals, 2 for images. */
export type Spatial = 1 | 2

/** The sizes of kernels; signals are images of one row. */
export interface KernelGeometry {
  readonly spatial: Spatial
  readonly count: number
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Whether kernels have an axis of channels, if only one. */
  readonly channelled: boolean
}

/** Where maps, canvas and observation lie over each other. A coefficient at (y, x) of a map writes to rows y … y + kh − 1 of the canvas. */
export interface Geometry {
  readonly kernels: KernelGeometry
  readonly boundary: Boundary
  /** The observation. */
  readonly height: number
  readonly width: number
  /** The maps. */
  readonly mapHeight: number
  readonly mapWidth: number
  /** The plane in which kernels lie whole: the observation and, around it or after it, what only kernels reach. */
  readonly canvasHeight: number
  readonly canvasWidth: number
  /** The observation's corner in the canvas. */
  readonly top: number
  readonly left: number
}

/** The geometry of kernels [m, kh, kw], [m, kh, kw, c], [m, kt] or [m, kt, c]. Throws {@link ShapeError} for other shapes. */
export function kernelGeometry(shape: readonly number[], spatial: Spatial): KernelGeometry {
  if (spatial !== 1 && spatial !== 2) {
    throw new ConfigurationError(`spatial must be 1 (signals) or 2 (images); got ${spatial}.`)
  }
  const axes = shape.length - 1 - spatial
  if ((axes !== 0 && axes !== 1) || shape.some((size) => !(Number.isInteger(size) && size >= 1))) {
    throw new ShapeError(
      `Kernels must be ${spatial === 1 ? '[m, length] or [m, length, channels]' : '[m, height, width] or [m, height, width, channels]'}, no size 0; got ${formatShape(shape)}.`,
    )
  }
  const [count] = shape
  const [height, width] = spatial === 1 ? [1, shape[1]] : [shape[1], shape[2]]
  return { spatial, count, height, width, channels: axes === 1 ? shape[shape.length - 1] : 1, channelled: axes === 1 }
}

/**
 * How kernels lie over an observation of `shape`. Throws {@link ShapeError} where the observation is no image (or signal) of the
 * kernels' channels, or smaller than a kernel.
 */
export function geometry(kernels: KernelGeometry, boundary: Boundary, shape: readonly number[]): Geometry {
  if (!boundaries.includes(boundary)) {
    throw new ConfigurationError(`boundary must be one of ${boundaries.join(', ')}; got ${boundary}.`)
  }
  const { spatial, channels } = kernels
  if (!Array.isArray(shape)) {
    throw new ConfigurationError(
      `The shape of an observation is a list of sizes, [${spatial === 1 ? 'length' : 'height, width'}]; got ${described(shape)}.`,
    )
  }
  const noun = spatial === 1 ? 'signal' : 'image'
  const axes = shape.length - spatial
  if (axes !== 0 && axes !== 1) {
    throw new ShapeError(
      `The kernels are for ${spatial === 1 ? 'signals [length] or [length, channels]' : 'images [height, width] or [height, width, channels]'}; got the shape ${formatShape(shape)}.`,
    )
  }
  const given = axes === 1 ? shape[shape.length - 1] : 1
  if (given !== channels) {
    throw new ShapeError(
      `The ${noun} has ${given} ${given === 1 ? 'channel' : 'channels'}, the kernels have ${channels}; give ${noun}s with as many channels as the kernels were made for.`,
    )
  }
  const [height, width] = spatial === 1 ? [1, shape[0]] : [shape[0], shape[1]]
  if (height < kernels.height || width < kernels.width) {
    const size = spatial === 1 ? `${kernels.width}` : `${kernels.height}×${kernels.width}`
    throw new ShapeError(
      `Kernels of ${size} do not fit into ${spatial === 1 ? 'a signal of' : 'an image of'} ${spatial === 1 ? width : `${height}×${width}`}; give ${spatial === 1 ? 'longer signals' : 'larger images'} or smaller kernels.`,
    )
  }
  const marginY = kernels.height - 1
  const marginX = kernels.width - 1
  const valid = boundary === 'valid'
  return {
    kernels,
    boundary,
    height,
    width,
    mapHeight: valid ? height - marginY : height,
    mapWidth: valid ? width - marginX : width,
    canvasHeight: valid ? height : height + marginY,
    canvasWidth: valid ? width : width + marginX,
    top: boundary === 'same' ? marginY >> 1 : 0,
    left: boundary === 'same' ? marginX >> 1 : 0,
  }
}

/** [m, h′, w′], or [m, t′] for signals. */
export function mapShape({ kernels, mapHeight, mapWidth }: Geometry): readonly number[] {
  return kernels.spatial === 1 ? [kernels.count, mapWidth] : [kernels.count, mapHeight, mapWidth]
}

/** The number of coefficients of all maps. Throws {@link ShapeError} where an index could not count them. */
export function codeSize(geometry: Geometry): number {
  const size = geometry.kernels.count * geometry.mapHeight * geometry.mapWidth
  if (size > 0x7fffffff) {
    throw new ShapeError(
      `${geometry.kernels.count} maps of ${geometry.mapHeight}×${geometry.mapWidth} are more coefficients than an index of 31 bits counts; cut the observation into parts, or use fewer kernels.`,
    )
  }
  return size
}
