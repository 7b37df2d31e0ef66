import { ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { type GaborFit, gaborFit } from './gaborFit.js'
import { type Quartiles, quartiles } from './quartiles.js'

/** A fit with an R² above this counts as a Gabor function. */
export const GOOD_FIT = 0.7

export interface GaborStatistics {
  /** One an atom, in their order. */
  readonly fits: readonly GaborFit[]
  readonly medianR2: number
  /** The share of atoms with R² above 0.7, in [0, 1]. */
  readonly shareAbove07: number
  /** Of the atoms with R² above 0.7: how many lie in each eighth of [0, π), the first centred on 0 (horizontal stripes). */
  readonly orientationBins: readonly number[]
  /** Octaves, over the atoms with R² above 0.7; those that reach down to frequency 0 count as infinite. */
  readonly bandwidth: Quartiles
  /** Over the atoms with R² above 0.7. */
  readonly aspectRatio: Quartiles
}

/**
 * How much like Gabor functions the atoms [k, h, w] of a dictionary are. Statistics over no atoms are 0.
 * Throws {@link ShapeError} for atoms of another shape (colour), DataError where they are not finite.
 */
export function gaborStatistics(atoms: Tensor): GaborStatistics {
  if (atoms.shape.length !== 3) {
    throw new ShapeError(`Gabor statistics need grey atoms [k, height, width]; got ${formatShape(atoms.shape)}.`)
  }
  const [count, height, width] = atoms.shape
  const size = height * width
  const fits = Array.from({ length: count }, (_, i) =>
    gaborFit({ shape: [height, width], data: atoms.data.subarray(i * size, (i + 1) * size) }),
  )
  const good = fits.filter((fit) => fit.r2 > GOOD_FIT)
  const orientationBins = new Array<number>(8).fill(0)
  for (const { orientation } of good) orientationBins[Math.round((8 * orientation) / Math.PI) % 8]++
  return {
    fits,
    medianR2: quartiles(fits.map((fit) => fit.r2)).median,
    shareAbove07: count === 0 ? 0 : good.length / count,
    orientationBins,
    bandwidth: quartiles(good.map((fit) => fit.bandwidthOctaves)),
    aspectRatio: quartiles(good.map((fit) => fit.aspectRatio)),
  }
}
