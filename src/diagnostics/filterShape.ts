import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { centreSurroundFit } from './centreSurroundFit.js'
import { type GaborFit, gaborFit } from './gaborFit.js'

/** What a filter looks like. */
export type FilterName = 'edge' | 'grating' | 'centre-surround' | 'odd' | 'dead'

/** A filter's name and what it goes by. */
export interface FilterShape {
  readonly name: FilterName
  /** R² of the fit that the name goes by; for `odd` of the better of the two. */
  readonly r2: number
  readonly gabor: GaborFit
  /** R² of the difference of Gaussians. */
  readonly centreSurround: number
  /** For edges and gratings the direction of the stripes, in [0, π). */
  readonly orientation: number
  /** Of an edge: whether it is odd (a step from dark to bright) or even (a line), by its phase, in (−π, π]. */
  readonly phase: number
}

/** A fit of a lower R² names nothing. */
const GOOD = 0.6
/** Cycles within the envelope's full width at half its height from which on a Gabor function is a grating. */
const GRATING_CYCLES = 1.5
/** How much better than a Gabor function a difference of Gaussians must fit, for it has fewer parameters and wins ties. */
const MARGIN = 0.02

/**
 * Names a filter [h, w] by fitting a Gabor function and a difference of Gaussians round one middle: `centre-surround` where the second is no
 * worse by more than 0.02 in R², else `grating` where the Gabor function has 1.5 cycles or more within its envelope's full width at half its
 * height, or else `edge` (a line, where it is even); `odd` where neither reaches an R² of 0.6, `dead` where all numbers are 0. Throws
 * {@link ShapeError} unless the filter is [h, w], {@link DataError} where it is not finite.
 */
export function filterShape(filter: Tensor): FilterShape {
  if (filter.shape.length !== 2) {
    throw new ShapeError(
      `A filter is named by its picture [height, width]; got ${formatShape(filter.shape)}. Make colour filters grey first, for example by the mean over channels.`,
    )
  }
  if (!filter.data.every(Number.isFinite)) throw new DataError('A filter of NaN or infinite numbers has no shape.')
  const gabor = gaborFit(filter)
  const centreSurround = centreSurroundFit(filter).r2
  const common = { gabor, centreSurround, orientation: gabor.orientation, phase: gabor.phase }
  if (filter.data.every((value) => value === 0)) return { ...common, name: 'dead', r2: 0 }
  const best = Math.max(gabor.r2, centreSurround)
  if (best < GOOD) return { ...common, name: 'odd', r2: best }
  if (centreSurround >= gabor.r2 - MARGIN) return { ...common, name: 'centre-surround', r2: centreSurround }
  const width = 2 * Math.sqrt(2 * Math.LN2) * gabor.sigmas[1]
  const cycles = gabor.frequency * Math.min(width, Math.max(...filter.shape))
  return { ...common, name: cycles >= GRATING_CYCLES ? 'grating' : 'edge', r2: gabor.r2 }
}

/** The filters of [k, h, w], named one by one. */
export function filterShapes(filters: Tensor): FilterShape[] {
  const [count, height, width] = filters.shape
  if (filters.shape.length !== 3) {
    throw new ShapeError(`Filters are named by their pictures [k, height, width]; got ${formatShape(filters.shape)}.`)
  }
  const size = height * width
  return Array.from({ length: count }, (_, i) =>
    filterShape({ shape: [height, width], data: filters.data.subarray(i * size, (i + 1) * size) }),
  )
}
