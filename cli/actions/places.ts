import { type Images, patchGrid } from '../../src/index.js'
import { watchedImages } from './watchedImages.js'

/** What an observation is a picture of: an image, or the patch of it whose first pixel stands in that row and column. */
export interface Place {
  readonly image: string
  readonly row?: number
  readonly column?: number
}

/**
 * Images watched as they are read, so that the place of each patch is known by the time it is coded: patches come image
 * after image, as `gridPatches` cuts them. `place` must be asked for one patch after another from the first one.
 */
export function patchPlaces(
  images: Images,
  size: readonly [height: number, width: number],
): { images: Images; place(): Required<Place> } {
  const shapes = new Map<number, readonly number[]>()
  let image = -1
  let patch = 0
  let grid: ReturnType<typeof patchGrid> | undefined
  return {
    images: watchedImages(images, (index, { shape }) => shapes.set(index, shape)),
    place() {
      if (grid === undefined || patch === grid.count) {
        grid = patchGrid(shapes.get(++image)!, { size }) // it is read before its patches are coded
        patch = 0
      }
      const { rows, columns } = grid
      const row = rows[Math.floor(patch / columns.length)]
      const column = columns[patch++ % columns.length]
      return { image: images.label(image), row, column }
    },
  }
}
